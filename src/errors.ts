/**
 * Every error that atonce makes. One class for each thing that a caller would do differently; each
 * has a `code` that never changes, so `error.code === 'ATONCE_TIMEOUT'` works across versions,
 * copies and workers.
 *
 *     AtonceError
 *     ├── the program is wrong ── InvalidTaskError · DeclarationError · EntryPointError · NotOwnerError ·
 *     │                           TaskLoadError · TaskVersionError · SyncUseError · UnsupportedError
 *     ├── the value can't cross ─ SerializationError · UnknownClassError ·
 *     │                           PayloadTooLargeError · ThrownValueError
 *     ├── the work was stopped ── AbortError · TimeoutError · ClosedError · ChannelClosedError ·
 *     │                           QueueFullError
 *     ├── the work won't end ──── UnresponsiveError · DeadlockError
 *     ├── others broke it ─────── OwnerDiedError · BrokenBarrierError
 *     ├── every attempt failed ── RetryError
 *     ├── figures mean nothing ── NoisyMachineError · TrialError
 *     └── the worker failed ───── WorkerError
 *                                 ├── WorkerExitedError · WorkerCrashedError · OutOfMemoryError
 *                                 ├── WorkerStartError · WorkerStartTimeoutError · SpawnError
 *                                 └── ConnectionLostError · ProtocolError
 *     OptionError (a RangeError): an option or argument out of its range
 *
 * A programmer's mistake throws at the call; the world's failures reject.
 */
import { AtonceError, listErrorClasses } from './error-classes.ts'
import { isError, messageOf } from './thrown.ts'
import * as ofWorkers from './worker-errors.ts'

export { AtonceError, errorClasses, listErrorClasses } from './error-classes.ts'
export * from './worker-errors.ts'

/** An option or an argument is out of its range. Thrown at the call, before anything is started. */
export class OptionError extends RangeError {
  readonly code = 'ATONCE_OPTION'
}

/** The argument is not a task, or `task()` got no module. The message shows how to make one. */
export class InvalidTaskError extends AtonceError {
  constructor(message: string) {
    super('ATONCE_INVALID_TASK', message)
  }
}

/** `shareable()` or `propagated()` can't declare this. The message shows what to write. */
export class DeclarationError extends AtonceError {
  constructor(message: string) {
    super('ATONCE_DECLARATION', message)
  }
}

/** A module that a worker imported for its tasks tried to start workers, or to open a server. */
export class EntryPointError extends AtonceError {
  /** `server` is where the module wanted to listen. */
  constructor(module: string | undefined, server?: string) {
    super(
      'ATONCE_ENTRY_POINT',
      `A worker imported ${module === undefined ? 'a module' : module} to find its tasks, and that module ${server === undefined ? 'starts an executor' : `opens a server (${server})`} when it is imported. ` +
        `${server === undefined ? 'Every worker would start workers without end' : 'Every worker would open it once more'}. ` +
        'Move the tasks to a module of their own, or guard the main program:\n' +
        "    import { isWorker } from 'atonce'\n" +
        '    if (!isWorker) await main()',
    )
  }
}

/** This platform can't start such workers: a single executable application, or not Node. */
export class UnsupportedError extends AtonceError {
  constructor(message: string) {
    super('ATONCE_UNSUPPORTED', message)
  }
}

/** A task has tried to close the executor that runs it; that is for whoever made the executor. */
export class NotOwnerError extends AtonceError {
  constructor(executor: string) {
    super(
      'ATONCE_NOT_OWNER',
      `A task can't close ${executor}, which runs it: close() waits for the task, and the task would wait for close(). ` +
        'Call close() where the executor was made; leave out `await using` for currentExecutor().',
    )
  }
}

/** The worker could not import the task's module, or the task is not in it; `cause` says why. */
export class TaskLoadError extends AtonceError {
  /** The module's URL. */
  readonly module: string

  constructor(module: string, message: string, options?: ErrorOptions) {
    super('ATONCE_TASK_LOAD', message, options)
    this.module = module
  }
}

/** The module changed on disk since this program loaded it: a worker would run other code. */
export class TaskVersionError extends AtonceError {
  readonly module: string

  constructor(module: string, message: string) {
    super('ATONCE_TASK_VERSION', message)
    this.module = module
  }
}

