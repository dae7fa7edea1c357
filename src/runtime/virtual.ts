/**
 * Time that a test controls: nothing waits, the test says when the clock moves.
 *
 *     promise jobs run out ─▶ one of those that are ready goes on ─▶ … none is ready ─▶ the clock moves to the next timer
 *
 * Without a schedule, whoever becomes ready goes on at once, and timers fire in order of their
 * time, then of their creation. With one, it picks among those that are ready, and among timers
 * that are due at the same time. Either way the same test gives the same run.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { DeadlockError } from '../errors.ts'
import { everyoneParked } from './park.ts'
import { randomSchedule, type Schedule, type Step } from './schedule.ts'
import type { Runtime, Timer } from './seam.ts'
import { seededRandom } from './seeded.ts'

/** What decides time and order in a simulation. */
export interface VirtualOptions {
  /** The same seed gives the same random numbers, and the same random schedule. Default 1. */
  readonly seed?: number
  /**
   * `fifo`: whoever is ready goes on, in that order. `random`: the seed decides who does. Default
   * `fifo`.
   */
  readonly schedule?: 'fifo' | 'random' | Schedule
}

interface Ready extends Step {
  readonly run: () => void
  /** Whether it only gave others a turn, and so is ready for ever if it does nothing else. */
  readonly yielded: boolean
}

interface Pending extends Step {
  readonly atMs: number
  readonly fire: () => void
}

/** Turns of the loop that those who only yield may take before the clock moves all the same. */
const mostTurns = 1_000

/** A clock at 0 that moves only by `advance` and `until`, and a seeded source of randomness. */
export class VirtualRuntime implements Runtime {
  /** A number in [0, 1), from the seed. */
  readonly random: () => number
  readonly #schedule: Schedule | undefined
  #nowMs = 0
  /** How many have yielded and did not go on yet, where nothing is scheduled. */
  #yielding = 0
  #ready: Ready[] = []
  readonly #pending = new Set<Pending>()

  constructor({ seed = 1, schedule = 'fifo' }: VirtualOptions = {}) {
    this.random = seededRandom(seed)
    if (schedule !== 'fifo') this.#schedule = schedule === 'random' ? randomSchedule(seed) : schedule
  }

  now(): number {
    return this.#nowMs
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const pending: Pending = {
      who: 'a timer',
      reason: `${delayMs} ms to pass`,
      atMs: this.#nowMs + Math.max(0, delayMs),
      // As the platform's timers do: what fires belongs to whoever set it.
      fire: AsyncLocalStorage.bind(fire),
    }
    this.#pending.add(pending)
    return { cancel: () => void this.#pending.delete(pending), unref: () => {}, ref: () => {} }
  }

  soon(run: () => void, who = 'main'): void {
    if (this.#schedule === undefined) queueMicrotask(run)
    else this.#ready.push({ who, reason: 'its start', run: AsyncLocalStorage.bind(run), yielded: false })
  }

  resume(who: string, reason: string, step: () => void): void {
    if (this.#schedule === undefined) step()
    else this.#ready.push({ who, reason, run: step, yielded: false })
  }

  async yieldToLoop(): Promise<void> {
    if (this.#schedule !== undefined) {
      return new Promise(run => this.#ready.push({ who: 'main', reason: 'a turn', run, yielded: true }))
    }
    this.#yielding += 1
    await turn()
    this.#yielding -= 1
  }

  /** How many timers wait. */
  get timers(): number {
    return this.#pending.size
  }

  /**
   * Moves the clock by `byMs`, fires what falls due on the way, and lets each one's consequences
   * run out first.
   */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs
    await this.#drained()
    for (let next = this.#next(); next !== undefined && next.atMs <= untilMs; next = this.#next()) {
      await this.#fire(next)
    }
    this.#nowMs = untilMs
  }

  /**
   * Moves the clock to the next timer, again and again, until `promise` has settled.
   * @throws DeadlockError when nothing is left to wait for; it says who waits for what
   */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const note = () => {
      settled = true
    }
    promise.then(note, note)
    await this.#drained()
    while (!settled) {
      const next = this.#next()
      if (next === undefined)
        throw new DeadlockError(everyoneParked(this).map(({ who, reason }) => ({ who, reason })))
      await this.#fire(next)
    }
    return promise
  }

  async #fire(timer: Pending): Promise<void> {
    this.#pending.delete(timer)
    this.#nowMs = timer.atMs
    timer.fire()
    await this.#drained()
  }

  /** Lets everything go on that does not wait for time; who yields for ever is left behind. */
  async #drained(): Promise<void> {
    await turn()
    for (let turns = 1; this.#yielding > 0 && turns < mostTurns; turns += 1) await turn()
    for (let turns = 0; this.#ready.length > 0 && turns < mostTurns; ) {
      if (this.#ready.every(({ yielded }) => yielded)) turns += 1
      const [step] = this.#ready.splice(this.#pick(this.#ready), 1)
      step?.run()
      await turn()
    }
  }

  #pick(steps: readonly Step[]): number {
    return this.#schedule === undefined || steps.length < 2 ? 0 : this.#schedule.pick(steps)
  }

  /** The timer to fire next: one of the earliest. */
  #next(): Pending | undefined {
    let earliest: Pending[] = []
    for (const pending of this.#pending) {
      if (pending.atMs === Number.POSITIVE_INFINITY) continue // As on the real clock: it never fires.
      if (earliest[0] === undefined || pending.atMs < earliest[0].atMs) earliest = [pending]
      else if (pending.atMs === earliest[0].atMs) earliest.push(pending)
    }
    // A Set keeps the order of creation.
    return earliest[this.#pick(earliest)]
  }
}

/** Resolves when the promise jobs that were queued, and those they queued, have run. */
function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
