/**
 * A worker's own calls, seen from this side: `initialize` before it is ready, `teardown` before it
 * ends.
 *
 *     begin ─▶ load, own {seq} ──┊─▶ fn(…args) ─┊─▶ done | failed ─▶ ended
 *                                               └─▶ nest: refused, as the worker does not belong to the pool's calls yet, or any more
 */
import { ClosedError } from '../errors.ts'
import { callerError } from '../executor/caller.ts'
import { nameOf, type Task } from '../task/task.ts'
import { PlainEncoding } from '../wire/encoding.ts'
import { encodeFailure } from '../wire/failure.ts'
import type { FromWorker, ToWorker } from '../wire/messages.ts'

/** Such a call, encoded once for all workers. */
export interface EncodedOwnCall {
  readonly task: Task
  readonly args: unknown
  readonly special: boolean
}

/**
 * The number of such a call. There is one at a time, and the numbers of jobs begin at 1.
 */
const ownSeq = 0
export type OwnCallName = 'initialize' | 'teardown'

/** What a worker says about such a call. */
type Said = Extract<FromWorker, { readonly seq: number }>

/** What these calls need of the worker's life. */
export interface OwnCallsOwner {
  refOf(task: Task): number
  imported(task: Task): void
  send(message: ToWorker): void
  /** The call has ended, with an error if it failed. */
  ownCallEnded(name: OwnCallName, task: Task, error: Error | undefined): void
}

export class OwnCalls {
  readonly #owner: OwnCallsOwner
  readonly #calls: Readonly<Record<OwnCallName, EncodedOwnCall | undefined>>
  #running: OwnCallName | undefined

  constructor(owner: OwnCallsOwner, calls: Readonly<Record<OwnCallName, EncodedOwnCall | undefined>>) {
    this.#owner = owner
    this.#calls = calls
  }

  /** Starts the call in the worker; false if there is none. */
  begin(name: OwnCallName): boolean {
    const call = this.#calls[name]
    if (call === undefined) return false
    this.#running = name
    const { task, args, special } = call
    try {
      const ref = this.#owner.refOf(task)
      this.#owner.send({ kind: 'own', seq: ownSeq, ref, args, special, chunk: false, attempt: 1 })
    } catch (error) {
      this.#ended(name, task, error as Error) // The platform can't copy the arguments, although the scan has passed them.
    }
    return true
  }

  /** The task of the call that runs now. */
  get running(): Task | undefined {
    return this.#running && this.#calls[this.#running]?.task
  }

  /** The task that initializes the worker, while it does. */
  get initializing(): Task | undefined {
    return this.#running === 'initialize' ? this.#calls.initialize?.task : undefined
  }

  /**
   * Whether this is the number of the call that runs now.
   */
  isOf(seq: number): boolean {
    return seq === ownSeq && this.#running !== undefined
  }

  /** The worker has said this about the call that runs now. */
  hear(message: Said): void {
    const name = this.#running as OwnCallName
    const { task } = this.#calls[name] as EncodedOwnCall
    switch (message.kind) {
      case 'done':
        this.#owner.imported(task)
        return this.#ended(name, task, undefined)
      case 'failed':
        return this.#ended(name, task, callerError(message.failure, undefined))
      case 'nest':
        return this.#refuse(
          message.id,
          `${nameOf(task)} is a worker's ${name}, and can't run tasks on its pool.`,
        )
    }
  }

  #ended(name: OwnCallName, task: Task, error: Error | undefined): void {
    this.#running = undefined
    this.#owner.ownCallEnded(name, task, error)
  }

  #refuse(id: number, why: string): void {
    const failure = encodeFailure(new ClosedError(why), new PlainEncoding())
    const reply = { kind: 'failed', failure } as const
    this.#owner.send({ kind: 'nestedSettled', id, reply, workMs: undefined, left: false })
  }
}
