/**
 * The actors of one thread that have something to do, and when each of them does it.
 *
 *     a message comes ─▶ line ─▶ drain, in a microtask: up to 16 messages of the first, then of the next, …
 *                          ▲        └─ after 512 messages or 1 ms the event loop has its turn: I/O and timers go on
 *                          └── an actor with more to do goes to the end of the line
 *
 * The numbers are those with the highest rate at which a timer is at most a millisecond or two
 * late: a drain without a bound lets none fire, one of 64 messages costs a quarter of the rate.
 */
import type { Runtime } from '../runtime/runtime.ts'

const { AsyncResource } = process.getBuiltinModule('node:async_hooks')

/** An actor, as far as the line goes. */
export interface Runnable {
  nextInLine: Runnable | undefined
  /**
   * Works for one turn; returns how many messages it has taken, and goes into the line again by
   * itself.
   */
  turn(mostMessages: number): number
}

const mostPerTurn = 16
const mostPerDrain = 512
const longestDrainMs = 1
const lookEveryMs = 0.2
const mostBetweenLooks = 128

export class RunQueue {
  readonly #runtime: Runtime
  /**
   * What runs belongs to no caller: neither the context of whoever sent the first message, nor what
   * that keeps alive.
   */
  readonly #outside = new AsyncResource('atonce.actors')
  #first: Runnable | undefined
  #last: Runnable | undefined
  #armed = false
  readonly #drain = () => this.#outside.runInAsyncScope(this.#run, this)

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** Calls `body` in no caller's context. */
  outside<T>(body: () => T): T {
    return this.#outside.runInAsyncScope(body)
  }

  push(runnable: Runnable): void {
    if (this.#last === undefined) this.#first = runnable
    else this.#last.nextInLine = runnable
    this.#last = runnable
    if (this.#armed) return
    this.#armed = true
    this.#runtime.soon(this.#drain, 'actors')
  }

  #run(): void {
    const beganMs = this.#runtime.now()
    let count = 0
    let lookAt = 1
    for (let runnable = this.#first; runnable !== undefined; runnable = this.#first) {
      if (count >= lookAt) {
        const spentMs = this.#runtime.now() - beganMs
        if (count >= mostPerDrain || spentMs > longestDrainMs) {
          // Still armed: what comes meanwhile waits for the same turn of the loop.
          void this.#runtime.yieldToLoop().then(this.#drain)
          return
        }
        // The clock costs as much as a message, so it is looked at only as often as messages are
        // slow.
        lookAt = count + Math.max(1, Math.min(mostBetweenLooks, Math.floor((count * lookEveryMs) / spentMs)))
      }
      this.#first = runnable.nextInLine
      if (this.#first === undefined) this.#last = undefined
      runnable.nextInLine = undefined
      count += runnable.turn(mostPerTurn)
    }
    this.#armed = false
  }
}
