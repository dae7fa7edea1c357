/** One GET request. */
import { Agent, request } from 'node:http'

/** Who asks, and where: all hosts of a fixture site are at one port of 127.0.0.1. */
export interface Place {
  readonly port: number
  /** A name for the crawl, by which the server keeps its account. */
  readonly crawl: string
}

/**
 * A request as a waterfall shows it. Times are in ms since 1970, so that those of several threads
 * compare.
 */
export interface Timing {
  readonly host: string
  readonly status: number
  readonly beganMs: number
  readonly endedMs: number
}

export interface Answer {
  readonly status: number
  readonly body: string
  /** Where a redirect leads. */
  readonly location: string | undefined
  /** How long the server asks to stay away. */
  readonly retryAfterMs: number | undefined
  readonly timing: Timing
}

// Connections are kept for the next request; how many there are at a time is for those who ask to
// say.
const connections = new Agent({ keepAlive: true })
const longestMs = 30_000

/**
 * Rejects if the connection fails, if no answer comes within 30 s, or with the signal's reason. Any
 * status is an answer.
 */
export function get(url: string, { port, crawl }: Place, signal?: AbortSignal): Promise<Answer> {
  const { host, pathname, search } = new URL(url)
  const beganMs = now()
  return new Promise((resolve, reject) => {
    const asked = request({
      host: '127.0.0.1',
      port,
      path: `${pathname}${search}`,
      headers: { host, 'x-crawl': crawl, 'user-agent': agent },
      agent: connections,
      ...(signal === undefined ? {} : { signal }),
    })
    asked.setTimeout(longestMs, () =>
      asked.destroy(new Error(`No answer from ${url} within ${longestMs} ms.`)),
    )
    asked.on('error', error => reject(signal?.aborted ? signal.reason : error))
    asked.on('response', response => {
      const { statusCode: status = 0, headers } = response
      let body = ''
      response.setEncoding('utf8')
      response.on('error', reject)
      response.on('data', (part: string) => {
        body += part
      })
      response.on('end', () => {
        const timing = { host, status, beganMs, endedMs: now() }
        resolve({ status, body, location: headers.location, retryAfterMs: retryAfter(headers), timing })
      })
    })
    asked.end()
  })
}

/** How the crawler calls itself, there and in robots.txt. */
export const agent = 'atonce-gallery'

function retryAfter(headers: NodeJS.Dict<string | string[]>): number | undefined {
  const [exactMs, seconds] = [Number(headers['retry-after-ms']), Number(headers['retry-after'])]
  if (exactMs >= 0) return exactMs
  return seconds >= 0 ? seconds * 1_000 : undefined
}

function now(): number {
  return performance.timeOrigin + performance.now()
}
