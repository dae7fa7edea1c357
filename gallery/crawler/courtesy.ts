/** How many requests one host gets at a time. */
import { Limiter } from '../../src/index.ts'

/** A limiter for each host, made when the host is first met. */
export class Courtesy {
  readonly #perHost: number
  readonly #limiters = new Map<string, Limiter>()

  constructor(perHost: number) {
    this.#perHost = perHost
  }

  /** Runs `ask` when the host of the address has a place for it. */
  run<T>(url: string, ask: () => Promise<T>): Promise<T> {
    const { host } = new URL(url)
    const limiter = this.#limiters.get(host) ?? new Limiter({ concurrency: this.#perHost, name: host })
    this.#limiters.set(host, limiter)
    return limiter.run(ask)
  }
}
