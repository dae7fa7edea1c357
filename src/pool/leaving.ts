/**
 * Calls that a worker was asked to leave. While it runs such a call alone, it drains: it is given
 * nothing before it has answered. One that helps, or runs calls side by side, goes on with the
 * others. When the grace of a call is over, the worker is ended, and all that run there with it.
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
  /** Of calls that are left while the worker goes on with others. */
  readonly #graces = new Map<number, Timer>()
  /** The call that the worker drains of. */
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

  /** Whether the worker was asked to leave the call. */
  has(seq: number): boolean {
    return this.#draining === seq || this.#graces.has(seq)
  }

  /** Asks the worker to leave the call and to go on with the others. */
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
      this.#runtime.setTimer(this.#graceMs, () => this.#graceIsOver(seq)),
    )
  }

  /** The worker is in that call, or will be next, and was told: it has `graceMs` to leave it. */
  drain(seq: number): void {
    this.#worker.flagCancelled(seq)
    this.#draining = seq
    this.#life.deadline.set(this.#graceMs, () => this.#graceIsOver(seq))
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

  /** The worker has answered the call: if it drained of that one, it may go on. */
  drained(seq: number): void {
    if (this.#draining !== seq) return
    this.#draining = undefined
    this.#life.deadline.clear() // While a later call drains, the limit is that one's.
  }

  clear(): void {
    for (const grace of this.#graces.values()) grace.cancel()
    this.#graces.clear()
  }

  /** One turn later: the answer may lie here unread, or the worker may be in its next call. */
  async #graceIsOver(seq: number): Promise<void> {
    await this.#runtime.yieldToLoop()
    if (!this.has(seq)) return
    const details = this.#life.detailsOf(this.#jobOf(seq))
    this.#life.end(new WorkerCrashedError('it did not leave a cancelled call within graceMs', details))
  }
}
