/**
 * `map`: reads inputs lazily, sends them in chunks, hands the outcomes to the results.
 *
 *     Source ─▶ #read (while the results have room, and jobs are wanted) ─▶ inputs ─▶ Job ─▶ backend
 *     Results ◀── deliverRun(first, run) ◀────────────────────────────── settled ◀──┘
 *
 * What a chunk is never shows: each input is called once, at its place, and fails alone. A chunk
 * that is refused before it was sent (one input can't be copied, or all together are too large) is
 * halved and tried again; one that finds the queue full waits until a job of this map has settled.
 */
import type { AsyncResource } from 'node:async_hooks'
import { PayloadTooLargeError, QueueFullError, SerializationError, TimeoutError } from '../../errors.ts'
import { Limit, type LimitOwner } from '../../runtime/limit.ts'
import { runtime } from '../../runtime/runtime.ts'
import { type Stoppable, strandIfAny } from '../../runtime/strand.ts'
import { currentCall } from '../../task/context.ts'
import { abortError, endingError, type ProgressListener, tellProgress } from '../../task/future.ts'
import { type Outcome, type OutcomeRun, Results, ResultsBuffer } from '../../task/results.ts'
import { type AnyFunction, nameOf, type Result, type Task } from '../../task/task.ts'
import type { Backend, Job, LongCall } from '../backend.ts'
import type { CallOptions } from '../call-options.ts'
import { captureCaller } from '../caller.ts'
import type { ReadyJob } from '../ready-job.ts'
import { type Attempts, assertNothingMoves, attemptsOf } from '../repeat/retry.ts'
import { ChunkSizer } from './chunk.ts'
import { type Batch, openInputs, type Source } from './inputs.ts'
import { type Chunk, chunkOf, type JobOwner, MapJob } from './job.ts'
import { checkMapOptions, type MapOptions } from './options.ts'
import { type Piece, runOf } from './outcomes.ts'
import { isPackedResults, moving, type Packed, pack, takesItems, unpackedAt, visibleBytes } from './packed.ts'
import { MapRepeats } from './repeats.ts'
import { tuplesOf } from './tuples.ts'

const hooks = process.getBuiltinModule('node:async_hooks')

/** Jobs per worker that are submitted at a time: one runs, the next one waits for the worker. */
const jobsPerWorker = 2
/** Chunks per worker that are read ahead of the consumer: as many as are in flight. */
const chunksAhead = 2 * jobsPerWorker
/** The bound where the number of workers is none: `coroutines({ concurrency: Infinity })`. */
const mostChunksAhead = 65_536

export function runMap<F extends AnyFunction>(
  backend: Backend<ReadyJob>,
  callOptions: CallOptions,
  task: Task<F>,
  inputs: Iterable<unknown> | AsyncIterable<unknown>,
  options: MapOptions,
  calledAs: Function,
): Results<Result<F>> {
  options = checkMapOptions(options)
  const source = openInputs(inputs, { shares: backend.model === 'threads' || backend.model === 'auto' })
  const buffer = new ResultsBuffer<unknown>(options.ordered ?? true, options.ahead ?? 0)
  const run = new MapRun(backend, callOptions, task, source, buffer, options, captureCaller(task, calledAs))
  buffer.producer = run
  run.begin()
  return Results.of(buffer) as Results<Result<F>>
}

