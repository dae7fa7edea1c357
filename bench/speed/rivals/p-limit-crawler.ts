/**
 * The gallery's crawl by hand: p-limit for each host, promises and loops for the rest, one signal
 * by which the first failure ends all the others. Only what is not about concurrency is shared with
 * it: HTTP, HTML, robots.txt.
 */
import { setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import pLimit, { type LimitFunction } from 'p-limit'
import { readPage } from '../../../gallery/crawler/read-page.ts'
import { type Allows, readRobots, withoutRobots } from '../../../gallery/crawler/robots.ts'
import { type Answer, agent, get, type Place } from '../../../gallery/site/get.ts'
import { type Findings, sumOf } from '../../../gallery/site/site.ts'

const mostTries = 3
const mostRefusals = 100

export async function crawl(start: string, place: Place, perHost: number): Promise<Findings> {
  const limits = new Map<string, LimitFunction>()
  const robots = new Map<string, Promise<Allows>>()
  const known = new Set<string>()
  const pages: { url: string; title: string }[] = []
  let [redirects, failures, disallowed] = [0, 0, 0]
  const controller = new AbortController()
  const { signal } = controller
  setMaxListeners(0, signal)

  const follow = (links: readonly string[]): Promise<unknown> => {
    const news = links.filter(link => !known.has(link))
    for (const link of news) known.add(link)
    return Promise.all(news.map(visit))
  }

  const visit = async (url: string): Promise<void> => {
    const { origin, host, pathname, search } = new URL(url)
    const rules = robots.get(host) ?? askRobots(`${origin}/robots.txt`, place, signal)
    robots.set(host, rules)
    if (!(await rules)(`${pathname}${search}`)) {
      disallowed += 1
      return
    }
    const limit = limits.get(host) ?? pLimit(perHost)
    limits.set(host, limit)
    const { status, body, location } = await limit(() => ask(url, place, signal))
    const target = location === undefined ? null : URL.parse(location, url)
    if (status === 200) {
      const { title, links } = readPage(body, url)
      pages.push({ url, title })
      await follow(links)
    } else if (status >= 300 && status < 400 && target !== null) {
      redirects += 1
      await follow([target.href])
    } else failures += 1
  }

  try {
    await follow([start])
  } catch (error) {
    controller.abort(error)
    throw error
  }
  return { pages: pages.length, redirects, failures, disallowed, sum: sumOf(pages) }
}

/**
 * A server's failure is tried again twice, a moment later; a refusal as soon as the server has
 * named.
 */
async function ask(url: string, place: Place, signal: AbortSignal): Promise<Answer> {
  for (let tries = 1, refusals = 0; ; ) {
    const answer = await get(url, place, signal)
    if (answer.status === 429 && refusals < mostRefusals) {
      refusals += 1
      await pause(answer.retryAfterMs ?? 1_000, undefined, { signal })
    } else if (answer.status >= 500 && tries < mostTries) {
      await pause(5 * 2 ** (tries - 1) * Math.random(), undefined, { signal })
      tries += 1
    } else return answer
  }
}

async function askRobots(url: string, place: Place, signal: AbortSignal): Promise<Allows> {
  const { status, body } = await get(url, place, signal)
  return status === 200 ? readRobots(body, agent) : withoutRobots(status)
}
