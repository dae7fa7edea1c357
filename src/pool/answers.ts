/**
 * What a worker says of the calls that it has, as outcomes and values of their jobs. What can't be
 * true ends the worker.
 */
import { AtonceError } from '../errors.ts'
import { learnClasses } from '../executor/caller.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import type { Outcome } from '../task/results.ts'
import { messageOf } from '../thrown.ts'
import { decode } from '../wire/codec.ts'
import type { WireFailure } from '../wire/failure.ts'
import type { FromWorker } from '../wire/messages.ts'
import { yieldedValues } from '../wire/yields.ts'
import type { Life } from '../worker/life.ts'
import { failuresIn, outcomeOf } from '../worker/reply.ts'
import { relayedOutcome } from './nested.ts'

/** A message that ends a call. */
export type Answer = Extract<FromWorker, { kind: 'done' | 'doneChunk' | 'failed' | 'dropped' }>
/** A message of a stream that goes on. */
export type StreamMessage = Extract<FromWorker, { kind: 'yielded' | 'yieldedOne' | 'returning' }>

type Settle = (ready: ReadyJob, outcome: Outcome<unknown>, workMs?: number) => void

export class Answers {
  readonly #life: Life
  readonly #settle: Settle
  /** Whether there was one to a call that was still wanted. */
  some = false

  constructor(life: Life, settle: Settle) {
    this.#life = life
    this.#settle = settle
  }

  /**
   * The call has ended. The worker is free at once, even if the outcome must wait for the classes
   * of its errors.
   */
  settle(ready: ReadyJob, message: Exclude<Answer, { kind: 'dropped' }>): void {
    const { workMs } = message
    this.some = true
    if (ready.relayed) return this.#settle(ready, relayedOutcome(message), workMs)
    const settle = () => {
      if (!ready.over)
        this.#settle(
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
    this.#settle(ready, outcome, workMs)
  }

  /**
   * The call was never begun. A cancelled one was settled then; this is a stream that was left
   * before, or a forgery.
   */
  drop(ready: ReadyJob, wasLeft: boolean): void {
    this.#settle(
      ready,
      ready.stream !== undefined && wasLeft
        ? { ok: true, value: undefined }
        : { ok: false, error: this.#life.forged('dropped for a call that nobody cancelled') },
    )
  }

  /** The values of a stream have come; says whether anybody waits for more. */
  yielded(ready: ReadyJob, message: StreamMessage): boolean {
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
   * A message whose inside is not what it should be is a forged one: what such a worker is at can't
   * be known.
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
