/**
 * Repeats of failed calls: which calls may be repeated, after which failures, and which errors are
 * reported.
 *
 *     call fails ─▶ may it be repeated? ─▶ after `retryDelayMs`: the same job again, attempt + 1 ─▶ …
 *                        └─ no ─▶ the error itself, or RetryError with those of all attempts
 *
 * Without `retries` a call runs at most once. With it, it runs at least once, and each repeat can
 * be seen: in the task's `context().attempt`, in `stats().retried`, and on the channel
 * `atonce.call.retry`.
 */
import {
  AbortError,
  ClosedError,
  DeclarationError,
  EntryPointError,
  InvalidTaskError,
  OptionError,
  PayloadTooLargeError,
  QueueFullError,
  RetryError,
  SerializationError,
  TaskLoadError,
  TaskVersionError,
  UnknownClassError,
} from '../../errors.ts'
import { nameOf, type Task } from '../../task/task.ts'
import { holdsMarks } from '../../task/transfer.ts'
import { isError } from '../../thrown.ts'
import { publishRetry } from '../../trace.ts'
import type { CallOptions } from '../call-options.ts'
import type { Model } from '../stats.ts'

/** Failures that a repeat can't mend, or that the user has asked for. */
const final = [
  AbortError,
  ClosedError,
  DeclarationError,
  EntryPointError,
  InvalidTaskError,
  OptionError,
  PayloadTooLargeError,
  QueueFullError,
  SerializationError,
  TaskLoadError,
  TaskVersionError,
  UnknownClassError,
] as const

/** Stands for "there is another attempt". */
export const repeat: unique symbol = Symbol('repeat')

const { AsyncResource } = process.getBuiltinModule('node:async_hooks')

/** The attempts of one call. */
export class Attempts {
  /** The caller's asynchronous context, whose propagated storages go with each attempt. */
  readonly #scope = new AsyncResource('atonce.retry')
  readonly #options: CallOptions
  readonly #executor: string
  readonly #task: Task
  readonly #errors: Error[] = []

  constructor(options: CallOptions, executor: string, task: Task) {
    this.#options = options
    this.#executor = executor
    this.#task = task
  }

  /** The number of the attempt that is under way. */
  get attempt(): number {
    return this.#errors.length + 1
  }

  get delayMs(): number {
    return this.#options.retryDelayMs ?? 0
  }

  /** Begins the next attempt as the caller began the first. */
  again(begin: () => void): void {
    this.#scope.runInAsyncScope(begin)
  }

  /** `repeat`, or what the call fails with; what `retryIf` throws is an error of the call. */
  afterFailure(error: unknown): unknown {
    try {
      if (!this.#mayRepeat(error)) return this.#finalError(error)
    } catch (thrown) {
      return this.#finalError(thrown)
    }
    this.#errors.push(error as Error)
    publishRetry({
      executor: this.#executor,
      task: nameOf(this.#task),
      attempt: this.attempt,
      error: error as Error,
    })
    return repeat
  }

  #mayRepeat(error: unknown): boolean {
    const { retries = 0, retryIf } = this.#options
    const { attempt } = this
    if (!isError(error) || attempt > retries || isFinal(error)) return false
    return retryIf === undefined || retryIf(error, attempt)
  }

  /** The error as it is, if the call was not repeated. */
  #finalError(error: unknown): unknown {
    return this.#errors.length === 0 ? error : new RetryError(nameOf(this.#task), [...this.#errors, error])
  }
}

/**
 * The attempts of a call, if it may be repeated at all.
 * @throws OptionError if it is to be repeated but its task is not marked
 */
export function attemptsOf(options: CallOptions, executor: string, task: Task): Attempts | undefined {
  if (options.retries === undefined || options.retries === 0) return undefined
  if (!task.idempotent) {
    throw new OptionError(
      `with({ retries: ${options.retries} }) repeats calls, and ${nameOf(task)} does not say that it may run twice. If it may: task(import.meta, ${nameOf(task)}, { idempotent: true }).`,
    )
  }
  return new Attempts(options, executor, task)
}

/** @throws OptionError if something in the arguments is marked to be moved */
export function assertNothingMoves(args: Iterable<unknown>, task: Task, model: Model): void {
  if (!holdsMarks(args, model !== 'coroutines')) return
  throw new OptionError(
    `with({ retries }) can't repeat ${nameOf(task)}: an argument is moved, and would be gone after the first attempt. Pass it without move(), or put it on a SharedArrayBuffer.`,
  )
}

function isFinal(error: Error): boolean {
  return final.some(kind => error instanceof kind)
}
