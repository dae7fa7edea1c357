/**
 * The near side of the connection to a thread: claims, rings and messages, whatever runs at the
 * other end.
 *
 *     FarWorker ─▶ claims, ring, port ─┊─▶ worker/far/far-thread.ts
 */
import { store } from '../runtime/atomics.ts'
import { claimMemory, claimWindow, giveClaim, recallClaim, wasBegun } from '../wire/claims.ts'
import type { Lent } from '../wire/lent/link.ts'
import type { LentMessage } from '../wire/lent/messages.ts'
import { NearPorts } from '../wire/lent/near-ports.ts'
import type { RunMessage, ToWorker } from '../wire/messages.ts'
import type { PlainStores } from '../wire/propagation.ts'
import { type Port, sharedRings } from '../wire/transport/port.ts'
import { PortCaller } from '../wire/transport/port-caller.ts'
import type { Transfer } from '../wire/transport/transport.ts'
import type { ThreadMemory } from '../worker/birth.ts'
import { callEndedBy } from '../worker/call-ended.ts'
import type { Exit, FarWorker, FarWorkerOwner } from '../worker/far-worker.ts'
import { handOverPrinted, isOutput, type OnOutput, print, threadWords } from '../worker/output.ts'

/** What is needed of a `Worker` of the platform. */
export interface Thread {
  readonly threadId: number | undefined
  terminate(): void
  ref(): void
  unref(): void
}

export function threadMemory(): ThreadMemory {
  return { words: new Int32Array(new SharedArrayBuffer(8)), claims: claimMemory(), rings: sharedRings() }
}

export class NearThread implements FarWorker {
  readonly name: string
  readonly pid = undefined
  readonly capacity: number = claimWindow / 2
  readonly #claims: Int32Array
  readonly #words: Int32Array
  readonly #owner: FarWorkerOwner
  readonly #thread: Thread
  readonly #transport: PortCaller
  readonly #ends = new NearPorts()
  #unreadable: string | undefined

  constructor(
    name: string,
    port: Port,
    memory: ThreadMemory,
    owner: FarWorkerOwner,
    thread: Thread,
    onOutput?: OnOutput,
  ) {
    const { words, claims, rings } = memory
    this.name = name
    this.#words = words
    this.#claims = claims
    this.#owner = owner
    this.#thread = thread
    this.#transport = new PortCaller(
      port,
      {
        message: message => {
          if (!isOutput(message)) this.#heard(message)
          else if (onOutput === undefined) print(message, words)
          else handOverPrinted(message, words, name, onOutput)
        },
        done: (seq, workMs, value, more) => {
          if (!this.#ends.none) this.#ends.over(seq)
          owner.done(seq, workMs, value, more)
        },
        patience: () => owner.patience(),
        garbled: what => {
          this.#unreadable = what
          thread.terminate()
        },
      },
      rings,
    )
    this.#transport.listen()
  }

  get threadId(): number | undefined {
    return this.#thread.threadId
  }

  send(message: ToWorker | LentMessage, transfer?: Transfer): void {
    this.#transport.send(message, transfer)
  }

  tryGive(seq: number, ref: number, args: readonly unknown[], stores?: PlainStores): boolean {
    giveClaim(this.#claims, seq)
    return this.#transport.tryRun(seq, ref, args, stores)
  }

  get congested(): boolean {
    return this.#transport.congested
  }

  flush(): void {
    this.#transport.flush()
  }

  give(message: RunMessage, transfer: Transfer, loans?: readonly Lent[]): void {
    giveClaim(this.#claims, message.seq)
    this.#transport.sendCall(message, transfer)
    if (loans !== undefined) this.#ends.lend(message.seq, loans)
  }

  recall(seq: number): boolean {
    if (!recallClaim(this.#claims, seq)) return false
    if (!this.#ends.none) this.#ends.forget(seq)
    return true
  }

  hadBegun(seq: number): boolean {
    return wasBegun(this.#claims, seq)
  }

  flagCancelled(seq: number): void {
    store(this.#words, threadWords.cancelled, seq) // Pairs with the load in worker/far/far-thread.ts.
  }

  /** The thread hears it and exits; what it says and prints until then arrives. */
  stop(): void {
    this.#transport.sayFarewell()
  }

  kill(): void {
    this.#thread.terminate()
  }

  hold(): void {
    this.#thread.ref()
    this.#transport.ref()
  }

  release(): void {
    this.#thread.unref()
    this.#transport.unref()
  }

  /** The thread has exited and runs no more code: what it said before counts. */
  exited(exit: Exit): void {
    this.#owner.ending()
    this.#transport.drain()
    this.#transport.close()
    this.#ends.end()
    this.#owner.exited(this.#unreadable === undefined ? exit : { kind: 'garbled', what: this.#unreadable })
  }

  #heard(message: unknown): void {
    if (!this.#ends.none) {
      const ended = callEndedBy(message)
      if (ended !== undefined) this.#ends.over(ended)
    }
    this.#owner.message(message)
  }
}
