/**
 * How calls leave for one worker: on the fast lane if they fit there, else by message; what it must
 * be told before.
 */

import type { ReadyJob } from '../executor/ready-job.ts'
import { detach, type Encoded } from '../wire/codec.ts'
import type { HelpMessage, RunMessage } from '../wire/messages.ts'
import { ToldStorages } from '../wire/propagation.ts'
import type { FarWorker } from '../worker/far-worker.ts'
import type { Life } from '../worker/life.ts'

export class Giving {
  readonly #life: Life
  readonly #worker: FarWorker
  readonly #storages: ToldStorages

  constructor(life: Life) {
    this.#life = life
    this.#worker = life.worker
    this.#storages = new ToldStorages(message => life.worker.send(message))
  }

  /**
   * Puts the job into the worker's hands, under that number; says whether the fast lane took it.
   * @throws whatever the platform throws when it can't copy; nothing was sent then
   */
  give(seq: number, ready: ReadyJob): boolean {
    const { task, args, encoded, stores, attempt = 1, stream } = ready
    const ref = this.#life.refOf(task)
    const plain = encoded === undefined || (!encoded.special && encoded.transfer.length === 0)
    // What is sent to one that still starts must come in order: its lanes are joined when it reads.
    if (
      this.#life.wasReady &&
      plain &&
      attempt === 1 &&
      args !== undefined &&
      stream === undefined &&
      this.#tryGive(seq, ref, args, stores)
    )
      return true
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
    return false
  }

  /** Sends a call that the worker is to run beside those in its hands; throws as `give` does. */
  help(seq: number, ready: ReadyJob): void {
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

  #tryGive(seq: number, ref: number, args: readonly unknown[], stores: ReadyJob['stores']): boolean {
    if (stores === undefined) return this.#worker.tryGive(seq, ref, args)
    const plain = this.#storages.plain(stores)
    return plain !== undefined && this.#worker.tryGive(seq, ref, args, plain)
  }
}

/** Few primitives. */
function asTheyAre({ args }: ReadyJob): Encoded {
  return { value: args, special: false, transfer: [] }
}