class MapRun implements JobOwner, LongCall, Stoppable, LimitOwner {
  readonly task: Task
  readonly priority: number
  readonly caller: Job['caller']
  readonly within = currentCall()
  /** What it was started in, and ends with. */
  readonly heldBy = strandIfAny()
  readonly #backend: Backend<ReadyJob>
  readonly #callOptions: CallOptions
  readonly #source: Source
  readonly #buffer: ResultsBuffer<unknown>
  readonly #options: MapOptions
  readonly #messages: boolean
  readonly #sizer: ChunkSizer
  readonly #takesItems: boolean
  readonly #jobs: MapJob[] = []
  readonly #mostJobs: number
  readonly #concurrency: number
  /** Inputs are read and calls are made in the context of the caller, whoever asks for them. */
  readonly context: AsyncResource = new hooks.AsyncResource('atonce.map')
  /** Chunks that found the queue full. */
  #held: Chunk[] = []
  #readCount = 0
  #doneCount = 0
  #reading = false
  #resuming = false
  #waitingForRoom = false
  /** Undefined where nothing is repeated. */
  readonly #repeats: MapRepeats | undefined
  #ended = false
  /** It makes no more jobs, and none is left. */
  over = false
  accepted = true
  /** What it was started in was cancelled: its results throw that very reason. */
  #stopped: { readonly reason: unknown } | undefined
  #limit: Limit | undefined

