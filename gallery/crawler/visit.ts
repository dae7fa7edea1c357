/** One address, asked for until it is answered or given up. */
import { RetryError, retry, sleep } from '../../src/index.ts'
import { type Answer, get, type Place, type Timing } from '../site/get.ts'
import { readPage } from './read-page.ts'

/** What came of an address, and the requests that it took. */
export interface Visit {
  readonly url: string
  readonly found: 'page' | 'redirect' | 'failure'
  readonly title: string
  readonly links: readonly string[]
  readonly timings: readonly Timing[]
}

const mostTries = 3
const mostRefusals = 100

/**
 * Asks for a page. A server's failure (5xx) is tried again twice, a moment later; a refusal for too
 * many requests (429) as soon as the server has named. Rejects if the connection fails, or with the
 * signal's reason.
 */
export async function visit(url: string, place: Place, signal?: AbortSignal): Promise<Visit> {
  const timings: Timing[] = []
  const ask = async () => {
    const answer = await askPatiently(url, place, timings, signal)
    if (answer.status >= 500) throw new ServerFailure(`${url} answered ${answer.status}.`)
    return answer
  }
  try {
    const retryIf = (error: unknown) => error instanceof ServerFailure
    const answer = await retry(ask, { attempts: mostTries, minDelayMs: 5, retryIf, signal })
    return { url, ...contentsOf(url, answer), timings }
  } catch (error) {
    if (!(error instanceof RetryError)) throw error
    return { url, found: 'failure', title: '', links: [], timings }
  }
}

class ServerFailure extends Error {}

/** Asks again whenever the server wants it later. */
async function askPatiently(
  url: string,
  place: Place,
  timings: Timing[],
  signal: AbortSignal | undefined,
): Promise<Answer> {
  for (let refusals = 0; ; refusals++) {
    const answer = await get(url, place, signal)
    timings.push(answer.timing)
    if (answer.status !== 429 || refusals === mostRefusals) return answer
    await sleep(answer.retryAfterMs ?? 1_000, { signal })
  }
}

function contentsOf(
  url: string,
  { status, body, location }: Answer,
): Pick<Visit, 'found' | 'title' | 'links'> {
  if (status === 200) return { found: 'page', ...readPage(body, url) }
  const target = location === undefined ? null : URL.parse(location, url)
  if (status >= 300 && status < 400 && target !== null)
    return { found: 'redirect', title: '', links: [target.href] }
  return { found: 'failure', title: '', links: [] }
}
