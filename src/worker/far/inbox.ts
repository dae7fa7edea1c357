/**
 * The calls that wait in a worker, and the loop that runs them one after the other, in the order in
 * which they came.
 *
 *     push ─▶ wait ─▶ the loop: a turn for others, if it is time; what runs beside has ended; the last answer has left
 *                             ─▶ claim ─▶ run ─▶ the next one, at once or when the promise has resolved
 */
import { longestStretchMs } from '../../policy.ts'
import { type Parked, park } from '../../runtime/park.ts'
import { type Runtime, runtime } from '../../runtime/runtime.ts'
import type { WireStores } from '../../wire/messages.ts'
import type { Outgoing } from './outgoing.ts'
import type { RunningCalls } from './running.ts'
import type { WorkClock } from './work-clock.ts'

/** A call in the inbox, one to help with, or one that the worker makes for itself. */
export interface Call {
  readonly kind: 'run' | 'help' | 'own'
  readonly seq: number
  readonly ref: number
  readonly args: unknown
  readonly special: boolean
  readonly chunk: boolean
  readonly attempt: number
  readonly stores?: WireStores
  /** Of a stream: how much its generator may yield at first. */
  readonly credit?: number
}

/** What the loop asks of the transport. */
export interface Postman {
  /**
   * Reads what has arrived into the inbox; called when the inbox is empty. False if the worker must
   * wait to be woken.
   */
  refill(): boolean
  /** Whether the call may be run; false if it was taken back. */
  claim(seq: number): boolean
  /**
   * What to wait for before the next call may begin, if anything: an answer that has not left yet.
   */
  flushing(): Promise<void> | undefined
  /**
   * The worker can't go on: a built-in function that it needs was replaced, or there is no room for
   * its messages.
   */
  broken(error: unknown): void
}

/** The rest of the worker. */
export interface InboxParts {
  readonly postman: Postman
  readonly clock: WorkClock
  readonly outgoing: Outgoing
  readonly running: RunningCalls
  /** Whether the next call begins while the last one waits. */
  readonly sideBySide: boolean
  /** Runs a call and answers it: at once, or when the promise that it returns has resolved. */
  run(call: Call): Promise<void> | undefined
}

export class Inbox {
  readonly #parts: InboxParts
  readonly #postman: Postman
  readonly #running: RunningCalls
  readonly #clock: WorkClock
  readonly #runtime: Runtime = runtime()
  readonly #calls: Call[] = []
  #at = 0
  #isOpen = false
  /** Resolves when it is open again, after `close`. */
  #closed: Parked<void> | undefined
  #working = false
  #waking = false

  constructor(parts: InboxParts) {
    this.#parts = parts
    this.#postman = parts.postman
    this.#running = parts.running
    this.#clock = parts.clock
  }

  /** Whether a call waits here. */
  get hasMore(): boolean {
    return this.#at < this.#calls.length
  }

  push(call: Call): void {
    this.#calls.push(call)
  }

  /** Takes the call out; false if it is not here. */
  withdraw(seq: number): boolean {
    const at = this.#calls.findIndex((call, at) => at >= this.#at && call.seq === seq)
    if (at < 0) return false
    this.#calls.splice(at, 1)
    return true
  }

  /** The worker begins to take calls. */
  open(): void {
    this.#isOpen = true
    this.#closed?.unpark()
    this.#closed = undefined
    this.wake()
  }

  /** The worker has said that it ends: no call begins, unless `open` is called again. */
  close(): void {
    this.#isOpen = false
    this.#closed ??= park<void>('this worker to end', this)
  }

  /** Resolves when calls may begin again; undefined if they may. */
  get closed(): Promise<void> | undefined {
    return this.#closed?.promise
  }

  /** Something has come, or an answer has left. */
  wake(): void {
    if (!this.#working && this.#isOpen) void this.#workOrBreak()
  }

  /**
   * The same, after all messages of this turn were read: a cancel that came together with its call
   * must be read before it runs.
   */
  wakeSoon(): void {
    if (this.#working || this.#waking) return
    this.#waking = true
    this.#runtime.soon(() => {
      this.#waking = false
      this.wake()
    })
  }

  /**
   * What a call throws is its answer. An error of the loop itself would reach nobody, and the call
   * would wait for ever, so it ends the worker.
   */
  async #workOrBreak(): Promise<void> {
    try {
      await this.#work()
    } catch (error) {
      this.#postman.broken(error)
    }
  }

  async #work(): Promise<void> {
    this.#working = true
    this.#clock.look() // The time before was idle.
    let turnMs: number | undefined
    while (this.#hasWork()) {
      turnMs ??= this.#clock.nowMs
      if (this.#clock.nowMs - turnMs > longestStretchMs)
        turnMs = await this.#after(this.#runtime.yieldToLoop())
      const beside = this.#running.besideEnd()
      if (beside !== undefined) await this.#after(beside)
      const flushing = this.#postman.flushing()
      if (flushing !== undefined) await this.#after(flushing)
      const call = this.#calls[this.#at] // Taken only now: a call that was cancelled during the wait is gone.
      if (call === undefined || !this.#isOpen) continue
      this.#at += 1
      if (!this.#postman.claim(call.seq) || !this.#isOpen) continue // The worker may have said meanwhile that it ends.
      const running = this.#parts.run(call)
      if (running === undefined) continue
      if (this.#parts.sideBySide) {
        void this.#beside(running)
        continue
      }
      this.#parts.outgoing.flush()
      await running // Not by #after, which would make one more promise for each call that waits.
      turnMs = this.#clock.look()
    }
    this.#working = false
  }

  /** Lets the call go on beside later ones; its answer leaves when it has ended. */
  async #beside(running: Promise<void>): Promise<void> {
    try {
      await running
      this.#parts.outgoing.flush()
    } catch (error) {
      this.#postman.broken(error)
    }
  }

  /** Sends all that is kept back, and waits; returns the time after that. */
  async #after(wait: Promise<void>): Promise<number> {
    this.#parts.outgoing.flush()
    await wait
    return this.#clock.look()
  }

  /** Whether a call waits; if the inbox is empty, it is filled first. */
  #hasWork(): boolean {
    if (!this.#isOpen) return false
    while (this.#at === this.#calls.length) {
      this.#calls.length = 0
      this.#at = 0
      if (!this.#postman.refill()) return false
      this.#clock.look()
    }
    return true
  }
}
