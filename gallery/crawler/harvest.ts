/** What a crawl has found so far, and which addresses it knows. */

import type { Timing } from '../site/get.ts'
import type { Findings } from '../site/site.ts'
import { sumOf } from '../site/site.ts'
import type { Robots } from './site-robots.ts'
import type { Visit } from './visit.ts'

export class Harvest {
  readonly timings: Timing[] = []
  readonly #pages: { readonly url: string; readonly title: string }[] = []
  readonly #known = new Set<string>()
  readonly #robots: Robots
  #settled = 0
  #redirects = 0
  #failures = 0
  #disallowed = 0

  constructor(robots: Robots) {
    this.#robots = robots
  }

  /** Of these addresses, those that were not known before and may be visited. */
  async admit(links: readonly string[]): Promise<string[]> {
    const news = links.filter(link => !this.#known.has(link))
    for (const link of news) this.#known.add(link)
    const allowed = await Promise.all(news.map(link => this.#robots.allow(link)))
    const closed = allowed.filter(open => !open).length
    this.#disallowed += closed
    this.#settled += closed
    return news.filter((_, index) => allowed[index])
  }

  /** Notes what came of an address; returns the new ones that it led to. */
  add({ url, found, title, links, timings }: Visit): Promise<string[]> {
    this.#settled += 1
    this.timings.push(...timings)
    if (found === 'page') this.#pages.push({ url, title })
    else if (found === 'redirect') this.#redirects += 1
    else this.#failures += 1
    return this.admit(links)
  }

  /** How many addresses are done with, and how many are known: equal when the crawl is over. */
  get progress(): [done: number, known: number] {
    return [this.#settled, this.#known.size]
  }

  get findings(): Findings {
    return {
      pages: this.#pages.length,
      redirects: this.#redirects,
      failures: this.#failures,
      disallowed: this.#disallowed,
      sum: sumOf(this.#pages),
    }
  }
}
