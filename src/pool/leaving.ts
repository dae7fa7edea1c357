/**
 * Calls that a worker was asked to leave while it goes on with others: those that it helps with, or
 * runs side by side. When the grace of one is over, the worker is ended, and all that run there
 * with it. How a call is left that the worker runs alone: Slot's `draining`.
 */
import { runtime, type Timer } from '../runtime/runtime.ts'
import { PlainEncoding } from '../wire/encoding.ts'
import { encodeFailure } from '../wire/failure.ts'
import type { FarWorker } from '../worker/far-worker.ts'

export class Leaving {
  readonly #worker: FarWorker
  readonly #graceMs: number
  readonly #over: (seq: number) => void
  readonly #runtime = runtime()
  readonly #graces = new Map<number, Timer>()

  /** `over` is called when the grace of a call is. */
  constructor(worker: FarWorker, graceMs: number, over: (seq: number) => void) {
    this.#worker = worker
    this.#graceMs = graceMs
    this.#over = over
  }

  has(seq: number): boolean {
    return this.#graces.has(seq)
  }

  /** Asks the worker to leave the call. */
  ask(seq: number, reason: Error): void {
    this.tell(seq, reason)
    this.await(seq)
  }

  /** From now on the call that the worker was told of has its grace. */
  await(seq: number): void {
    this.#worker.flagCancelled(seq)
    this.#graces.get(seq)?.cancel()
    this.#graces.set(
      seq,
      this.#runtime.setTimer(this.#graceMs, () => this.#over(seq)),
    )
  }

  /** Only tells the worker, which may not have begun the call. */
  tell(seq: number, reason: Error): void {
    const failure = encodeFailure(reason, new PlainEncoding())
    this.#worker.send({ kind: 'cancel', seq, failure })
  }

  /** The call is out of the worker's hands. */
  left(seq: number): void {
    if (this.#graces.size === 0) return
    this.#graces.get(seq)?.cancel()
    this.#graces.delete(seq)
  }

  clear(): void {
    for (const grace of this.#graces.values()) grace.cancel()
    this.#graces.clear()
  }
}
