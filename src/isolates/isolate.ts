/**
 * The model `isolate`: one thread with globals and modules of its own, that lives until it is
 * closed.
 *
 *     exec(source) ─▶ sourceTask ─┐
 *     call(task, …args) ──────────┴▶ Executor ─▶ OneWorker ─▶ Slot ─▶ Life ─▶ FarWorker ─┊─▶ the thread
 *     Future ◀──────────────────────────────────────────── settled ◀── done | failed ◀───┊
 */
import { checkOptions, optionNames, shown } from '../checks.ts'
import { OptionError } from '../errors.ts'
import type { CallOptions } from '../executor/call-options.ts'
import { type CloseOptions, createExecutor, type Executor } from '../executor/executor.ts'
import { checkPoolOptions, type PoolUserOptions } from '../pool/options.ts'
import type { Future } from '../task/future.ts'
import { threadStarter } from '../threads/thread.ts'
import { checkPlatform } from '../worker/platform.ts'
import { OneWorker } from './one-worker.ts'
import { sourceTask } from './source.ts'

/** As for `threads()`, where they mean one thread. */
export type IsolateOptions = Pick<
  PoolUserOptions,
  | 'name'
  | 'resourceLimits'
  | 'initialize'
  | 'teardown'
  | 'queueLimit'
  | 'graceMs'
  | 'closeGraceMs'
  | 'startTimeoutMs'
  | 'maxPayloadBytes'
>

const isolateOptionNames = optionNames<IsolateOptions>({
  name: true,
  resourceLimits: true,
  initialize: true,
  teardown: true,
  queueLimit: true,
  graceMs: true,
  closeGraceMs: true,
  startTimeoutMs: true,
  maxPayloadBytes: true,
})

/**
 * An interpreter of one's own. Sources and calls run one after the other, in the order they were
 * given; what one leaves in globals, in modules or on timers is there for the next.
 */
export interface Isolate extends AsyncDisposable {
  readonly name: string
  /** False once it has died or was closed: nothing runs in it any more. */
  readonly alive: boolean

  /**
   * Runs a source as a script: JavaScript, in sloppy mode unless it says `'use strict'`. What it
   * declares at its top level stays. It may `import()`, from the current folder (Node warns once
   * that it tries this out); to await, it ends in a promise: `(async () => { … })()`. It may do all
   * that the program may: run none that you don't trust.
   *
   * The future is that of a call. It gives the value of the last expression, copied; undefined if
   * that is a function. A syntax error rejects with SyntaxError.
   * @throws OptionError if `source` is no text
   */
  exec(source: string): Future<unknown>

  /**
   * Runs a task there, as `run` of an executor does: the same copies, errors, progress and limits.
   * Rejects with IsolateDiedError if the isolate died before the call began.
   * @throws InvalidTaskError
   */
  readonly call: Executor['run']

  /**
   * Runs a generator task there, as `stream` of an executor does. Other calls wait until it ends.
   */
  readonly stream: Executor['stream']

  /**
   * The same isolate with other options for its calls, as `with` of an executor. A call that is
   * cancelled and does not end within `graceMs` takes the isolate along, and its state.
   * @throws OptionError
   */
  with(options: CallOptions): Isolate

  /**
   * Lets what was accepted end within the grace, then ends the thread; as `close` of an executor.
   */
  close(options?: CloseOptions): Promise<void>
}

let made = 0

/**
 * Starts a thread that keeps its state between calls: its globals and its modules are its own, and
 * nothing is shared with it but what is sent as shared memory. About 50 ms and 12 MiB each; a call
 * costs what one on `threads()` does. While it has nothing to do, it does not keep the program
 * alive.
 *
 * It is never replaced. If it dies (its heap is full, it exits, it crashes), the call that it runs
 * rejects with the reason and all later ones with IsolateDiedError.
 *
 * @throws OptionError
 * @throws UnsupportedError in a single executable application
 * @example
 *   await using counter = isolate({ name: 'counter', resourceLimits: { maxOldGenerationSizeMb: 64 }
 *   }) await counter.exec('let count = 0') await counter.exec('count += 1') // 1 await
 *   counter.call(countPrimes, 0, 1_000)
 */
export function isolate(options: IsolateOptions = {}): Isolate {
  options = checkOptions('isolate(…)', options, isolateOptionNames)
  checkPlatform('threads')
  made += 1
  const { name = `isolate ${made}` } = options
  const checked = checkPoolOptions('isolate', { ...options, name, workers: 1 })
  const worker = new OneWorker(
    checked,
    threadStarter(checked, 0, () => name),
    {
      sharedMemory: true,
      maxPayloadBytes: checked.maxPayloadBytes,
    },
  )
  return new View(worker, createExecutor(worker), { ran: 0 })
}

/** An isolate, with options for its calls. */
class View implements Isolate {
  readonly call: Executor['run']
  readonly stream: Executor['stream']
  readonly #worker: OneWorker
  readonly #executor: Executor
  /** How many sources it was given, for the names of their files in stacks. */
  readonly #sources: { ran: number }

  constructor(worker: OneWorker, executor: Executor, sources: { ran: number }) {
    this.call = executor.run
    this.stream = executor.stream
    this.#worker = worker
    this.#executor = executor
    this.#sources = sources
  }

  get name(): string {
    return this.#worker.name
  }

  get alive(): boolean {
    return this.#worker.alive
  }

  exec(source: string): Future<unknown> {
    if (typeof source !== 'string')
      throw new OptionError(
        `exec(source) takes the text of a script, as 'let count = 0'; it got ${shown(source)}. To run a function, make it a task: call(task, …).`,
      )
    this.#sources.ran += 1
    return this.call(sourceTask, source, `${this.name}, source ${this.#sources.ran}`)
  }

  with(options: CallOptions): Isolate {
    return new View(this.#worker, this.#executor.with(options), this.#sources)
  }

  close(options?: CloseOptions): Promise<void> {
    return this.#executor.close(options)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#executor.close()
  }
}