  constructor(
    backend: Backend<ReadyJob>,
    callOptions: CallOptions,
    task: Task,
    source: Source,
    buffer: ResultsBuffer<unknown>,
    options: MapOptions,
    caller: Job['caller'],
  ) {
    // On the caller's own event loop there are no messages to save, and a chunk would only keep
    // calls from overlapping.
    const messages = backend.model !== 'coroutines'
    this.#messages = messages
    this.task = task
    this.priority = callOptions.priority ?? 0
    this.caller = caller
    this.#backend = backend
    this.#callOptions = callOptions
    this.#source = source
    this.#buffer = buffer
    this.#options = options
    this.#concurrency = backend.concurrency ?? backend.workers
    this.#mostJobs = (messages ? jobsPerWorker : 1) * this.#concurrency
    const chunk = options.chunk ?? (callOptions.runTimeoutMs === undefined ? 'auto' : 1)
    this.#sizer = new ChunkSizer(messages ? chunk : 1, { workers: this.#concurrency })
    this.#takesItems = takesItems(task)
    const begin = () => attemptsOf(callOptions, backend.name, task)
    if (begin() !== undefined)
      this.#repeats = new MapRepeats({
        begin: begin as () => Attempts,
        submit: chunk => this.#submit(chunk),
        pause: (ms, paused) => backend.pause(ms, paused),
        left: error => this.left(error),
      })
    this.#growAhead()
  }

  /** Starts in the next turn, so that the caller can say first how it wants the results. */
  begin(): void {
    this.accepted = this.#backend.accept?.(this) ?? true
    const { signal } = this.#callOptions
    this.heldBy?.hold(this)
    this.#limit = Limit.begin(this.#callOptions, this)
    runtime().soon(() => {
      if (signal?.aborted) this.aborted(signal.reason)
      else if (this.heldBy?.stopped) this.stop(this.heldBy.reason)
      else this.demand()
    })
  }

  // ── what the results ask for ──

  demand(): void {
    if (!this.#reading && !this.#ended && this.#wanted > 0) this.context.runInAsyncScope(this.#read, this)
  }

  cancel(reason: unknown): void {
    if (!this.#ended) {
      this.#ended = true
      this.context.runInAsyncScope(() => this.#source.close())
    }
    const error = endingError(`map(${nameOf(this.task)})`, reason)
    this.#held = []
    this.#repeats?.cancel()
    for (const job of [...this.#jobs]) this.#backend.cancel(job, error)
    this.#release()
    this.#buffer.break(this.#stopped === undefined ? error : this.#stopped.reason)
  }

  /** The strand that started the map was cancelled. The caller knows: results need no reader. */
  stop(reason: unknown): void {
    this.#stopped = { reason }
    this.#buffer.cancel(reason)
  }

  get key(): string | number | undefined {
    return this.#callOptions.key
  }

  /** How long each call may take, if there is a limit. */
  get runTimeoutMs(): number | undefined {
    return this.#callOptions.runTimeoutMs
  }

  endJob(job: MapJob, why: Error): void {
    this.#backend.cancel(job, why)
  }

  // ── what its executor tells ──

  get unread(): number | undefined {
    const { total } = this.#source
    return total === undefined ? undefined : total - this.#readCount
  }

  closing(): void {
    if (!this.over) this.#buffer.hurry()
  }

  // ── reading ──

  /** Reading inputs runs user code (a generator): it is never entered twice at a time. */
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

  /** How many inputs the next job takes. A part of a chunk would cost as much as a whole one. */
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
    const { inputs, ended, failed } = this.#takesItems ? batch : tuplesOf(batch, this.task, this.#readCount)
    if (this.#repeats !== undefined && !this.#canRepeat(inputs)) return
    this.#readCount += inputs.length
    if (ended) this.#ended = true
    if (failed !== undefined && !batch.ended) this.#source.close()
    if (inputs.length > 0) this.#send(this.#buffer.noteRead(inputs.length), inputs)
    if (!ended) return
    this.#buffer.end(this.#readCount, failed)
    this.#releaseIfDone()
  }

  #canRepeat(inputs: Packed): boolean {
    try {
      assertNothingMoves(inputs, this.task, this.#backend.model)
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
      this,
      chunk,
      many ? undefined : this.#argsOf(inputs),
      many ? this.#packed(inputs) : undefined,
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
    const run = runOf(job, outcome, this.#backend.name)
    if (workMs !== undefined) this.#learn(chunk, run, outcome, workMs)
    // What was stopped is not repeated.
    const repeats = this.#buffer.broken ? undefined : this.#repeats
    this.#deliver(repeats?.take(chunk, run) ?? [{ first: chunk.first, run }])
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
    return this.#repeats !== undefined && packed === inputs ? packed : moving(packed)
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
      await this.#backend.room(this.#callOptions.signal, this.accepted)
    } catch (error) {
      this.#buffer.break(error)
    }
    this.#waitingForRoom = false
    this.#resume()
  }

  /**
   * For a call that failed on this loop: it was alone in its job, and teaches nothing about costs.
   */
  #deliverOne(index: number, value: unknown): void {
    const { onProgress } = this.#options
    this.#buffer.deliverValue(index, value)
    this.#doneCount += 1
    if (onProgress !== undefined)
      this.context.runInAsyncScope(tellProgress, undefined, onProgress, this.#doneCount, this.#source.total)
    this.#resumeSoon()
    if (this.#ended) this.#releaseIfDone()
  }

  #deliver(pieces: readonly Piece[]): void {
    const { onProgress } = this.#options
    for (const { first, run } of pieces) {
      const { length } = run.values
      this.#buffer.deliverRun(first, run)
      this.#growAhead()
      if (onProgress === undefined) this.#doneCount += length
      else this.context.runInAsyncScope(this.#tellEach, this, onProgress, length)
    }
    this.#resumeSoon()
    this.#releaseIfDone()
  }

  #tellEach(onProgress: ProgressListener, count: number): void {
    for (let told = 0; told < count; told += 1) {
      this.#doneCount += 1
      tellProgress(onProgress, this.#doneCount, this.#source.total)
    }
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
    const chunks = Math.min(chunksAhead * this.#concurrency, mostChunksAhead)
    this.#buffer.ahead = Math.max(this.#buffer.ahead, chunks * this.#sizer.size)
  }

  // ── stopping ──

  aborted(reason: unknown): void {
    this.cancel(abortError(`map(${nameOf(this.task)})`, reason))
  }

  timedOut(timeoutMs: number): void {
    this.cancel(
      new TimeoutError(
        `map(${nameOf(this.task)}) did not end within ${timeoutMs} ms of the call; ${this.#doneCount} calls were done.`,
        timeoutMs,
      ),
    )
  }

  #releaseIfDone(): void {
    const isOpen = this.#jobs.length > 0 || this.#held.length > 0 || (this.#repeats?.waiting ?? 0) > 0
    if (this.#ended && !isOpen) this.#release()
  }

  #release(): void {
    if (this.over) return
    this.over = true
    this.#limit?.end()
    this.heldBy?.release(this)
    this.#backend.left?.()
  }
}
