import pMap from 'p-map'
import { same } from '../loop-work.ts'
import type { LoopRival } from '../rival.ts'

const rival: LoopRival = {
  map: (inputs, concurrency) => pMap(inputs, same, { concurrency }),
}
export default rival
