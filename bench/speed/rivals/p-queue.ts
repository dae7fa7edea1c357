import PQueue from 'p-queue'
import type { LoopRival } from '../rival.ts'

const rival: LoopRival = {
  limit(fn, calls, concurrency) {
    const queue = new PQueue({ concurrency })
    return Promise.all(Array.from({ length: calls }, () => queue.add(fn)))
  },
}
export default rival
