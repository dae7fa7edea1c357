import { scope } from 'atonce'
import type { LoopRival } from '../rival.ts'

const rival: LoopRival = {
  join: (fn, children) =>
    scope(async s => {
      for (const child of Array.from({ length: children }, () => s.spawn(fn))) await child
    }),
}
export default rival
