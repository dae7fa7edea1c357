/**
 * `map`: reads inputs lazily, sends them in chunks, hands the outcomes to the results.
 *
 *     inputs ─▶ #read (while the results have room, and jobs are wanted) ─▶ chunk ─▶ Job ─▶ backend
 *     Results ◀── deliver(index, outcome) ◀────────────────────────────── settled ◀──┘
 */
import { OptionError, TimeoutError } from '../errors.ts'
import { runtime, type Timer } from '../runtime/runtime.ts'
import { parameterCount } from '../task/arity.ts'
import { abortError, tellProgress } from '../task/future.ts'
import { type Outcome, Results, ResultsBuffer } from '../task/results.ts'
import { type AnyFunction, nameOf, type Result, type Task } from '../task/task.ts'
import type { Backend, Job } from './backend.ts'
import type { CallOptions } from './call-options.ts'
import { captureCaller } from './caller.ts'
import { ChunkSizer } from './chunk.ts'
import { checkMapOptions, type MapOptions } from './map-options.ts'

/** Jobs per worker that are submitted at a time: one runs, one waits, so that no worker waits for the caller. */
const jobsPerWorker = 2

export function runMap<F extends AnyFunction>(
  backend: Backend,
  callOptions: CallOptions,
  task: Task<F>,
  inputs: Iterable<unknown> | AsyncIterable<unknown>,
  options: MapOptions,
  calledAs: Function,
): Results<Result<F>> {
  checkMapOptions(options)
  const ahead = options.ahead ?? jobsPerWorker * backend.workers
  const buffer = new ResultsBuffer<unknown>(options.ordered ?? true, ahead)
  const run = new MapRun(backend, callOptions, task, open(inputs), buffer, options, captureCaller(task, calledAs))
  buffer.producer = run
  run.begin()
  return Results.of(buffer) as Results<Result<F>>
}

/** An input iterator of either kind, and how many inputs there are, if one can know. */
interface Source {
  readonly iterator: Iterator<unknown> | AsyncIterator<unknown>
  readonly synchronous: boolean
  readonly total: number | undefined
}

class MapRun {
  readonly #backend: Backend
  readonly #callOptions: CallOptions
  readonly #task: Task
  readonly #source: Source
  readonly #buffer: ResultsBuffer<unknown>
  readonly #options: MapOptions
  readonly #sizer: ChunkSizer
  readonly #takesTuples: boolean
  readonly #caller: Job['caller']
  readonly #jobs = new Set<Job>()
  #readCount = 0
  #doneCount = 0
  #reading = false
  #ended = false
  #timer: Timer | undefined

