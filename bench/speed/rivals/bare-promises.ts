/** Nobody cancels, bounds or queues anything: what the language alone costs. */
import type { LoopRival } from '../rival.ts'

const ready = Promise.resolve()

const rival: LoopRival = {
  join: (fn, children) => Promise.all(Array.from({ length: children }, () => fn())),
  async pass(items) {
    let sum = 0
    for (let item = 0; item < items; item += 1) {
      await ready
      sum += await item
    }
    return sum
  },
}
export default rival
