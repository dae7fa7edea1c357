/**
 * What a task knows about the call it is in: its signal, its progress, its attempt, its worker.
 *
 * The context belongs to the call, not to the thread: it is a strand, and follows the task through
 * its awaits and into the scopes that it opens.
 */
import { shown } from '../checks.ts'
import { AbortError, OptionError } from '../errors.ts'
import { resourcesKeep } from '../runtime/async-context.ts'
import { currentStrand, Strand, withStrand } from '../runtime/strand.ts'
import { isError } from '../thrown.ts'

const { AsyncLocalStorage, AsyncResource } = process.getBuiltinModule('node:async_hooks')

/** The call that a task is in. */
export interface TaskContext {
  /**
   * Aborts when the call is cancelled or times out. In a synchronous loop it can't: poll
   * `cancelled` there.
   */
  readonly signal: AbortSignal
  /**
   * Whether the call was cancelled. Reads a shared flag, so a synchronous loop sees it too; costs
   * some nanoseconds.
   */
  readonly cancelled: boolean
  /** @throws AbortError if the call was cancelled. */
  throwIfCancelled(): void
  /**
   * Tells the caller how far the task is; reaches `future.onProgress`. `total` is in the same unit
   * as `done`.
   */
  progress(done: number, total?: number): void
  /** 1 for the first try, 2 for the first repeat. */
  readonly attempt: number
  /** The worker's name, as `thread 2`; `main` outside of workers. */
  readonly worker: string
}

/**
 * The context of the task that runs here. Outside of a task it is one that is never cancelled, so
 * that a function can be called directly and tested like any other.
 *
 * @example
 *     for (let n = from; n < to; n++) { if (context().cancelled) return count; … }
 */
export function context(): TaskContext {
  return currentCall() ?? outside
}

/** Whether a task runs here. */
export function insideTask(): boolean {
  return currentCall() !== undefined
}

/** Calls `body` as part of the given call. */
export function withContext<T>(call: CallContext, body: () => T): T {
  return withStrand(call, body)
}

/** The call that runs here, as executors see it. */
export function currentCall(): CallContext | undefined {
  let strand = currentStrand()
  while (strand !== undefined && !isCall(strand)) strand = strand.parent
  return strand
}

/** A mark and not the class: the call may be run by another copy of atonce. */
const callMark = Symbol.for('atonce.call')

function isCall(strand: Strand): strand is CallContext {
  return callMark in strand
}

/**
 * Keeps the call that runs here, with all that follows it: what is called through the result is
 * part of that call too, as the body of a generator is, whoever asks for its next value.
 */
export function keepContext(): <T>(body: () => T) => T {
  const enter = AsyncLocalStorage.snapshot() as <T>(body: () => T) => T
  return resourcesKeep ? body => enter(() => new AsyncResource('atonce.step').runInAsyncScope(body)) : enter
}

let never: AbortSignal | undefined

const outside: TaskContext = {
  /** Made when it is first asked for, as in a call. */
  get signal() {
    never ??= new AbortController().signal
    return never
  },
  cancelled: false,
  throwIfCancelled() {},
  progress() {},
  attempt: 1,
  worker: 'main',
}

/** Who runs a call, as far as its context must ask. */
export interface CallOwner {
  report(context: CallContext, done: number, total: number | undefined): void
  /** Whether the call was cancelled, as a synchronous loop can see it. */
  pollCancelled(context: CallContext): boolean
}

/**
 * The context of a call on an executor; its signal is made only if somebody asks for it. Its waits
 * end when it is cancelled.
 */
export class CallContext extends Strand implements TaskContext {
  readonly attempt: number
  readonly worker: string
  /** Who runs the call. */
  readonly owner: CallOwner
  /** The call of this thread in which this one was made, on whatever executor. */
  readonly within: CallContext | undefined
  /** What made the call, if it runs on the maker's own event loop. */
  around: Strand | undefined

  /**
   * `name` is the task's, for whoever asks who waits; `within` is the call in which this one was
   * made.
   */
  constructor(attempt: number, worker: string, owner: CallOwner, name = 'a task', within?: CallContext) {
    super(name, undefined)
    this.attempt = attempt
    this.worker = worker
    this.owner = owner
    this.within = within
  }

  /**
   * Bound when it is asked for, as `progress`, so that `const { progress } = context()` works, and
   * most calls pay nothing.
   */
  get throwIfCancelled(): () => void {
    return () => {
      if (!this.cancelled) return
      if (this.stopped && isError(this.reason)) throw this.reason
      throw new AbortError('The call was cancelled.')
    }
  }

  get progress(): (done: number, total?: number) => void {
    return (done, total) => {
      if (typeof done !== 'number' || (total !== undefined && typeof total !== 'number'))
        throw new OptionError(
          `progress(done, total) takes numbers; it got ${shown(done)} and ${shown(total)}.`,
        )
      this.owner.report(this, done, total)
    }
  }

  get cancelled(): boolean {
    return this.stopped || this.owner.pollCancelled(this)
  }

  /** Marks the call as cancelled and aborts its signal. */
  cancel(reason: unknown): void {
    this.stop(reason)
  }

  static {
    Object.defineProperty(CallContext.prototype, callMark, { value: true })
  }
}
