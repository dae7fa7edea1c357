/**
 * `map`: reads inputs lazily, sends them in chunks, hands the outcomes to the results.
 *
 *     Source ─▶ #read (while the results have room, and jobs are wanted) ─▶ inputs ─▶ Job ─▶ backend
 *     Results ◀── deliverRun(first, run) ◀────────────────────────────── settled ◀──┘
 *
 * What a chunk is never shows: each input is called once, at its place, and fails alone. A chunk that is refused before it
 * was sent (one input can't be copied, or all together are too large) is halved and tried again; one that finds the queue
 * full waits until a job of this map has settled.
 */
import type { AsyncResource } from 'node:async_hooks'
import {
  OptionError,
  PayloadTooLargeError,
  ProtocolError,
  QueueFullError,
  SerializationError,
  TimeoutError,
} from '../errors.ts'
import { runtime, type Timer } from '../runtime/runtime.ts'
import { type CallContext, currentCall } from '../task/context.ts'
import { abortError, tellProgress } from '../task/future.ts'
import { type Outcome, type OutcomeRun, Results, ResultsBuffer } from '../task/results.ts'
import { type AnyFunction, nameOf, type Result, type Task } from '../task/task.ts'
import type { Backend, Job } from './backend.ts'
import type { CallOptions } from './call-options.ts'
import { captureCaller } from './caller.ts'
import { ChunkSizer } from './chunk.ts'
import { type Batch, openInputs, type Source } from './inputs.ts'
import { checkMapOptions, type MapOptions } from './map-options.ts'
import {
  isPackedResults,
  moving,
  type Packed,
  pack,
  takesItems,
  unpacked,
  unpackedAt,
  visibleBytes,
} from './packed.ts'
import { Noted } from './ready-job.ts'
import { type Attempts, assertNothingMoves, attemptsOf, repeat } from './retry.ts'

const hooks = process.getBuiltinModule('node:async_hooks')

/** Jobs per worker that are submitted at a time: one runs, one waits, so that no worker waits for the caller. */
const jobsPerWorker = 2
/** Chunks per worker that are read beyond the last result taken: as many wait for the consumer as are under way. */
const chunksAhead = 2 * jobsPerWorker
/** The bound where the number of workers is none: `coroutines({ concurrency: Infinity })`. */
const mostChunksAhead = 65_536

export function runMap<F extends AnyFunction>(
  backend: Backend,
  callOptions: CallOptions,
  task: Task<F>,
  inputs: Iterable<unknown> | AsyncIterable<unknown>,
  options: MapOptions,
  calledAs: Function,
): Results<Result<F>> {
  checkMapOptions(options)
  const source = openInputs(inputs, { shares: backend.model === 'threads' })
  const buffer = new ResultsBuffer<unknown>(options.ordered ?? true, options.ahead ?? 0)
  const run = new MapRun(backend, callOptions, task, source, buffer, options, captureCaller(task, calledAs))
  buffer.producer = run
  run.begin()
  return Results.of(buffer) as Results<Result<F>>
}

/** Neighbouring inputs on their way. */
interface Chunk {
  /** The index of the first. */
  readonly first: number
  /** Inputs of a typed array are gone once they were sent: moved, unless they may be needed for a repeat. */
  readonly inputs: Packed
  readonly count: number
  readonly bytes: number
  /** Of a single input that has failed before. */
  readonly attempts?: Attempts | undefined
}

/** A part of what a chunk has brought. */
interface Piece {
  readonly first: number
  readonly run: OutcomeRun<unknown>
}

class MapJob extends Noted implements Job {
  readonly task: Task
  readonly args: readonly unknown[] | undefined
  readonly inputs: Packed | undefined
  readonly priority: number
  readonly caller: Job['caller']
  /** Whose calls they are. */
  readonly of: Chunk
  readonly within: CallContext | undefined
  readonly waitedFor = true
  begun = false
  /** Its place among the jobs of the map. */
  at = -1
  readonly #owner: MapRun

