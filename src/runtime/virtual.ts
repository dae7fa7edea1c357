/**
 * Time that a test controls: nothing waits, the test says when the clock moves.
 *
 * Timers fire in order of their time, then in order of their creation, so the same test gives the same run.
 */
import type { Runtime, Timer } from './seam.ts'

interface Pending {
  readonly atMs: number
  readonly order: number
  readonly fire: () => void
}

/** Turns of the loop that the consequences of one timer may take. */
const mostTurns = 1_000

/** A clock at 0 that moves only by `advance`, and a seeded source of randomness. */
export class VirtualRuntime implements Runtime {
  #nowMs = 0
  #order = 0
  #state: number
  /** How many have yielded and did not go on yet. */
  #yielding = 0
  readonly #pending = new Set<Pending>()

  /** The same `seed` gives the same random numbers. */
  constructor({ seed = 1 }: { seed?: number } = {}) {
    this.#state = seed >>> 0
  }

  now(): number {
    return this.#nowMs
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const pending: Pending = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, fire }
    this.#pending.add(pending)
    return { cancel: () => void this.#pending.delete(pending), unref: () => {} }
  }

  soon(run: () => void): void {
    queueMicrotask(run)
  }

  resume(_who: string, _reason: string, step: () => void): void {
    step()
  }

  async yieldToLoop(): Promise<void> {
    this.#yielding += 1
    await turn()
    this.#yielding -= 1
  }

  /** mulberry32, by Tommy Ettinger (2017, public domain): 32 bits of state, period 2³². */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** How many timers wait. */
  get timers(): number {
    return this.#pending.size
  }

  /** Moves the clock by `byMs`, fires what falls due on the way, and lets each one's consequences run out first. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs
    await this.#drained()
    for (let next = this.#earliest(); next !== undefined && next.atMs <= untilMs; next = this.#earliest()) {
      this.#pending.delete(next)
      this.#nowMs = next.atMs
      next.fire()
      await this.#drained()
    }
    this.#nowMs = untilMs
  }

  /** Moves the clock to the next timer, again and again, until `promise` has settled; throws when nothing is left to wait for. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const note = () => {
      settled = true
    }
    promise.then(note, note)
    await this.#drained()
    while (!settled) {
      const next = this.#earliest()
      if (next === undefined)
        throw new Error('Nothing is left to wait for: no timer is set and the promise is still pending.')
      await this.advance(next.atMs - this.#nowMs)
    }
    return promise
  }

  /** Lets everything go on that does not wait for time; who yields for ever is left behind. */
  async #drained(): Promise<void> {
    await turn()
    for (let turns = 1; this.#yielding > 0 && turns < mostTurns; turns += 1) await turn()
  }

  #earliest(): Pending | undefined {
    let earliest: Pending | undefined
    for (const pending of this.#pending) {
      if (pending.atMs === Number.POSITIVE_INFINITY) continue // As on the real clock: it never fires.
      if (
        earliest === undefined ||
        pending.atMs < earliest.atMs ||
        (pending.atMs === earliest.atMs && pending.order < earliest.order)
      ) {
        earliest = pending
      }
    }
    return earliest
  }
}

/** Resolves when the promise jobs that were queued, and those they queued, have run. */
function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
