/**
 * The calls that one worker has: those of its hand, those beside it, and which of them it was asked
 * to leave.
 */
import type { ReadyJob } from '../executor/ready-job.ts'
import type { FarWorker } from '../worker/far-worker.ts'
import type { Life } from '../worker/life.ts'
import type { Giving } from './giving.ts'
import { Hand } from './hand.ts'
import { Helping } from './helping.ts'
import { Leaving } from './leaving.ts'

export class Calls {
  /** Those that the worker runs one after the other, or side by side; the first one first. */
  readonly hand = new Hand<ReadyJob>()
  /** Those that it runs beside its hand. */
  readonly helping = new Helping()
  readonly leaving: Leaving
  readonly #worker: FarWorker
  readonly #giving: Giving

  constructor(life: Life, giving: Giving, graceMs: number) {
    this.#worker = life.worker
    this.#giving = giving
    this.leaving = new Leaving(life, graceMs, seq => this.get(seq))
  }

  get(seq: number): ReadyJob | undefined {
    return this.hand.get(seq) ?? this.helping.get(seq)
  }

  /** The worker has it no more. */
  take(seq: number): ReadyJob | undefined {
    const ready = this.hand.remove(seq) ?? this.helping.remove(seq)
    if (ready === undefined) return undefined
    ready.slot = undefined
    this.leaving.left(seq)
    return ready
  }

  /** Takes the call back, if the worker has not begun it and it can be taken back; says whether. */
  recall(ready: ReadyJob): boolean {
    if (!this.#worker.recall(ready.seq)) return false
    this.take(ready.seq)
    this.#giving.takenBack(ready)
    return true
  }
}