/** A value can't be copied to the other side. `path` is where it stands, as `args[0].callback`. */
export class SerializationError extends AtonceError {
  readonly path: string

  constructor(path: string, message: string, options?: ErrorOptions) {
    super('ATONCE_SERIALIZATION', message, options)
    this.path = path
  }
}

/** An instance of a shareable class arrived where nobody declared it. Import its module there. */
export class UnknownClassError extends AtonceError {
  /** The URL of the module that declares the class. */
  readonly module: string
  readonly className: string

  constructor(module: string, className: string, message: string) {
    super('ATONCE_UNKNOWN_CLASS', message)
    this.module = module
    this.className = className
  }
}

const smallerPayload =
  'Send the data in smaller parts, move() its buffer, put it in a SharedArrayBuffer, or raise maxPayloadBytes.'

/** The arguments or the result of one task are larger than `maxPayloadBytes`. */
export class PayloadTooLargeError extends AtonceError {
  readonly payloadBytes: number
  readonly limitBytes: number

  constructor(payloadBytes: number, limitBytes: number, cure: string | undefined = smallerPayload) {
    super(
      'ATONCE_PAYLOAD_TOO_LARGE',
      `One message may carry ${limitBytes} bytes; this one has ${payloadBytes} or more. ${cure}`,
    )
    this.payloadBytes = payloadBytes
    this.limitBytes = limitBytes
  }
}

/** The task threw `value`, which is not an Error (if it can't be copied: its description). */
export class ThrownValueError extends AtonceError {
  readonly value: unknown

  constructor(value: unknown, description: string) {
    super(
      'ATONCE_THROWN_VALUE',
      `The task threw ${description}, which is not an Error. Throw new Error(…) instead.`,
    )
    this.value = value
  }
}

/** The work was cancelled: by its signal, `cancel()`, or a failure next to it. `cause` is why. */
export class AbortError extends AtonceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ATONCE_ABORTED', message, options)
  }
}

/**
 * The work was not finished within `timeoutMs`, counted from the call; time in the queue counts
 * too. Of a `retry`, `cause` is what failed until then.
 */
export class TimeoutError extends AtonceError {
  readonly timeoutMs: number

  constructor(message: string, timeoutMs: number) {
    super('ATONCE_TIMEOUT', message)
    this.timeoutMs = timeoutMs
  }
}

/** The executor or the scope is closed, or was closed before the work was done. */
export class ClosedError extends AtonceError {
  constructor(message: string) {
    super('ATONCE_CLOSED', message)
  }
}

/** The channel takes no more items, or has none left; `cause` is why it was closed. */
export class ChannelClosedError extends AtonceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ATONCE_CHANNEL_CLOSED', message, options)
  }
}

/** The queue holds `queueLimit` tasks. Await some, use `map` (it waits by itself), or raise it. */
export class QueueFullError extends AtonceError {
  readonly queueLimit: number

  constructor(executor: string, queueLimit: number) {
    super(
      'ATONCE_QUEUE_FULL',
      `The queue of ${executor} holds ${queueLimit} tasks already (queueLimit). ` +
        'Await some of them first, use map() (it reads its inputs only as fast as they are worked off), or raise queueLimit.',
    )
    this.queueLimit = queueLimit
  }
}

/**
 * A scope was cancelled (`cause` says why), and some children had not stopped `graceMs` later. They
 * go on, unseen: nothing can end a function on its own event loop.
 */
export class UnresponsiveError extends AtonceError {
  /** The scope's name. */
  readonly scope: string
  /** The names of the children that go on; `its body` for the body of the scope. */
  readonly children: readonly string[]
  readonly graceMs: number

  constructor(scope: string, children: readonly string[], graceMs: number, options?: ErrorOptions) {
    super(
      'ATONCE_UNRESPONSIVE',
      `${scope} was cancelled, and ${listed(children)} did not stop within ${graceMs} ms (graceMs). ` +
        'Give what it waits for the signal: s.spawn(({ signal }) => fetch(url, { signal })), or raise graceMs.',
      options,
    )
    this.scope = scope
    this.children = children
    this.graceMs = graceMs
  }
}

/**
 * Waits that can never end. `waits` says who waits for what: under virtual time everybody, once
 * nothing is ready and no timer is set; on threads, a circle where each holds the next one's lock.
 */
