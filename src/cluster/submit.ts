/**
 * Tasks that outlive their caller: submitted now, fetched by their id whenever, by whoever.
 *
 *     submit ─▶ (the key is known? that task) ─▶ stored ─▶ Submitted { id }        acknowledged: it will run
 *     result(id) ─▶ the record in the store ◀── first ending that was committed
 */

import { refuseWhileImported } from '../actors/remote/place.ts'
import {
  checkFinite,
  checkMs,
  checkOptions,
  checkSignal,
  checkTimeout,
  checkWhole,
  optionNames,
  shown,
} from '../checks.ts'
import { AbortError, ClosedError, OptionError } from '../errors.ts'
import { identityOf } from '../executor/address.ts'
import type { Job } from '../executor/backend.ts'
import { learnClasses } from '../executor/caller.ts'
import { park } from '../runtime/park.ts'
import { runtime, type Timer } from '../runtime/runtime.ts'
import { type AnyFunction, assertTask, nameOf, type Result, type Task } from '../task/task.ts'
import { detach, encode } from '../wire/codec.ts'
import { failuresIn } from '../worker/reply.ts'
import type { Caller } from './caller.ts'
import { cancelInStore, orderToStop } from './cancelling.ts'
import { EngineUnavailableError, NoResultError } from './errors.ts'
import { crossing, type Envelope, readEnding, type Settled, writeMessage } from './messages.ts'
import { checkId, checkName } from './names.ts'
import { failureOf } from './node-job.ts'
import { believed, storesToSend } from './outward.ts'

/** How a task is kept, delayed and repeated. */
export interface SubmitOptions {
  /** What tells it from every other task: the same id again is stored once. Default: a new one. */
  readonly id?: string
  /** Default: the queue of the cluster. */
  readonly queue?: string
  /**
   * Tasks of higher priority are taken first; on NATS there are three levels: above 0, 0, below.
   * Default 0.
   */
  readonly priority?: number
  /** Nobody takes it before that; a century at most. Default 0 ms. */
  readonly delayMs?: number
  /**
   * It fails with TimeoutError if it has not begun within so many milliseconds of now: whichever
   * node is given it later says so. While no node of its queue is there nobody does; `result` has a
   * `timeoutMs` of its own. Default: no limit.
   */
  readonly deadlineMs?: number
  /**
   * How often it is run again after it has failed. Only for tasks that are `idempotent`. Default 0.
   */
  readonly retries?: number
  /**
   * The bound of the pause before the first repeat is twice that, and doubles with each; the pause
   * is anything below. Default 500 ms.
   */
  readonly retryDelayMs?: number
  /**
   * The task that was submitted first with this key, in the last day, is the one that counts: this
   * call gives its handle. Default: none.
   */
  readonly idempotencyKey?: string
  /**
   * `none`: nobody will ask, so nothing is kept, which costs half as much, and `result()` rejects
   * with NoResultError. Default `keep`, for a day.
   */
  readonly results?: 'keep' | 'none'
}

const submitOptionNames = optionNames<SubmitOptions>({
  id: true,
  queue: true,
  priority: true,
  delayMs: true,
  deadlineMs: true,
  retries: true,
  retryDelayMs: true,
  idempotencyKey: true,
  results: true,
})

/** What `result` may be told. */
export interface ResultOptions {
  /** Ends the wait, not the task. Default: none. */
  readonly signal?: AbortSignal
  /**
   * The wait ends with TimeoutError after so many milliseconds; the task goes on. Default: no
   * limit.
   */
  readonly timeoutMs?: number
}

const resultOptionNames = optionNames<ResultOptions>({ signal: true, timeoutMs: true })

/** A task that is stored. Its id is all that is needed to ask for it, from any program. */
export interface Submitted<R> {
  readonly id: string
  /**
   * What it returned, once it has; rejects with what it threw. Asked twice, it answers twice. A
   * wait ends with its cluster, by a ClosedError; the task goes on, and can be asked for by its id.
   */
  result(options?: ResultOptions): Promise<R>
  /**
   * Nobody begins it any more; a node that runs it tells it by its signal. False if it has ended
   * already.
   */
  cancel(reason?: unknown): Promise<boolean>
}

