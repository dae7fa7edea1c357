/** Five pages, fetched at the same time: the smallest program that waits. */
import { randomUUID } from 'node:crypto'
import type { Executor } from '../../src/index.ts'
import type { Place } from '../site/get.ts'
import { serve, servingPids } from '../site/serve.ts'
import type { ParallelOptions, Size, Verdict, Workload } from '../workload.ts'
import { type Fetched, fetchPage } from './tasks.ts'

export interface FetcherSize extends Size {
  /** How long the server takes for each page. */
  readonly delayMs: number
}

const paths = ['/', '/0', '/1', '/2', '/3']
// As in the workshop: who has not answered by then is given up.
const timeoutMs = 120_000

// Of the pages as `curl | sha256sum` gets them.
const known: readonly Pick<Fetched, 'bytes' | 'sha'>[] = [
  { bytes: 4_583, sha: 'bbf3f37600e27600' },
  { bytes: 4_609, sha: 'a6c564fd49a93805' },
  { bytes: 4_609, sha: 'f8e2f9bca49bec00' },
  { bytes: 4_609, sha: '706fe24ea539aab1' },
  { bytes: 4_609, sha: '08ec4eef4518e142' },
]

export const fetcher: Workload<Fetched[], FetcherSize> = {
  name: 'fetcher',
  title: 'Parallel URL fetcher',
  lesson: 'Who only waits needs no core: one event loop waits for five servers as fast as for one.',
  sizes: {
    S: { label: '5 pages, 20 ms each', delayMs: 20 },
    M: { label: '5 pages, 100 ms each', delayMs: 100 },
    L: { label: '5 pages, 1 s each', delayMs: 1_000 },
    // The workshop fetched from the internet.
    workshop: { label: '5 pages, 200 ms each', delayMs: 200 },
  },
  defaultSize: 'M',

  async serial({ delayMs }) {
    const fetched: Fetched[] = []
    for (const [url, place] of await callsTo(delayMs)) fetched.push(await fetchPage(url, place))
    return fetched
  },

  async parallel(executor: Executor, { delayMs }: FetcherSize, options: ParallelOptions = {}) {
    // One page to a message: pages of one chunk would be fetched one after the other.
    const calls = await callsTo(delayMs)
    return executor.with({ timeoutMs }).map(fetchPage, calls, { ...options, chunk: 1 })
  },

  check(answer): Verdict {
    const [shows, expected] = [inWords(answer), inWords(known.map(page => ({ ...page, status: 200 })))]
    return { ok: shows === expected, shows, expected }
  },

  companions: servingPids,
}

async function callsTo(delayMs: number): Promise<[url: string, place: Place][]> {
  const { port } = await serve({ kind: 'tree', delayMs })
  const place: Place = { port, crawl: randomUUID() }
  return paths.map(path => [`http://tree.site.test${path}`, place])
}

function inWords(pages: readonly Omit<Fetched, 'url'>[]): string {
  const each = pages.map(({ status, sha }) => `${status} ${sha.slice(0, 6)}`)
  const bytes = pages.reduce((sum, page) => sum + page.bytes, 0)
  return `${bytes.toLocaleString('en-US')} bytes: ${each.join(', ')}`
}
