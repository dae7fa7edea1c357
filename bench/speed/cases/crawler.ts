import { randomUUID } from 'node:crypto'
import type { LoopCase } from '../case.ts'
import { repeat } from '../repeat.ts'

/**
 * A whole program that waits: the gallery's crawler, beside one by hand that does the same work.
 */
export const crawler: LoopCase = crawl('crawler', 'L', 'delays of 5 to 50 ms')

/**
 * The same where there is hardly anything to wait for, so that what is around the requests shows.
 */
export const crawlerAtOnce: LoopCase = crawl('crawler-at-once', 'M', 'delays of 0.5 to 5 ms')

function crawl(name: string, sizeName: 'M' | 'L', delays: string): LoopCase {
  return {
    name,
    title: `a crawl of 500 addresses on a local site of several hosts, ${delays}, 8 requests to a host at a time, heeding robots.txt, redirects, failures and refusals (CPU is with the site’s server)`,
    unit: 'ms',
    better: 'lower',
    cpuPer: 'run',
    rounds: 4,
    asks: 'crawl',
    async measure(rival, windowMs) {
      // Imported here: the programs of all other cases do without atonce's sources.
      const { crawler: workload } = await import('../../../gallery/crawler/workload.ts')
      const { get } = await import('../../../gallery/site/get.ts')
      const { serve } = await import('../../../gallery/site/serve.ts')
      const size = workload.sizes[sizeName]
      const { port } = await serve(size.site)
      const crawlOnce = async (): Promise<void> => {
        const place = { port, crawl: randomUUID() }
        const findings = await rival.crawl?.(size.start, place, size.perHost)
        if (findings === undefined) return
        const ledger = JSON.parse((await get('http://www.site.test/.ledger', place)).body)
        const { ok, shows, expected } = workload.check({ findings, timings: [], ledger }, size)
        if (!ok) throw new Error(`The crawl found ${shows}; expected ${expected}.`)
      }
      const { medianMs, ...load } = await repeat(crawlOnce, { windowMs: 4 * windowMs, countPerBody: 1 })
      return { value: medianMs, ...load }
    },
  }
}
