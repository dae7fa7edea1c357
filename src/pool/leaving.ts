/**
 * Calls that a worker was asked to stop. A worker that runs calls one at a time drains: it gets
 * nothing until it has answered that call. A worker that helps, or runs calls side by side, goes on
 * with the others. When the grace of a call is over, the worker is ended, and with it all calls
 * that it runs.
 */
import { WorkerCrashedError } from '../errors.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import { runtime, type Timer } from '../runtime/runtime.ts'
import { PlainEncoding } from '../wire/encoding.ts'
import { encodeFailure } from '../wire/failure.ts'
import type { FarWorker } from '../worker/far-worker.ts'
import type { Life } from '../worker/life.ts'

export class Leaving {
  readonly #life: Life
  readonly #worker: FarWorker
  readonly #graceMs: number
  readonly #jobOf: (seq: number) => ReadyJob | undefined
  readonly #runtime = runtime()
  /** The graces of calls beside which the worker goes on with others. */
  readonly #graces = new Map<number, Timer>()
  /** The call that the worker must leave before it gets another. */
  #draining: number | undefined

  constructor(life: Life, graceMs: number, jobOf: (seq: number) => ReadyJob | undefined) {
    this.#life = life
    this.#worker = life.worker
    this.#graceMs = graceMs
    this.#jobOf = jobOf
  }

  get isDraining(): boolean {
    return this.#draining !== undefined
  }

  /** Whether the worker was asked to stop the call. */
  has(seq: number): boolean {
    return this.#draining === seq || this.#graces.has(seq)
  }

  /** Asks the worker to stop the call and to go on with the others. */
  ask(seq: number, reason: Error): void {
    this.tell(seq, reason)
    this.await(seq)
  }

  /** Starts the grace of a call that the worker was told to stop. */
  await(seq: number): void {
    this.#worker.flagCancelled(seq)
    this.#graces.get(seq)?.cancel()
    this.#graces.set(
      seq,
      this.#runtime.setTimer(this.#graceMs, () => this.#graceIsOver(seq)),
    )
  }

  /**
   * The worker runs that call, or will run it next, and was told to stop it: it has `graceMs` to do
   * so.
   */
  drain(seq: number): void {
    this.#worker.flagCancelled(seq)
    this.#draining = seq
    this.#life.deadline.set(this.#graceMs, () => this.#graceIsOver(seq))
  }

  /** Tells the worker to stop the call, which it may not have begun. */
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

  /** The worker has answered the call; if it was draining, it may go on. */
  drained(seq: number): void {
    if (this.#draining !== seq) return
    this.#draining = undefined
    this.#life.deadline.clear() // The limit of a later call stays.
  }

  clear(): void {
    for (const grace of this.#graces.values()) grace.cancel()
    this.#graces.clear()
  }

  /** Looks one turn later: the answer may have arrived and not been read yet. */
  async #graceIsOver(seq: number): Promise<void> {
    await this.#runtime.yieldToLoop()
    if (!this.has(seq)) return
    const details = this.#life.detailsOf(this.#jobOf(seq))
    this.#life.end(new WorkerCrashedError('it did not leave a cancelled call within graceMs', details))
  }
}