const mostDelayMs = 100 * 365 * 24 * 3_600_000
/** How long the pause between two looks at the store grows. */
const shortestLookMs = 20
const longestLookMs = 1_000

/** Submits, and fetches, for one cluster. */
export class Submissions {
  readonly #caller: Caller
  readonly #queue: string

  constructor(caller: Caller, queue: string) {
    this.#caller = caller
    this.#queue = queue
  }

  async submit<F extends AnyFunction>(
    task: Task<F>,
    args: readonly unknown[],
    options: SubmitOptions,
  ): Promise<Submitted<Result<F>>> {
    refuseWhileImported()
    assertTask(task)
    if (this.#caller.isOver)
      throw new ClosedError(`${this.#caller.name} is closed; ${nameOf(task)} was not submitted.`)
    const {
      queue = this.#queue,
      priority = 0,
      delayMs = 0,
      idempotencyKey,
    } = checkSubmit(task, args, options)
    const { traceparent } = this.#caller
    const id = await this.#idFor(options.id ?? this.#caller.nextId(), idempotencyKey)
    const isKept = options.results !== 'none'
    if (id.settled) return this.#handle(id.id, task, isKept)
    const bytes = this.#written(task, args, id.id, { ...options, traceparent })
    await this.#caller.engine.submit({
      queue,
      id: id.id,
      bytes,
      priority,
      delayMs,
      outlives: true,
      traceparent,
    })
    return this.#handle(id.id, task, isKept)
  }

  /** @throws SerializationError, PayloadTooLargeError, InvalidTaskError */
  #written(
    task: Task,
    args: readonly unknown[],
    id: string,
    options: SubmitOptions & { readonly traceparent: string | undefined },
  ): Uint8Array {
    const { deadlineMs, retries = 0, retryDelayMs = 500, results = 'keep', traceparent } = options
    const encoded = encode(args, 'args', crossing)
    const envelope: Envelope = {
      kind: 'task',
      id,
      form: 'run',
      task: identityOf(task),
      args: encoded.value,
      special: encoded.special,
      stores: storesToSend(),
      idempotent: task.idempotent,
      attempt: 1,
      to: results === 'none' ? '' : this.#caller.id,
      keep: results === 'none' ? 'none' : 'results',
      retries,
      retryDelayMs,
      untilMs:
        deadlineMs === undefined ? Number.POSITIVE_INFINITY : this.#caller.engine.wallMs() + deadlineMs,
      credit: 0,
      key: undefined,
      ...(traceparent === undefined ? {} : { traceparent }),
    }
    const bytes = writeMessage(envelope)
    detach(encoded.transfer)
    return bytes
  }

  /**
   * The id under which the key was submitted first, or this one. Whoever reserved the key may have
   * died before it stored the task: so the task is stored again under that id, which changes
   * nothing where it is there.
   */
  async #idFor(id: string, key: string | undefined): Promise<{ id: string; settled: boolean }> {
    if (key === undefined) return { id, settled: false }
    const { engine } = this.#caller
    const keys = engine.records('keys')
    const reserved = await keys.create(key, Buffer.from(id))
    if (reserved !== undefined) return { id, settled: false }
    const known = await keys.get(key)
    if (known === undefined) return { id, settled: false } // It has just expired.
    const first = Buffer.from(known.bytes).toString()
    return { id: first, settled: (await engine.records('results').get(first)) !== undefined }
  }

  #handle<R>(id: string, task: Task, isKept: boolean): Submitted<R> {
    return {
      id,
      result: async options => {
        if (isKept) return await this.result<R>(id, options, task)
        throw new NoResultError(id, "it was submitted with results: 'none', so nothing is kept of it.")
      },
      cancel: reason => this.cancel(id, reason),
    }
  }

  /** The ending of the task with that id, from the store or from the hint that it is there. */
  async result<R>(id: string, options: ResultOptions = {}, task?: Task): Promise<R> {
    checkId('result(id)', id)
    const { signal, timeoutMs } = checkOptions('result(id, …)', options, resultOptionNames)
    checkSignal('result(id, { signal })', signal)
    if (timeoutMs !== undefined) checkTimeout('result(id, { timeoutMs })', timeoutMs)
    const ending = await this.#ending(id, signal, timeoutMs)
    const job = { task: task ?? { module: undefined, name: id }, caller: {} } as unknown as Job
    const failures = failuresIn(ending.reply)
    if (task !== undefined && failures.length > 0) await learnClasses(failures, job)
    const outcome = believed(ending.reply, job)
    if (outcome.ok) return outcome.value as R
    throw outcome.error
  }

  async #ending(
    id: string,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
  ): Promise<Settled> {
    const parked = park<Settled>(`the result of task ${id}`, this, {
      signal,
      timeoutMs,
    })
    let pauseMs = shortestLookMs
    let timer: Timer | undefined
    const { engine } = this.#caller
    let wasThere = false
    const look = async (): Promise<void> => {
      try {
        await engine.open()
        wasThere = true
        const record = await engine.records('results').get(id)
        const ending = record === undefined ? undefined : readEnding(record.bytes)
        if (ending?.kind === 'settled') parked.unpark(ending)
      } catch (error) {
        // A store that was there comes back, and is asked again.
        if (!wasThere || !(error instanceof EngineUnavailableError)) parked.fail(error as Error)
      }
    }
    const lookAgain = async (): Promise<void> => {
      await look()
      if (parked.state !== 'waiting') return
      timer = runtime().setTimer(pauseMs * (0.5 + runtime().random()), () => void lookAgain())
      pauseMs = Math.min(longestLookMs, pauseMs * 2)
    }
    const deaf = this.#caller.ears.listen(id, {
      heard: ending => parked.unpark(ending),
      closed: why => parked.fail(why),
      look,
    })
    if (parked.state === 'waiting') void lookAgain()
    try {
      return await parked.promise
    } finally {
      deaf()
      timer?.cancel()
    }
  }

  async cancel(id: string, reason?: unknown): Promise<boolean> {
    checkId('cancel(id)', id)
    const failure = failureOf(
      new AbortError(`Task ${id} was cancelled.`, reason === undefined ? undefined : { cause: reason }),
    )
    const { engine } = this.#caller
    const isCancelled = await cancelInStore(engine, 'results', id, failure)
    if (isCancelled) orderToStop(engine, undefined, id, failure)
    return isCancelled
  }
}

