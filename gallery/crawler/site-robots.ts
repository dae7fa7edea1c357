/** What each host asks of crawlers, read once for a crawl. */
import { agent, get, type Place } from '../site/get.ts'
import { type Allows, readRobots, withoutRobots } from './robots.ts'

export class Robots {
  readonly #place: Place
  readonly #byHost = new Map<string, Promise<Allows>>()

  constructor(place: Place) {
    this.#place = place
  }

  /** Whether the address may be visited. The first question about a host asks the host. */
  async allow(url: string): Promise<boolean> {
    const { origin, host, pathname, search } = new URL(url)
    const rules = this.#byHost.get(host) ?? this.#ask(`${origin}/robots.txt`)
    this.#byHost.set(host, rules)
    return (await rules)(`${pathname}${search}`)
  }

  async #ask(url: string): Promise<Allows> {
    const { status, body } = await get(url, this.#place)
    return status === 200 ? readRobots(body, agent) : withoutRobots(status)
  }
}
