/**
 * What the server has seen of each crawl: the check asks here, so a crawler's own word is not taken
 * for it.
 */

/** What one crawl did, as far as the server can see. */
export interface Ledger {
  readonly requests: number
  /** Addresses that were asked for again after a full answer to the same crawl. */
  readonly repeated: readonly string[]
  /** Addresses that robots.txt disallows and that were asked for all the same. */
  readonly trespassed: readonly string[]
  /** Addresses that do not exist. */
  readonly unknown: readonly string[]
  /** Addresses that were asked for again before the time that a 429 had named. */
  readonly tooEarly: readonly string[]
  /** Answers with 429. */
  readonly limited: number
  /** The most requests of each host that were under way at the same time. */
  readonly peakInFlight: Readonly<Record<string, number>>
}

/** One crawl's account, while it goes on. */
export class Account {
  #requests = 0
  #limited = 0
  readonly #repeated: string[] = []
  readonly #trespassed: string[] = []
  readonly #unknown: string[] = []
  readonly #tooEarly: string[] = []
  readonly #inFlight = new Map<string, number>()
  readonly #peaks = new Map<string, number>()
  readonly #answered = new Set<string>()
  readonly #notBeforeMs = new Map<string, number>()
  readonly #tries = new Map<string, number>()
  #window = { beganMs: Number.NEGATIVE_INFINITY, requests: 0 }

  /** Notes that a request came in; returns which try of this address it is, from 1. */
  began(url: string, host: string, nowMs: number): number {
    this.#requests += 1
    if (this.#answered.has(url)) this.#repeated.push(url)
    // A timer may fire within the millisecond before its time.
    if (nowMs < (this.#notBeforeMs.get(url) ?? 0) - 2) this.#tooEarly.push(url)
    const inFlight = (this.#inFlight.get(host) ?? 0) + 1
    this.#inFlight.set(host, inFlight)
    this.#peaks.set(host, Math.max(inFlight, this.#peaks.get(host) ?? 0))
    const tries = (this.#tries.get(url) ?? 0) + 1
    this.#tries.set(url, tries)
    return tries
  }

  /** Notes that the answer is on its way. */
  ended(url: string, host: string, full: boolean): void {
    this.#inFlight.set(host, (this.#inFlight.get(host) ?? 0) - 1)
    if (full) this.#answered.add(url)
  }

  /**
   * Counts a request in its window of time; returns how long to stay away, 0 for a request that is
   * within the rate.
   */
  meter(url: string, { requests, windowMs }: { requests: number; windowMs: number }, nowMs: number): number {
    if (nowMs >= this.#window.beganMs + windowMs) this.#window = { beganMs: nowMs, requests: 0 }
    if (this.#window.requests < requests) {
      this.#window.requests += 1
      return 0
    }
    const waitMs = Math.ceil(this.#window.beganMs + windowMs - nowMs)
    this.#limited += 1
    // The address was not served: the try does not count, the time to come back does.
    this.#tries.set(url, (this.#tries.get(url) ?? 1) - 1)
    this.#notBeforeMs.set(url, nowMs + waitMs)
    return waitMs
  }

  trespassed(url: string): void {
    this.#trespassed.push(url)
  }

  missed(url: string): void {
    this.#unknown.push(url)
  }

  get ledger(): Ledger {
    return {
      requests: this.#requests,
      repeated: this.#repeated,
      trespassed: this.#trespassed,
      unknown: this.#unknown,
      tooEarly: this.#tooEarly,
      limited: this.#limited,
      peakInFlight: Object.fromEntries(this.#peaks),
    }
  }
}