  constructor(
    task: Task,
    args: readonly unknown[] | undefined,
    inputs: Packed | undefined,
    priority: number,
    caller: Job['caller'],
    within: CallContext | undefined,
    of: Chunk,
    owner: MapRun,
  ) {
    super()
    this.task = task
    this.args = args
    this.inputs = inputs
    this.priority = priority
    this.caller = caller
    this.within = within
    this.of = of
    this.#owner = owner
  }

  get attempt(): number {
    return this.of.attempts?.attempt ?? 1
  }

  /** That of the caller of `map`, for all its calls. */
  get context(): AsyncResource {
    return this.#owner.context
  }

  started(): void {
    this.begun = true
  }

  progressed(): void {}

  settled(outcome: Outcome<unknown>, workMs?: number): void {
    this.#owner.settled(this, outcome, workMs)
  }

  left(error: Error): void {
    this.#owner.left(error)
  }
}

class MapRun {
  readonly #backend: Backend
  readonly #callOptions: CallOptions
  readonly #task: Task
  readonly #source: Source
  readonly #buffer: ResultsBuffer<unknown>
  readonly #options: MapOptions
  readonly #messages: boolean
  readonly #sizer: ChunkSizer
  readonly #takesItems: boolean
  readonly #caller: Job['caller']
  readonly #jobs: MapJob[] = []
  readonly #mostJobs: number
  /** Inputs are read and calls are made in the context of the caller, whoever asks for them. */
  readonly context: AsyncResource = new hooks.AsyncResource('atonce.map')
  /** Chunks that found the queue full. */
  #held: Chunk[] = []
  #readCount = 0
  #doneCount = 0
  #reading = false
  #resuming = false
  #waitingForRoom = false
  readonly #within = currentCall()
  /** What is to be repeated after a while. */
  readonly #pauses = new Set<Timer>()
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
    attemptsOf(callOptions, backend.name, task)
    // On the caller's own event loop there are no messages to save, and a chunk would only keep calls from overlapping.
    const messages = backend.model !== 'coroutines'
    this.#messages = messages
    this.#caller = caller
    this.#backend = backend
    this.#callOptions = callOptions
    this.#task = task
    this.#source = source
    this.#buffer = buffer
    this.#options = options
    this.#mostJobs = (messages ? jobsPerWorker : 1) * backend.workers
    this.#sizer = new ChunkSizer(messages ? (options.chunk ?? 'auto') : 1, backend)
    this.#takesItems = takesItems(task)
    this.#growAhead()
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
    if (!this.#reading && !this.#ended && this.#wanted > 0) this.context.runInAsyncScope(this.#read, this)
  }

