/**
 * What a worker says of the calls that it has, as outcomes and values of their jobs. What can't be
 * true ends the worker.
 *
 *     done | failed | dropped ─▶ take ─▶ settled ─▶ Slot.freed
 *     yielded | returning ─▶ the stream        nest | unnest ─▶ the pool
 */
import { AtonceError } from '../errors.ts'
import { learnClasses } from '../executor/caller.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import type { Outcome } from '../task/results.ts'
import { messageOf } from '../thrown.ts'
import { decode } from '../wire/codec.ts'
import type { WireFailure } from '../wire/failure.ts'
import type { FromWorker, NestMessage } from '../wire/messages.ts'
import { yieldedValues } from '../wire/yields.ts'
import type { Life } from '../worker/life.ts'
import { failuresIn, outcomeOf } from '../worker/reply.ts'
import type { Calls } from './calls.ts'
import { relayedOutcome } from './nested.ts'
import type { OwnerOf } from './slot-owner.ts'

/** A message that ends a call. */
type Answer = Extract<FromWorker, { kind: 'done' | 'doneChunk' | 'failed' | 'dropped' }>
/** A message of a stream that goes on. */
type StreamMessage = Extract<FromWorker, { kind: 'yielded' | 'yieldedOne' | 'returning' }>

/** What the slot is told. */
interface Answered {
  /** The call is out of the worker's hands; `beside`: it ran beside the hand. */
  freed(ready: ReadyJob, beside: boolean): void
  /** The call has made another one. */
  nest(ready: ReadyJob, message: NestMessage): void
  /** Nobody waits for more of a stream. */
  rests(): void
  wearOut(): void
}

export class Answers {
  readonly #life: Life
  readonly #calls: Calls
  readonly #slot: Answered
  readonly #owner: Pick<OwnerOf<unknown>, 'settled' | 'unnest'>
  /** Whether the worker has answered a call that was still wanted. */
  some = false

  constructor(life: Life, calls: Calls, slot: Answered, owner: Pick<OwnerOf<unknown>, 'settled' | 'unnest'>) {
    this.#life = life
    this.#calls = calls
    this.#slot = slot
    this.#owner = owner
    this.#converse()
  }

  #converse(): void {
    const answer = (message: Answer) => this.#of(message, ready => this.#answer(ready, message))
    const yielded = (message: StreamMessage) => this.#of(message, ready => this.#yielded(ready, message))
    this.#life.hears
      .on('worn', () => this.#slot.wearOut())
      .on('progress', ({ seq, done, total }) => {
        const ready = this.#calls.get(seq)
        if (ready !== undefined && !ready.over) ready.progressed(done, total)
      })
      .on('done', answer)
      .on('doneChunk', answer)
      .on('failed', answer)
      .on('dropped', answer)
      .on('yielded', yielded)
      .on('yieldedOne', yielded)
      .on('returning', yielded)
      .on('nest', message => this.#of(message, ready => this.#nest(ready, message)))
      .on('unnest', message => this.#of(message, ready => this.#owner.unnest(ready, message)))
  }

  /** Looks up the call that the message is about. */
  #of({ kind, seq }: Extract<FromWorker, { seq: number }>, hear: (ready: ReadyJob) => void): void {
    const ready = this.#calls.get(seq)
    if (ready === undefined) this.#life.forged(`${kind} for a call that it does not have`)
    else hear(ready)
  }

  #answer(ready: ReadyJob, message: Answer): void {
    const wasLeft = this.#calls.leaving.has(ready.seq)
    const beside = this.#calls.helping.has(message.seq)
    this.#calls.take(message.seq)
    if (!ready.over) {
      if (message.kind === 'dropped') this.#drop(ready, wasLeft)
      else this.#settle(ready, message)
    }
    this.#slot.freed(ready, beside)
  }

  #nest(ready: ReadyJob, message: NestMessage): void {
    // The first call of that number would never be abandoned: its maker finds it by the number.
    if (ready.nested?.has(message.id)) this.#life.forged('nest, with a number that is taken')
    else this.#slot.nest(ready, message)
  }

  /**
   * The call has ended. The worker is free at once, even if the outcome must wait until the classes
   * of its errors are loaded.
   */
  #settle(ready: ReadyJob, message: Exclude<Answer, { kind: 'dropped' }>): void {
    const { workMs } = message
    this.some = true
    if (ready.relayed) return this.#owner.settled(ready, relayedOutcome(message), workMs)
    const settle = () => {
      if (!ready.over)
        this.#owner.settled(
          ready,
          this.#believed(() => outcomeOf(message, ready)),
          workMs,
        )
    }
    const failures: readonly WireFailure[] = failuresIn(message)
    const learning = failures.length === 0 ? undefined : learnClasses(failures, ready)
    if (learning === undefined) settle()
    else learning.then(settle)
  }

  /** A plain result came on the fast lane. */
  settlePlain(ready: ReadyJob, value: unknown, workMs: number): void {
    const outcome: Outcome<unknown> = ready.relayed
      ? relayedOutcome({ kind: 'done', value, special: false })
      : { ok: true, value }
    this.some = true
    this.#owner.settled(ready, outcome, workMs)
  }

  /**
   * The call was never begun. A cancelled call was settled when it was cancelled, so this is a
   * stream whose consumer has left, or a forged message.
   */
  #drop(ready: ReadyJob, wasLeft: boolean): void {
    this.#owner.settled(
      ready,
      ready.stream !== undefined && wasLeft
        ? { ok: true, value: undefined }
        : { ok: false, error: this.#life.forged('dropped for a call that nobody cancelled') },
    )
  }

  #yielded(ready: ReadyJob, message: StreamMessage): void {
    if (!ready.over && !this.#deliver(ready, message)) this.#slot.rests()
  }

  /** Delivers values of a stream; says whether its consumer waits for more. */
  #deliver(ready: ReadyJob, message: StreamMessage): boolean {
    const { stream } = ready
    if (stream === undefined) {
      this.#life.forged(`${message.kind} for a call that is no stream`)
      return true
    }
    if (message.kind === 'returning') {
      stream.returning()
      return true
    }
    const read = this.#believed(() => ({ ok: true, value: valuesOf(message) }))
    if (!read.ok) {
      this.#life.end(read.error as Error)
      return true
    }
    const credit = stream.yielded(read.value as unknown[], message.kind === 'yieldedOne' ? message.weight : 1)
    if (credit < 0) this.#life.forged('more values than were asked for')
    return credit !== 0
  }

  /**
   * A message with wrong contents is a forged one. What such a worker does can't be known.
   */
  #believed(read: () => Outcome<unknown>): Outcome<unknown> {
    try {
      return read()
    } catch (error) {
      if (error instanceof AtonceError) return { ok: false, error }
      return { ok: false, error: this.#life.forged(`a reply that can't be read (${messageOf(error)})`) }
    }
  }
}

function valuesOf(message: Exclude<StreamMessage, { kind: 'returning' }>): unknown[] {
  return message.kind === 'yielded' ? yieldedValues(message) : [decode(message.value, message.special)]
}
