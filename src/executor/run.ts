/** `run`: one call, as a job and a future. */
import { ClosedError, TimeoutError } from '../errors.ts'
import { runtime, type Timer } from '../runtime/runtime.ts'
import { type CallContext, currentCall } from '../task/context.ts'
import { abortError, type Future, FutureControl } from '../task/future.ts'
import { onAwait } from '../task/on-await.ts'
import type { Outcome } from '../task/results.ts'
import { type AnyFunction, nameOf, type Result, type Task } from '../task/task.ts'
import type { Backend, Caller, Job } from './backend.ts'
import type { CallOptions } from './call-options.ts'
import { callerHere, captureCaller } from './caller.ts'
import { type Attempts, assertNothingMoves, attemptsOf, repeat } from './retry.ts'

export function runOne<F extends AnyFunction>(
  backend: Backend,
  options: CallOptions,
  task: Task<F>,
  args: readonly unknown[],
  calledAs: Function,
): Future<Result<F>> {
  const caller = backend.model === 'coroutines' ? callerHere : captureCaller(task, calledAs)
  const call = new SingleCall(backend, options, task, args, caller)
  call.begin()
  return call.future as Future<Result<F>>
}

/** A class, not closures: a burst makes many of these, and they all live until they are settled. */
class SingleCall extends FutureControl<unknown> implements Job {
  readonly task: Task
  readonly calls: readonly (readonly unknown[])[]
  readonly chunk = false
  readonly caller: Caller
  readonly within: CallContext | undefined = currentCall()
  waitedFor = false
  ready: object | undefined = undefined
  readonly #backend: Backend
  readonly #options: CallOptions
  readonly #attempts: Attempts | undefined
  #timer: Timer | undefined
  #pause: Timer | undefined

  constructor(backend: Backend, options: CallOptions, task: Task, args: readonly unknown[], caller: Caller) {
    super()
    this.#backend = backend
    this.#options = options
    this.task = task
    this.calls = [args]
    this.caller = caller
    this.#attempts = attemptsOf(options, backend.name, task)
    if (this.#attempts !== undefined) assertNothingMoves(args, task)
    if (this.within !== undefined && backend.awaited !== undefined)
      onAwait(this.future, () => this.#awaited())
  }

  get priority(): number {
    return this.#options.priority ?? 0
  }

  get attempt(): number {
    return this.#attempts?.attempt ?? 1
  }

  begin(): void {
    const { signal, timeoutMs } = this.#options
    if (signal?.aborted) return void this.#aborted()
    this.#backend.submit(this)
    if (this.hasSettled) return
    signal?.addEventListener('abort', this.#aborted, { once: true })
    if (timeoutMs !== undefined && timeoutMs !== Number.POSITIVE_INFINITY) {
      this.#timer = runtime().setTimer(timeoutMs, () => this.#timedOut(timeoutMs))
    }
  }

  settled(outcome: Outcome<unknown>): void {
    if (this.hasSettled) return // It was stopped: that is no failure to be repeated.
    if (outcome.ok) {
      this.#release()
      return this.resolve(outcome.value)
    }
    const attempts = this.#attempts
    const error = attempts === undefined ? outcome.error : attempts.afterFailure(outcome.error)
    if (attempts !== undefined && error === repeat) return this.#repeat(attempts)
    this.#release()
    this.reject(error, error instanceof ClosedError ? 'cancelled' : 'failed')
  }

  left(error: Error): void {
    this.future.catch(() => {})
    this.#release()
    this.reject(error, 'cancelled')
  }

  /** Somebody waits for the future. */
  #awaited(): void {
    if (this.waitedFor || this.within === undefined) return
    this.waitedFor = true
    if (!this.hasSettled) this.#backend.awaited?.(this)
  }

  #repeat(attempts: Attempts): void {
    this.ready = undefined
    const again = () => attempts.again(() => this.#backend.submit(this))
    if (attempts.delayMs === 0) again()
    else this.#pause = runtime().setTimer(attempts.delayMs, again)
  }

  #release(): void {
    this.#timer?.cancel()
    this.#pause?.cancel()
    this.#options.signal?.removeEventListener('abort', this.#aborted)
  }

  /** The user has cancelled the future. */
  cancel(reason: unknown): void {
    this.#stop(abortError(this.#what, reason))
  }

  /** Bound once it is needed, as a listener; most calls have no signal. */
  get #aborted(): () => void {
    this.#listener ??= () => {
      // Whoever owns the signal knows that it aborted: a future that nobody awaits is no lost error then.
      this.future.catch(() => {})
      this.#stop(abortError(this.#what, this.#options.signal?.reason))
    }
    return this.#listener
  }
  #listener: (() => void) | undefined

  #timedOut(timeoutMs: number): void {
    const where = this.state === 'queued' ? 'it was still waiting for a worker' : 'it was running'
    this.#stop(
      new TimeoutError(
        `${nameOf(this.task)} did not end within ${timeoutMs} ms of the call; ${where}.`,
        timeoutMs,
      ),
    )
  }

  #stop(error: Error): void {
    this.#release()
    this.reject(error, 'cancelled')
    this.#backend.cancel(this, error)
  }

  get #what(): string {
    return `${nameOf(this.task)}, run on ${this.#backend.name},`
  }
}