  cancel(reason: unknown): void {
    if (!this.#ended) {
      this.#ended = true
      this.#source.close()
    }
    const error = reason instanceof Error ? reason : abortError(`map(${nameOf(this.#task)})`, reason)
    this.#held = []
    for (const pause of this.#pauses) pause.cancel()
    this.#pauses.clear()
    for (const job of [...this.#jobs]) this.#backend.cancel(job, error)
    this.#release()
    this.#buffer.break(error)
  }

  // ── reading ──

  /** Inputs may be a generator, and so any code: it is never entered a second time while it runs. */
  #read(): void {
    this.#reading = true
    while (!this.#ended) {
      const wanted = this.#wanted
      if (wanted === 0) break
      const batch = this.#source.take(wanted)
      if (batch instanceof Promise) {
        batch.then(arrived => {
          this.#reading = false
          this.#accept(arrived)
          this.demand()
        })
        return
      }
      this.#accept(batch)
    }
    this.#reading = false
  }

  /** How many inputs may be read and sent in one job now. A part of a chunk would cost as much as a whole one. */
  get #wanted(): number {
    if (this.#held.length > 0 || this.#jobs.length >= this.#mostJobs) return 0
    if (!this.#messages) return Math.max(0, Math.min(this.#mostJobs - this.#jobs.length, this.#buffer.room))
    const { total } = this.#source
    const size = Math.min(
      this.#sizer.next(total === undefined ? undefined : total - this.#readCount),
      this.#most,
    )
    return this.#buffer.room >= size ? size : 0
  }

  /** The largest chunk that leaves something for the other workers of what may be read ahead. */
  get #most(): number {
    const { ahead, chunk = 'auto' } = this.#options
    if (ahead === undefined) return Number.POSITIVE_INFINITY
    return chunk === 'auto' ? Math.max(1, Math.floor(ahead / this.#mostJobs)) : ahead
  }

  #accept(batch: Batch): void {
    if (this.#ended) return // It was cancelled while the inputs came.
    const { inputs, ended, failed } = this.#takesItems ? batch : tuplesOf(batch, this.#task, this.#readCount)
    if (this.#repeats && !this.#canRepeat(inputs)) return
    this.#readCount += inputs.length
    if (ended) this.#ended = true
    if (failed !== undefined && !batch.ended) this.#source.close()
    if (inputs.length > 0) this.#send(this.#buffer.noteRead(inputs.length), inputs)
    if (!ended) return
    this.#buffer.end(this.#readCount, failed)
    this.#releaseIfDone()
  }

  get #repeats(): boolean {
    return (this.#callOptions.retries ?? 0) > 0
  }

  #canRepeat(inputs: Packed): boolean {
    try {
      assertNothingMoves(inputs, this.#task)
      return true
    } catch (error) {
      this.#buffer.break(error) // A mistake in the program.
      return false
    }
  }

  // ── sending ──

  #send(first: number, inputs: Packed): void {
    if (this.#messages) return this.#submit(chunkOf(first, inputs))
    for (let at = 0; at < inputs.length && !this.#buffer.broken; at += 1)
      this.#submit({ first: first + at, inputs: [unpackedAt(inputs, at)], count: 1, bytes: 0 })
  }

  #submit(chunk: Chunk): void {
    const { inputs } = chunk
    const many = chunk.count > 1
    const job = new MapJob(
      this.#task,
      many ? undefined : this.#argsOf(inputs),
      many ? this.#packed(inputs) : undefined,
      this.#callOptions.priority ?? 0,
      this.#caller,
      this.#within,
      chunk,
      this,
    )
    job.at = this.#jobs.push(job) - 1
    try {
      this.context.runInAsyncScope(this.#backend.submit, this.#backend, job)
    } catch (error) {
      this.#remove(job) // A mistake in the program: the task can't run on this backend at all.
      this.#buffer.break(error)
    }
  }

  settled(job: MapJob, outcome: Outcome<unknown>, workMs: number | undefined): void {
    const { of: chunk, begun } = job
    this.#remove(job)
    if (outcome.ok && !this.#messages) return this.#deliverOne(chunk.first, outcome.value)
    // What a worker answered was begun, even if its answer overtook that of the call before it.
    const refused = !outcome.ok && !begun && workMs === undefined
    if (refused && this.#tryAgain(chunk, outcome.error)) return
    const run = this.#runOf(chunk, outcome, job)
    if (workMs !== undefined) this.#learn(chunk, run, outcome, workMs)
    this.#deliver(this.#repeats ? this.#repeatFailed(chunk, run) : [{ first: chunk.first, run }])
  }

  left(error: Error): void {
    this.#buffer.cancel(error)
  }

  /** It is no more among the jobs, whose order means nothing. */
  #remove(job: MapJob): void {
    const last = this.#jobs.pop() as MapJob
    if (last === job) return
    this.#jobs[job.at] = last
    last.at = job.at
  }

  /** The arguments of the one call with these inputs. */
  #argsOf(inputs: Packed): readonly unknown[] {
    if (!this.#takesItems) return inputs[0] as readonly unknown[]
    return this.#messages ? [unpackedAt(inputs, 0)] : (inputs as readonly unknown[])
  }

  #packed(inputs: Packed): Packed {
    const packed = this.#takesItems && Array.isArray(inputs) ? pack(inputs) : inputs
    return this.#repeats && packed === inputs ? packed : moving(packed)
  }

  /** Whether a chunk that was refused before it was sent is, or will be, submitted again. */
  #tryAgain(chunk: Chunk, error: unknown): boolean {
    const { first, inputs, count } = chunk
    if (error instanceof QueueFullError) {
      this.#held.push(chunk)
      if (this.#jobs.length === 0) void this.#waitForRoom()
      return true
    }
    const divisible = error instanceof SerializationError || error instanceof PayloadTooLargeError
    if (!divisible || count === 1) return false
    const half = count >> 1
    this.#submit(chunkOf(first, inputs.slice(0, half)))
    if (!this.#buffer.broken) this.#submit(chunkOf(first + half, inputs.slice(half)))
    return true
  }

  /** None of this map's own jobs will make room: others fill the queue. */
  async #waitForRoom(): Promise<void> {
    if (this.#waitingForRoom) return
    this.#waitingForRoom = true
    try {
      await this.#backend.room(this.#callOptions.signal)
    } catch (error) {
      this.#buffer.break(error)
    }
    this.#waitingForRoom = false
    this.#resume()
  }

  /**
   * Repeats what has failed and may be repeated, each input by itself, and returns the rest of the run in its pieces. What
   * was not sent, or was stopped, is not repeated.
   */
  #repeatFailed(chunk: Chunk, run: OutcomeRun<unknown>): Piece[] {
    if (run.failures === undefined || this.#buffer.broken) return [{ first: chunk.first, run }]
    const failures = new Map(run.failures)
    const again: Chunk[] = []
    for (const [at, error] of run.failures) {
      const attempts =
        chunk.attempts ?? (attemptsOf(this.#callOptions, this.#backend.name, this.#task) as Attempts)
      const inputs = chunk.inputs.slice(at, at + 1)
      const left = attempts.afterFailure(error)
      if (left === repeat) again.push({ ...chunkOf(chunk.first + at, inputs), attempts })
      else failures.set(at, left)
    }
    for (const one of again) this.#repeat(one)
    const gaps = new Set(again.map(({ first }) => first - chunk.first))
    return piecesOf(chunk.first, { values: run.values, failures }, gaps)
  }

  /** The input counts as under way meanwhile. */
  #repeat(chunk: Chunk): void {
    const delayMs = chunk.attempts?.delayMs ?? 0
    if (delayMs === 0) return this.#submit(chunk)
    const pause = runtime().setTimer(delayMs, () => {
      this.#pauses.delete(pause)
      this.#submit(chunk)
    })
    this.#pauses.add(pause)
  }

  /** The way of a call on this loop: it was alone in its job, and there is nothing to learn from it. */
  #deliverOne(index: number, value: unknown): void {
    const { onProgress } = this.#options
    this.#buffer.deliverValue(index, value)
    this.#doneCount += 1
    if (onProgress !== undefined) tellProgress(onProgress, this.#doneCount, this.#source.total)
    this.#resumeSoon()
    if (this.#ended) this.#releaseIfDone()
  }

  #deliver(pieces: readonly Piece[]): void {
    const { onProgress } = this.#options
    for (const { first, run } of pieces) {
      const { length } = run.values
      this.#buffer.deliverRun(first, run)
      this.#growAhead()
      for (let told = 0; told < length; told += 1) {
        this.#doneCount += 1
        if (onProgress !== undefined) tellProgress(onProgress, this.#doneCount, this.#source.total)
      }
    }
    this.#resumeSoon()
    this.#releaseIfDone()
  }

  /** In a turn of its own: while a job is being settled, its worker still counts as busy. */
  #resumeSoon(): void {
    if (this.#resuming) return
    this.#resuming = true
    runtime().soon(this.#resumeNow)
  }

  readonly #resumeNow = (): void => {
    this.#resuming = false
    this.#resume()
  }

  #resume(): void {
    const held = this.#held
    if (held.length > 0) {
      this.#held = []
      for (const chunk of held) this.#submit(chunk)
    }
    this.demand()
  }

  /** What a job's outcome says of each of its inputs; a chunk that failed as a whole (its worker died) failed for each. */
  #runOf({ count }: Chunk, outcome: Outcome<unknown>, job: Job): OutcomeRun<unknown> {
    if (!outcome.ok) return failedRun(count, outcome.error)
    if (job.inputs === undefined) return { values: [outcome.value] }
    const reply = outcome.value
    if (Array.isArray(reply) && reply.length === count) return runOfOutcomes(reply)
    try {
      if (isPackedResults(reply, count)) return unpacked(reply)
    } catch {} // What can't be revived was never encoded by atonce.
    const { name: worker } = this.#backend
    return failedRun(
      count,
      new ProtocolError('results that do not fit the inputs', { worker, task: nameOf(this.#task) }),
    )
  }

  #learn({ count, bytes }: Chunk, run: OutcomeRun<unknown>, outcome: Outcome<unknown>, workMs: number): void {
    const reply = outcome.ok ? outcome.value : undefined
    this.#sizer.learn({
      items: count,
      workMs,
      longestMs: isPackedResults(reply, count) ? reply.longestMs : undefined,
      bytes: bytes + visibleBytes(run.values),
    })
  }

  /** Larger chunks need more inputs under way, unless the user has said how many. */
  #growAhead(): void {
    if (this.#options.ahead !== undefined) return
    const chunks = Math.min(chunksAhead * this.#backend.workers, mostChunksAhead)
    this.#buffer.ahead = Math.max(this.#buffer.ahead, chunks * this.#sizer.size)
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

  #releaseIfDone(): void {
    const isOpen = this.#jobs.length > 0 || this.#held.length > 0 || this.#pauses.size > 0
    if (this.#ended && !isOpen) this.#release()
  }

  #release(): void {
    this.#timer?.cancel()
    this.#callOptions.signal?.removeEventListener('abort', this.#aborted)
  }
}

function chunkOf(first: number, inputs: Packed): Chunk {
  return { first, inputs, count: inputs.length, bytes: visibleBytes(inputs) }
}

/** The batch as far as its inputs are tuples; one that is none ends the inputs, at its place. */
function tuplesOf(batch: Batch, task: Task, readBefore: number): Batch {
  for (let at = 0; at < batch.inputs.length; at += 1) {
    const input: unknown = batch.inputs[at]
    if (Array.isArray(input)) continue
    const what = input === null ? 'null' : typeof input
    const error = new OptionError(
      `map(${nameOf(task)}, inputs) takes a list of arguments for each call, as [[1, 2], [3, 4]], since ${nameOf(task)} does not have exactly one parameter; input ${readBefore + at} is ${what === 'object' ? 'an object' : what === 'undefined' || what === 'null' ? what : `a ${what}`}.`,
    )
    return { inputs: batch.inputs.slice(0, at), ended: true, failed: { error } }
  }
  return batch
}

/** The run without the places that are missing from it. */
function piecesOf(
  first: number,
  { values, failures }: OutcomeRun<unknown>,
  gaps: ReadonlySet<number>,
): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const to of [...gaps, values.length]) {
    if (to > from) pieces.push({ first: first + from, run: partOf(values, failures, from, to) })
    from = to + 1
  }
  return pieces
}

function partOf(
  values: readonly unknown[],
  failures: ReadonlyMap<number, unknown> | undefined,
  from: number,
  to: number,
): OutcomeRun<unknown> {
  const own = [...(failures ?? [])].filter(([at]) => at >= from && at < to)
  return {
    values: values.slice(from, to),
    failures: own.length === 0 ? undefined : new Map(own.map(([at, error]) => [at - from, error])),
  }
}

function failedRun(count: number, error: unknown): OutcomeRun<unknown> {
  const failures = new Map<number, unknown>()
  for (let at = 0; at < count; at += 1) failures.set(at, error)
  return { values: new Array(count).fill(undefined), failures }
}

function runOfOutcomes(outcomes: readonly Outcome<unknown>[]): OutcomeRun<unknown> {
  const values: unknown[] = []
  const failures = new Map<number, unknown>()
  for (const [at, outcome] of outcomes.entries()) {
    values.push(outcome.ok ? outcome.value : undefined)
    if (!outcome.ok) failures.set(at, outcome.error)
  }
  return { values, failures: failures.size === 0 ? undefined : failures }
}
