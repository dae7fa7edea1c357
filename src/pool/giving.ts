/**
 * How calls leave for one worker: on the fast lane if they fit there, else by message. Also what
 * the worker must be told before, and how many calls it was given.
 */

import { noteWorker } from '../executor/call-notes.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import { detach, type Encoded } from '../wire/codec.ts'
import type { HelpMessage, RunMessage } from '../wire/messages.ts'
import { ToldStorages } from '../wire/propagation.ts'
import type { FarWorker } from '../worker/far-worker.ts'
import type { Life } from '../worker/life.ts'
import type { SlotOptions } from './slot-owner.ts'
import { Wear } from './wear.ts'
import type { Bounds } from './worth.ts'

export class Giving {
  readonly #life: Life
  readonly #worker: FarWorker
  readonly #storages: ToldStorages
  readonly #wear: Wear
  /** Whether a call may be sent while the worker starts: it has nothing to do before. */
  readonly #startsBare: boolean
  /** How many calls it was given since it was idle. */
  #sinceIdle = 0
  /** The fast lane had no room for a call when it was last looked at. */
  #congested = false

  constructor(life: Life, { maxCallsPerWorker, initialize }: SlotOptions) {
    this.#life = life
    this.#worker = life.worker
    this.#storages = new ToldStorages(message => life.worker.send(message))
    this.#wear = new Wear(maxCallsPerWorker)
    this.#startsBare = initialize === undefined
  }

  /** Whether the worker is to be replaced, and gets nothing more. */
  get isWorn(): boolean {
    return this.#wear.isWorn
  }

  /**
   * Whether a call that is given now would have to leave by message, since the fast lane is full.
   */
  get congested(): boolean {
    if (this.#congested) this.#congested = this.#worker.congested ?? false
    return this.#congested
  }

  /**
   * Whether the worker still starts and may be given its first call: only one, even if taken back.
   */
  get isVacant(): boolean {
    return this.#startsBare && this.#life.state === 'starting' && this.#sinceIdle === 0
  }

  /** Whether the worker was given several calls since it was idle the last time. */
  get gaveMany(): boolean {
    return this.#sinceIdle > 1
  }

  /** What bounds the worker's hand, apart from the cost of calls. */
  bounds(takesBack: boolean): Bounds {
    return { takesBack, capacity: this.#worker.capacity, callsLeft: this.#wear.callsLeft }
  }

  /** The worker has been idle, and is given a call now. */
  beginsAnew(): void {
    this.#sinceIdle = 0
  }

  /** The worker uses more memory than it may, or has older code than the program. */
  wearOut(): void {
    this.#wear.grown()
  }

  /** The job was taken back before the worker had begun it. */
  takenBack(ready: ReadyJob): void {
    this.#wear.takenBack(ready)
  }

  /**
   * Puts the job into the worker's hands, under that number.
   * @throws whatever the platform throws when it can't copy; nothing was sent then
   */
  give(seq: number, ready: ReadyJob): void {
    this.#sinceIdle += 1
    this.#note(ready)
    const { task, args, encoded, stores, attempt = 1, stream } = ready
    const ref = this.#life.refOf(task)
    const plain = encoded === undefined || (!encoded.special && encoded.transfer.length === 0)
    // A starting worker takes messages only, so that all arrive in order.
    if (
      this.#life.wasReady &&
      plain &&
      attempt === 1 &&
      args !== undefined &&
      stream === undefined &&
      this.#tryGive(seq, ref, args, stores)
    )
      return
    const { value, special, transfer, loans }: Encoded = encoded ?? asTheyAre(ready)
    const message: RunMessage = {
      kind: 'run',
      seq,
      ref,
      args: value,
      special,
      chunk: args === undefined,
      attempt,
      ...(stream === undefined ? {} : { credit: stream.credit() }),
    }
    this.#worker.give(
      stores === undefined ? message : { ...message, stores: this.#storages.wire(stores) },
      transfer,
      loans,
    )
    detach(transfer)
    this.#congested = this.#worker.congested ?? false
  }

  /** Sends a call that the worker is to run beside those in its hands; throws as `give` does. */
  help(seq: number, ready: ReadyJob): void {
    this.#note(ready)
    const { task, encoded, stores, attempt = 1 } = ready
    const chunk = ready.inputs !== undefined
    const { value, special, transfer } = encoded ?? asTheyAre(ready)
    const ref = this.#life.refOf(task)
    const help: HelpMessage = { kind: 'help', seq, ref, args: value, special, chunk, attempt }
    this.#worker.send(
      stores === undefined ? help : { ...help, stores: this.#storages.wire(stores) },
      transfer,
    )
    detach(transfer)
  }

  #note(ready: ReadyJob): void {
    noteWorker(ready, this.#worker)
    this.#wear.given(ready)
  }

  #tryGive(seq: number, ref: number, args: readonly unknown[], stores: ReadyJob['stores']): boolean {
    if (stores === undefined) return this.#worker.tryGive(seq, ref, args)
    const plain = this.#storages.plain(stores)
    return plain !== undefined && this.#worker.tryGive(seq, ref, args, plain)
  }
}

/** The arguments are a few primitives. */
function asTheyAre({ args }: ReadyJob): Encoded {
  return { value: args, special: false, transfer: [] }
}