  constructor(
    backend: Backend,
    callOptions: CallOptions,
    task: Task,
    source: Source,
    buffer: ResultsBuffer<unknown>,
    options: MapOptions,
    caller: Job['caller'],
  ) {
    this.#caller = caller
    this.#backend = backend
    this.#callOptions = callOptions
    this.#task = task
    this.#source = source
    this.#buffer = buffer
    this.#options = options
    this.#sizer = new ChunkSizer(options.chunk ?? 'auto', {
      adapts: backend.model !== 'coroutines' && source.synchronous,
      total: source.total,
      workers: backend.workers,
    })
    this.#takesTuples = parameterCount(task) !== 1
  }

  /** Starts in the next turn, so that the caller can say first how it wants the results. */
  begin(): void {
    const { signal, timeoutMs } = this.#callOptions
    signal?.addEventListener('abort', this.#aborted, { once: true })
    if (timeoutMs !== undefined && timeoutMs !== Number.POSITIVE_INFINITY)
      this.#timer = runtime().setTimer(timeoutMs, () => this.#timedOut(timeoutMs))
    runtime().soon(() => (signal?.aborted ? this.#aborted() : this.demand()))
  }

  // ── what the results ask for ──

  demand(): void {
    if (!this.#reading && !this.#ended) void this.#read()
  }

  cancel(reason: unknown): void {
    if (!this.#ended) this.#closeInputs()
    const error = reason instanceof Error ? reason : abortError(`map(${nameOf(this.#task)})`, reason)
    for (const job of [...this.#jobs]) this.#backend.cancel(job, error)
    this.#release()
    this.#buffer.break(error)
  }

  // ── reading ──

  async #read(): Promise<void> {
    this.#reading = true
    try {
      while (!this.#ended && this.#wanted > 0) {
        const inputs = this.#source.synchronous ? this.#take(this.#wanted) : await this.#takeOne()
        if (inputs.length > 0) this.#submit(inputs)
      }
    } catch (error) {
      this.#ended = true
      this.#buffer.break(error)
    } finally {
      this.#reading = false
    }
  }

  /** How many inputs may be read and sent in one job now. */
  get #wanted(): number {
    if (this.#jobs.size >= jobsPerWorker * this.#backend.workers) return 0
    return Math.min(this.#sizer.size, this.#buffer.room)
  }

  #take(most: number): unknown[] {
    const inputs: unknown[] = []
    while (inputs.length < most) {
      const next = (this.#source.iterator as Iterator<unknown>).next()
      if (next.done) {
        this.#end()
        break
      }
      inputs.push(next.value)
    }
    return inputs
  }

  async #takeOne(): Promise<unknown[]> {
    const next = await (this.#source.iterator as AsyncIterator<unknown>).next()
    if (this.#ended) return [] // It was cancelled while the input came.
    if (!next.done) return [next.value]
    this.#end()
    return []
  }

  #end(): void {
    this.#ended = true
    runtime().soon(() => {
      this.#buffer.end(this.#readCount)
      if (this.#jobs.size === 0) this.#release()
    })
  }

  /** Lets a generator run its `finally`; what it throws then has nobody to go to. */
  #closeInputs(): void {
    this.#ended = true
    try {
      Promise.resolve(this.#source.iterator.return?.()).catch(() => {})
    } catch {}
  }

  // ── sending ──

  #submit(inputs: readonly unknown[]): void {
    const first = this.#readCount
    for (const _ of inputs) this.#buffer.noteRead()
    this.#readCount += inputs.length
    const chunk = inputs.length > 1
    const job: Job = {
      task: this.#task,
      calls: inputs.map(input => (this.#takesTuples ? (input as readonly unknown[]) : [input])),
      chunk,
      priority: this.#callOptions.priority ?? 0,
      caller: this.#caller,
      ready: undefined,
      started: () => {},
      progressed: () => {},
      settled: (outcome, workMs) => {
        this.#jobs.delete(job)
        if (workMs !== undefined) this.#sizer.learn(inputs.length, workMs)
        this.#growAhead()
        this.#deliver(first, inputs.length, outcome, chunk)
        this.demand()
      },
    }
    this.#jobs.add(job)
    this.#backend.submit(job)
  }

  #deliver(first: number, count: number, outcome: Outcome<unknown>, chunk: boolean): void {
    const { onProgress } = this.#options
    for (let at = 0; at < count; at += 1) {
      this.#doneCount += 1
      // A chunk that failed as a whole (its worker died) failed for each of its inputs.
      this.#buffer.deliver(
        first + at,
        chunk && outcome.ok ? ((outcome.value as Outcome<unknown>[])[at] as Outcome<unknown>) : outcome,
      )
      if (onProgress !== undefined) tellProgress(onProgress, this.#doneCount, this.#source.total)
    }
    if (this.#ended && this.#jobs.size === 0) this.#release()
  }

  /** Larger chunks need more inputs under way, unless the user has said how many. */
  #growAhead(): void {
    if (this.#options.ahead === undefined) {
      this.#buffer.ahead = Math.max(
        this.#buffer.ahead,
        jobsPerWorker * this.#backend.workers * this.#sizer.size,
      )
    }
  }

  // ── stopping ──

  readonly #aborted = (): void =>
    this.cancel(
      this.#callOptions.signal === undefined
        ? undefined
        : abortError(`map(${nameOf(this.#task)})`, this.#callOptions.signal.reason),
    )

  #timedOut(timeoutMs: number): void {
    this.cancel(
      new TimeoutError(
        `map(${nameOf(this.#task)}) did not end within ${timeoutMs} ms of the call; ${this.#doneCount} calls were done.`,
        timeoutMs,
      ),
    )
  }

  #release(): void {
    this.#timer?.cancel()
    this.#callOptions.signal?.removeEventListener('abort', this.#aborted)
  }
}

function open(inputs: unknown): Source {
  const given = inputs as
    | { [Symbol.asyncIterator]?: unknown; [Symbol.iterator]?: unknown; length?: unknown; size?: unknown }
    | null
    | undefined
  const total = [given?.length, given?.size].find(count => typeof count === 'number') as number | undefined
  if (typeof given?.[Symbol.asyncIterator] === 'function') {
    return { iterator: (inputs as AsyncIterable<unknown>)[Symbol.asyncIterator](), synchronous: false, total }
  }
  if (typeof given?.[Symbol.iterator] === 'function') {
    return { iterator: (inputs as Iterable<unknown>)[Symbol.iterator](), synchronous: true, total }
  }
  throw new OptionError(
    `map(task, inputs) takes an array, a typed array, or anything that can be iterated over; it got ${inputs === null ? 'null' : typeof inputs}. Wrap a single input: [input].`,
  )
}