/** @throws OptionError */
function checkDelay(ms: number): void {
  checkMs('submit(…, { delayMs })', ms)
  if (ms > mostDelayMs)
    throw new OptionError(`submit(…, { delayMs }) takes up to ${mostDelayMs} ms, a century; it got ${ms}.`)
}

function checkSubmit(task: Task, args: unknown, options: SubmitOptions): SubmitOptions {
  const name = nameOf(task)
  const what = `submit(${name}, args, …)`
  if (!Array.isArray(args))
    throw new OptionError(
      `submit(${name}, args) takes the arguments in an array, as submit(${name}, [${args === undefined ? '' : shown(args)}]); it got ${shown(args)}.`,
    )
  const { id, queue, priority, delayMs, deadlineMs, retries, retryDelayMs, idempotencyKey, results } =
    checkOptions(what, options, submitOptionNames)
  if (id !== undefined) checkName('submit(…, { id })', id)
  if (queue !== undefined) checkName('submit(…, { queue })', queue)
  if (idempotencyKey !== undefined) checkName('submit(…, { idempotencyKey })', idempotencyKey)
  checkFinite('submit(…, { priority })', priority)
  if (delayMs !== undefined) checkDelay(delayMs)
  if (deadlineMs !== undefined) checkMs('submit(…, { deadlineMs })', deadlineMs)
  if (retryDelayMs !== undefined) checkMs('submit(…, { retryDelayMs })', retryDelayMs)
  if (retries !== undefined) checkWhole('submit(…, { retries })', retries, 0)
  if (results !== undefined && results !== 'keep' && results !== 'none')
    throw new OptionError(`submit(…, { results }) takes 'keep' or 'none'; it got ${shown(results)}.`)
  if (retries !== undefined && retries > 0 && !task.idempotent)
    throw new OptionError(
      `submit(${nameOf(task)}, …, { retries }) repeats a task only if running it twice does no harm. If so, say it: task(import.meta, ${nameOf(task)}, { idempotent: true }).`,
    )
  return options
}
