/**
 * The actors of one thread that have something to do, and when each of them does it.
 *
 *     a message comes ─▶ line ─▶ drain, in a microtask: up to 16 messages of the first, then of the next, …
 *                          ▲        └─ after 512 messages or 1 ms the event loop has its turn: I/O and timers go on
 *                          └── an actor with more to do goes to the end of the line
 *
 * The numbers are those with the highest rate at which a timer is at most a millisecond or two
 * late: a drain without a bound lets none fire, one of 64 messages costs a quarter of the rate.
 *
 * They hold for all drains together, since actors that ask each other need no long one: each answer
 * lets the asker go on in the same turn of the loop, and its next ask is a drain of its own.
 * Whether the loop has had its turn meanwhile can't be seen from here, so one in 512 messages of
 * those that come one by one waits for it without need.
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
const mostPerLoopTurn = 512
const longestMs = 1
const lookEveryMs = 0.2

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
  /** Messages since the loop had its turn, and about how long they took. */
  #count = 0
  #spentMs = 0
  /** At which count the clock was looked at, and is to be next. */
  #lookedAt = 0
  #lookAt = 1
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
    // Unknown until a look is near: asks are drains of one message, which costs little more than
    // the clock.
    let sinceMs: number | undefined
    let since = this.#count
    for (;;) {
      if (sinceMs !== undefined && this.#count >= this.#lookAt && this.#count > since) {
        const nowMs = this.#runtime.now()
        this.#look((nowMs - sinceMs) / (this.#count - since))
        sinceMs = nowMs
        since = this.#count
      }
      const runnable = this.#first
      if (runnable === undefined) break
      if (this.#count >= mostPerLoopTurn || this.#spentMs > longestMs) return this.#yield()
      this.#first = runnable.nextInLine
      if (this.#first === undefined) this.#last = undefined
      runnable.nextInLine = undefined
      let untilLook = this.#lookAt - this.#count
      if (sinceMs === undefined) {
        if (untilLook > 1) untilLook -= 1
        else {
          sinceMs = this.#runtime.now()
          since = this.#count
        }
      }
      this.#count += runnable.turn(Math.max(1, Math.min(mostPerTurn, untilLook)))
    }
    this.#armed = false
  }

  /**
   * So long took each of the last messages. The clock costs as much as a message, so it is looked
   * at only as often as messages are slow.
   */
  #look(eachMs: number): void {
    this.#spentMs += eachMs * (this.#count - this.#lookedAt)
    this.#lookedAt = this.#count
    this.#lookAt = this.#count + Math.max(1, Math.min(mostPerTurn, Math.floor(lookEveryMs / eachMs)))
  }

  /** Still armed: what comes meanwhile waits for the same turn of the loop. */
  #yield(): void {
    this.#count = 0
    this.#spentMs = 0
    this.#lookedAt = 0
    this.#lookAt = 1
    void this.#runtime.yieldToLoop().then(this.#drain)
  }
}
