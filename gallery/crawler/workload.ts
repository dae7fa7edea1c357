/**
 * A crawl of a web site that is served by a process of its own: polite, complete, and nearly all of
 * it waiting.
 */
import { randomUUID } from 'node:crypto'
import type { Executor } from '../../src/index.ts'
import { get, type Place, type Timing } from '../site/get.ts'
import type { Ledger } from '../site/ledger.ts'
import type { SiteName } from '../site/page.ts'
import { serve, servingPids } from '../site/serve.ts'
import type { Findings } from '../site/site.ts'
import type { ParallelOptions, Size, Verdict, Workload } from '../workload.ts'
import { crawlAsFound } from './crawl-as-found.ts'
import { crawlInBatches } from './crawl-in-batches.ts'
import { crawlSerially } from './crawl-serial.ts'
import type { Harvest } from './harvest.ts'
import { waterfall } from './waterfall.ts'

export interface CrawlerSize extends Size {
  readonly site: SiteName
  readonly start: string
  /** The most requests to one host at a time. */
  readonly perHost: number
  readonly known: Findings
}

export interface Crawled {
  readonly findings: Findings
  readonly timings: readonly Timing[]
  /** What the server says of this crawl. */
  readonly ledger: Ledger
}

// From a search of the graph that the site is drawn from, here and by a second implementation in
// Python: no HTML, no requests.
const small: Findings = { pages: 44, redirects: 6, failures: 1, disallowed: 9, sum: 'f949dc5b06b4c017' }
const large: Findings = { pages: 337, redirects: 28, failures: 14, disallowed: 102, sum: 'af437badf74ae087' }
const tree: Findings = { pages: 111, redirects: 0, failures: 0, disallowed: 0, sum: '90eb4926ff368981' }

const web = 'http://www.site.test/p/0'

export const crawler: Workload<Crawled, CrawlerSize> = {
  name: 'crawler',
  title: 'Web crawler',
  lesson:
    'Waiting for many servers takes one core: what counts is how many requests are under way, not on how many threads.',
  sizes: {
    S: {
      label: '60 pages, delays of 0.5 to 5 ms',
      site: { kind: 'graph', seed: 33, pages: 60, pace: 0.1 },
      start: web,
      perHost: 8,
      known: small,
    },
    M: {
      label: '500 pages, delays of 0.5 to 5 ms',
      site: { kind: 'graph', seed: 8, pages: 500, pace: 0.1 },
      start: web,
      perHost: 8,
      known: large,
    },
    L: {
      label: '500 pages, delays of 5 to 50 ms',
      site: { kind: 'graph', seed: 8, pages: 500, pace: 1 },
      start: web,
      perHost: 8,
      known: large,
    },
    workshop: {
      label: '111 pages, delays of 20 ms',
      site: { kind: 'tree', delayMs: 20 },
      start: 'http://tree.site.test/',
      perHost: 10,
      known: tree,
    },
  },
  defaultSize: 'M',

  serial: ({ site, start }) => crawl(site, place => crawlSerially(start, place)),

  parallel(executor: Executor, { site, start, perHost }: CrawlerSize, { onProgress }: ParallelOptions = {}) {
    // On this loop a page is a call of its own; a message to a worker and back is worth more than
    // one page.
    const form = executor.model === 'coroutines' ? crawlAsFound : crawlInBatches
    return crawl(site, place => form(start, place, perHost, executor, onProgress))
  },

  check({ findings, ledger }, { known, perHost }): Verdict {
    const crowded = Math.max(...Object.values(ledger.peakInFlight)) > perHost
    const faults = [
      ...(['repeated', 'trespassed', 'unknown', 'tooEarly'] as const).filter(
        fault => ledger[fault].length > 0,
      ),
      ...(crowded ? ['crowded'] : []),
    ]
    const [shows, expected] = [inWords(findings, faults), inWords(known, [])]
    return { ok: shows === expected, shows, expected }
  },

  picture: ({ timings }) => waterfall(timings),

  companions: servingPids,
}

async function crawl(site: SiteName, form: (place: Place) => Promise<Harvest>): Promise<Crawled> {
  const { port } = await serve(site)
  const place: Place = { port, crawl: randomUUID() }
  const { findings, timings } = await form(place)
  const { body } = await get('http://www.site.test/.ledger', place)
  return { findings, timings, ledger: JSON.parse(body) }
}

/**
 * The server's complaints are part of the answer: a crawler that finds all pages impolitely is
 * wrong.
 */
function inWords(
  { pages, redirects, failures, disallowed, sum }: Findings,
  faults: readonly string[],
): string {
  const found = `${pages} pages (${sum}), ${redirects} redirects, ${failures} failures, ${disallowed} disallowed`
  return faults.length === 0 ? found : `${found}; ${faults.join(', ')}`
}
