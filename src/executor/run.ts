/** `run`: one call, as a job and a future. */
import { ClosedError, TimeoutError } from '../errors.ts'
import { Limit, type LimitOwner, timerIn } from '../runtime/limit.ts'
import type { Timer } from '../runtime/runtime.ts'
import { type Stoppable, type Strand, strandIfAny } from '../runtime/strand.ts'
import { type CallContext, currentCall } from '../task/context.ts'
import { abortError, endingError, type Future, FutureControl } from '../task/future.ts'
import { onAwait } from '../task/on-await.ts'
import type { Outcome } from '../task/results.ts'
import { type AnyFunction, nameOf, type Result, type Task } from '../task/task.ts'
import type { Backend, Caller, Job } from './backend.ts'
import type { CallOptions } from './call-options.ts'
import { callerHere, captureCaller, withCaller } from './caller.ts'
import { ranTooLong } from './ran-too-long.ts'
import { type PoolNotes, type ReadyJob, unknownCost } from './ready-job.ts'
import type { Pause } from './repeat/pauses.ts'
import { type Attempts, assertNothingMoves, attemptsOf, repeat } from './repeat/retry.ts'

/** What all calls of one executor share: where they go, and their options. */
export interface Course {
  readonly backend: Backend<ReadyJob>
  readonly options: CallOptions
  /** The only worker that may run them, if there is one: `Job.to`. */
  readonly worker?: object | undefined
}

export function runOne<F extends AnyFunction>(
  course: Course,
  task: Task<F>,
  args: readonly unknown[],
  calledAs: Function,
): Future<Result<F>> {
  const caller = course.backend.model === 'coroutines' ? callerHere : captureCaller(task, calledAs)
  const call = new SingleCall(course, task, args, caller)
  call.begin()
  return call.future as Future<Result<F>>
}

/**
 * What only some calls have: a limit, a signal, repeats; a maker, nested calls; encoded arguments.
 */
class Extras {
  attempts: Attempts | undefined
  limit: Limit | undefined
  /** Of the attempt that runs. */
  runTimer: Timer | undefined
  pause: Pause | undefined
  /** What it was started in, and ends with. */
  strand: Strand | undefined
  within: CallContext | undefined
  waitedFor = false
  encoded: PoolNotes['encoded']
  stores: PoolNotes['stores']
  nesting: PoolNotes['nesting']
  nested: PoolNotes['nested']
  pin: PoolNotes['pin']
}

/**
 * A burst makes many of these, and they all live until they are settled. So the call, its control
 * and the pool's notes are one object, and what few calls have is kept in another.
 */
class SingleCall extends FutureControl<unknown> implements Job, PoolNotes, Stoppable, LimitOwner {
  readonly task: Task
  readonly args: readonly unknown[]
  readonly caller: Caller
  ready: object | undefined = undefined
  readonly #course: Course
  #extras: Extras | undefined
  cost: PoolNotes['cost'] = unknownCost
  waiting = false
  order = 0
  time = 0
  slot: PoolNotes['slot'] = undefined
  seq = 0
  over = true

