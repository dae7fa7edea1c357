import { Channel, coroutines, Limiter, scope, type Task, task } from 'atonce'
import { same } from '../loop-work.ts'
import type { LoopRival } from '../rival.ts'

const sameTask: Task<typeof same> = task(import.meta, same)

const rival: LoopRival = {
  limit(fn, calls, concurrency) {
    const limiter = new Limiter(concurrency)
    return Promise.all(Array.from({ length: calls }, () => limiter.run(fn)))
  },
  async map(inputs, concurrency) {
    await using pool = coroutines({ concurrency })
    return await pool.map(sameTask, inputs)
  },
  join: (fn, children) =>
    scope(s => {
      for (let started = 0; started < children; started += 1) s.spawn(fn)
    }),
  async pass(items, capacity) {
    const channel = new Channel<number>(capacity)
    const receive = async (): Promise<number> => {
      let sum = 0
      for await (const item of channel) sum += item
      return sum
    }
    const receiving = receive()
    for (let item = 0; item < items; item += 1) await channel.send(item)
    channel.close()
    return receiving
  },
  /** The gallery's, with the sources that it imports. */
  async crawl(start, place, perHost) {
    const { crawlAsFound } = await import('../../../gallery/crawler/crawl-as-found.ts')
    const atonce = await import('../../../src/index.ts')
    await using pool = atonce.coroutines()
    return (await crawlAsFound(start, place, perHost, pool)).findings
  },
}
export default rival
