import { Limiter } from 'atonce'
import { same } from '../loop-work.ts'
import type { LoopRival } from '../rival.ts'

const rival: LoopRival = {
  map: (inputs, concurrency) => new Limiter(concurrency).map(inputs, same),
}
export default rival
