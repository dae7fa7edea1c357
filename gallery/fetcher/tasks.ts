/** What workers do for the fetcher: an address goes out, what came back is told in short. */
import { createHash } from 'node:crypto'
import { context, task } from '../../src/index.ts'
import { get, type Place } from '../site/get.ts'

/** A page in short. */
export interface Fetched {
  readonly url: string
  readonly status: number
  readonly bytes: number
  readonly sha: string
}

/** Fetches one page. */
export const fetchPage = task(
  import.meta,
  async function fetchPage(url: string, place: Place): Promise<Fetched> {
    const { status, body } = await get(url, place, context().signal)
    const sha = createHash('sha256').update(body).digest('hex').slice(0, 16)
    return { url, status, bytes: Buffer.byteLength(body), sha }
  },
)