export class DeadlockError extends AtonceError {
  readonly waits: readonly { readonly who: string; readonly reason: string; readonly task?: string }[]

  constructor(waits: DeadlockError['waits'], message?: string) {
    super(
      'ATONCE_DEADLOCK',
      message ??
        'Nothing is left to wait for: no timer is set and the promise is still pending. ' +
          (waits.length === 0
            ? 'Nobody waits for anything of atonce: look for a promise that nobody settles, or for input and output, which a simulation can’t see.'
            : `Who waits:\n${waits.map(({ who, reason }) => `    ${who} waits for ${reason}`).join('\n')}`),
    )
    this.waits = waits
  }
}

/** A lock was released by a thread that does not hold it, or waited for where none may block. */
export class SyncUseError extends AtonceError {
  constructor(message: string) {
    super('ATONCE_SYNC_USE', message)
  }
}

/** The lock's holder died before releasing it: what it guards may be half changed. */
export class OwnerDiedError extends AtonceError {
  /** The lock's name. */
  readonly lock: string

  constructor(lock: string) {
    const what = `The thread that held ${lock} has ended without releasing it, so what it guards may be half changed.`
    super('ATONCE_OWNER_DIED', `${what} Take it over, and put that right: acquire({ ownerDied: 'take' }).`)
    this.lock = lock
  }
}

/** Not all parties will come: one gave up, the action threw, or it was aborted or reset. */
export class BrokenBarrierError extends AtonceError {
  constructor(barrier: string, why: string, options?: ErrorOptions) {
    super('ATONCE_BROKEN_BARRIER', `${barrier} is broken: ${why}. Make it whole again: reset().`, options)
  }
}

/**
 * Every attempt of a `retry`, or of a call with `retries`, failed. `errors` has what each threw, in
 * order (the latest 1,000); `cause` is the last one.
 */
export class RetryError extends AtonceError {
  readonly errors: readonly unknown[]

  /** `errors` may be the last ones only of so many `attempts`. */
  constructor(name: string, errors: readonly unknown[], attempts = errors.length) {
    const last = errors.at(-1)
    super('ATONCE_RETRY', `${name} failed ${attempts} times; the last time: ${messageOf(last)}`, {
      cause: last,
    })
    this.errors = errors
  }
}

/** Others keep the cores busy, and `whenNoisy: 'refuse'` asked not to measure then. */
export class NoisyMachineError extends AtonceError {
  readonly foreignCores: number

  constructor(foreignCores: number, quietCores: number, waitedMs: number) {
    super(
      'ATONCE_NOISY_MACHINE',
      `A measurement needs a quiet machine, with at most ${quietCores} cores busy with others' work; after ${Math.round(waitedMs)} ms it was ${foreignCores.toFixed(2)} cores. ` +
        "End what else runs, raise waitMs, or measure all the same: { whenNoisy: 'mark' }.",
    )
    this.foreignCores = foreignCores
  }
}

/** A function failed while it was tried out, so nothing is known of it; `cause` is its error. */
export class TrialError extends AtonceError {
  constructor(what: string, cause: unknown) {
    const why = isError(cause) ? `: ${cause.name}: ${cause.message}` : ''
    super(
      'ATONCE_TRIAL',
      `${what}${why}${/[.!?]$/.test(why) ? '' : '.'} A trial needs inputs that the function accepts and ends with.`,
      cause === undefined ? undefined : { cause },
    )
  }
}

/** At most five names, and how many more there are. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ')
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown
}

const classes = {
  ...ofWorkers,
  AtonceError,
  OptionError,
  InvalidTaskError,
  DeclarationError,
  EntryPointError,
  UnsupportedError,
  NotOwnerError,
  TaskLoadError,
  TaskVersionError,
  SerializationError,
  UnknownClassError,
  PayloadTooLargeError,
  ThrownValueError,
  AbortError,
  TimeoutError,
  ClosedError,
  ChannelClosedError,
  QueueFullError,
  UnresponsiveError,
  DeadlockError,
  SyncUseError,
  OwnerDiedError,
  BrokenBarrierError,
  RetryError,
  NoisyMachineError,
  TrialError,
}

listErrorClasses(classes)
