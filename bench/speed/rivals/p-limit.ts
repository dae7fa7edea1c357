import pLimit from 'p-limit'
import type { LoopRival } from '../rival.ts'

const rival: LoopRival = {
  limit(fn, calls, concurrency) {
    const limit = pLimit(concurrency)
    return Promise.all(Array.from({ length: calls }, () => limit(fn)))
  },
  async crawl(start, place, perHost) {
    const { crawl } = await import('./p-limit-crawler.ts')
    return crawl(start, place, perHost)
  },
}
export default rival