  constructor(course: Course, task: Task, args: readonly unknown[], caller: Caller) {
    super()
    this.#course = course
    this.task = task
    this.args = args
    this.caller = caller
    const { backend, options } = course
    const attempts = attemptsOf(options, backend.name, task)
    if (attempts !== undefined) {
      assertNothingMoves(args, task, backend.model)
      this.#extra.attempts = attempts
    }
    const strand = strandIfAny()
    if (strand === undefined) return
    this.#extra.strand = strand
    const within = currentCall()
    if (within === undefined) return
    this.#extra.within = within
    if (backend.awaited !== undefined) onAwait(this.future, () => this.#awaited())
  }

  override get heldBy(): Strand | undefined {
    return this.#extras?.strand
  }

  get within(): CallContext | undefined {
    return this.#extras?.within
  }

  get waitedFor(): boolean {
    return this.#extras?.waitedFor === true
  }

  // ── the pool's notes ──

  get encoded(): PoolNotes['encoded'] {
    return this.#extras?.encoded
  }

  set encoded(encoded: PoolNotes['encoded']) {
    if (encoded !== undefined || this.#extras !== undefined) this.#extra.encoded = encoded
  }

  get pin(): PoolNotes['pin'] {
    return this.#extras?.pin
  }

  set pin(pin: PoolNotes['pin']) {
    this.#extra.pin = pin
  }

  get stores(): PoolNotes['stores'] {
    return this.#extras?.stores
  }

  set stores(stores: PoolNotes['stores']) {
    if (stores !== undefined || this.#extras !== undefined) this.#extra.stores = stores
  }

  get nesting(): PoolNotes['nesting'] {
    return this.#extras?.nesting
  }

  set nesting(nesting: PoolNotes['nesting']) {
    this.#extra.nesting = nesting
  }

  get nested(): PoolNotes['nested'] {
    return this.#extras?.nested
  }

  set nested(nested: PoolNotes['nested']) {
    this.#extra.nested = nested
  }

  // ── the call ──

  get priority(): number {
    return this.#course.options.priority ?? 0
  }

  get to(): string | number | object | undefined {
    return this.#course.worker ?? this.#course.options.key
  }

  get attempt(): number {
    return this.#extras?.attempts?.attempt ?? 1
  }

  begin(): void {
    const { backend, options } = this.#course
    const { heldBy } = this
    if (options.signal?.aborted) return this.aborted(options.signal.reason)
    if (heldBy?.stopped) return this.stop(heldBy.reason)
    backend.submit(this)
    if (this.hasSettled) return
    heldBy?.hold(this)
    const limit = Limit.begin(options, this)
    if (limit !== undefined) this.#extra.limit = limit
  }

  override started(): void {
    super.started()
    const { runTimeoutMs } = this.#course.options
    if (runTimeoutMs !== undefined && !this.hasSettled) this.#limitRun(runTimeoutMs)
  }

  #limitRun(runTimeoutMs: number): void {
    const extra = this.#extra
    extra.runTimer?.cancel()
    extra.runTimer = timerIn(runTimeoutMs, () => this.#end(ranTooLong(this.task, runTimeoutMs)))
  }

  settled(outcome: Outcome<unknown>): void {
    if (this.hasSettled) return // It was stopped, which is not a failure to be repeated.
    if (outcome.ok) {
      this.#release()
      return this.resolve(outcome.value)
    }
    const attempts = this.#extras?.attempts
    const error = attempts === undefined ? outcome.error : attempts.afterFailure(outcome.error)
    if (attempts !== undefined && error === repeat) return this.#repeat(attempts)
    this.#release()
    if (this.caller === callerHere && !(error instanceof ClosedError)) this.rejectFor(error)
    else this.reject(withCaller(error, this.caller), error instanceof ClosedError ? 'cancelled' : 'failed')
  }

  left(error: Error): void {
    this.future.catch(() => {})
    this.#release()
    this.reject(error, 'cancelled')
  }

  /** The future is awaited. */
  #awaited(): void {
    if (this.waitedFor || this.within === undefined) return
    this.#extra.waitedFor = true
    if (!this.hasSettled) this.#course.backend.awaited?.(this)
  }

  #repeat(attempts: Attempts): void {
    this.#extras?.runTimer?.cancel()
    const again = () => attempts.again(() => this.#course.backend.submit(this))
    if (attempts.delayMs === 0) again()
    else
      this.#extra.pause = this.#course.backend.pause(attempts.delayMs, {
        again,
        left: error => this.left(error),
      })
  }

  get #extra(): Extras {
    this.#extras ??= new Extras()
    return this.#extras
  }

  #release(): void {
    const extras = this.#extras
    if (extras === undefined) return
    extras.limit?.end()
    extras.runTimer?.cancel()
    extras.pause?.cancel()
    extras.strand?.release(this)
  }

  /** The user has cancelled the future. */
  cancel(reason: unknown): void {
    this.#end(abortError(this.#what, reason))
  }

  /**
   * The owner of the signal knows that it aborted, so an unawaited future is not a lost error.
   */
  aborted(reason: unknown): void {
    this.future.catch(() => {})
    this.#end(abortError(this.#what, reason))
  }

  timedOut(timeoutMs: number): void {
    const where = this.state === 'queued' ? 'it was still waiting for a worker' : 'it was running'
    this.#end(
      new TimeoutError(
        `${nameOf(this.task)} did not end within ${timeoutMs} ms of the call; ${where}.`,
        timeoutMs,
      ),
    )
  }

  /**
   * The strand that started it was cancelled. Whoever cancelled it knows, so the error is not lost.
   */
  stop(reason: unknown): void {
    this.future.catch(() => {})
    this.#stop(reason)
  }

  /** Ends the call with an error of its own. */
  #end(error: Error): void {
    this.#stop(withCaller(error, this.caller))
  }

  #stop(reason: unknown): void {
    this.#release()
    this.reject(reason, 'cancelled')
    this.#course.backend.cancel(this, endingError(this.#what, reason))
  }

  get #what(): string {
    return `${nameOf(this.task)}, run on ${this.#course.backend.name},`
  }
}
