/**
 * `map`: reads inputs lazily, sends them in chunks, hands the outcomes to the results.
 *
 *     Pump ─▶ accept(first, inputs), while the results have room and jobs are wanted ─▶ Job ─▶ backend
 *     Pump ◀── deliver(first, run) ◀─────────────────────────────────── settled ◀──┘
 *
 * What a chunk is never shows: each input is called once, at its place, and fails alone. A chunk
 * that is refused before it was sent (one input can't be copied, or all together are too large) is
 * halved and tried again; one that finds the queue full waits until a job of this map has settled.
 */
import type { AsyncResource } from 'node:async_hooks'
import { PayloadTooLargeError, QueueFullError, SerializationError } from '../../errors.ts'
import { currentCall } from '../../task/context.ts'
import { abortError, endingError } from '../../task/future.ts'
import { type Outcome, type OutcomeRun, Results, ResultsBuffer } from '../../task/results.ts'
import { type AnyFunction, nameOf, type Result, type Task } from '../../task/task.ts'
import type { Backend, Job, LongCall } from '../backend.ts'
import type { CallOptions } from '../call-options.ts'
import { captureCaller, withCaller } from '../caller.ts'
import type { ReadyJob } from '../ready-job.ts'
import { type Attempts, assertNothingMoves, attemptsOf } from '../repeat/retry.ts'
import { ChunkSizer } from './chunk.ts'
import { type Batch, openInputs, type Source } from './inputs.ts'
import { type Chunk, chunkOf, type JobOwner, MapJob } from './job.ts'
import { checkMapOptions, type MapOptions } from './options.ts'
import { runOf } from './outcomes.ts'
import { isPackedResults, moving, type Packed, pack, takesItems, unpackedAt, visibleBytes } from './packed.ts'
import { Pump, type PumpOwner } from './pump.ts'
import { MapRepeats } from './repeats.ts'
import { tuplesOf } from './tuples.ts'
import { UnderWay } from './under-way.ts'

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
  run.begin()
  return Results.of(buffer) as Results<Result<F>>
}

class MapRun implements JobOwner, LongCall, PumpOwner {
  readonly task: Task
  readonly priority: number
  readonly caller: Job['caller']
  readonly within = currentCall()
  readonly context: AsyncResource
  accepted = true
  readonly #pump: Pump<unknown>
  readonly #backend: Backend<ReadyJob>
  readonly #callOptions: CallOptions
  readonly #messages: boolean
  readonly #sizer: ChunkSizer
  readonly #takesItems: boolean
  readonly #jobs = new UnderWay<MapJob>()
  /** As many calls as its backend says can run at a time. */
  readonly #workers: number
  /** How many chunks are read ahead; undefined where the user has said how many inputs. */
  readonly #chunksAhead: number | undefined
  /** Undefined where nothing is repeated. */
  readonly #repeats: MapRepeats | undefined
  /** Chunks that found the queue full. */
  #held: Chunk[] = []
  #waitingForRoom = false

  constructor(
    backend: Backend<ReadyJob>,
    callOptions: CallOptions,
    task: Task,
    source: Source,
    buffer: ResultsBuffer<unknown>,
    { ahead, chunk, onProgress }: MapOptions,
    caller: Job['caller'],
  ) {
    // On the caller's own event loop there are no messages to save, and a chunk would only keep
    // calls from overlapping.
    const messages = backend.model !== 'coroutines'
    const workers = backend.concurrency ?? backend.workers
    const name = `map(${nameOf(task)})`
    this.#messages = messages
    this.task = task
    this.priority = callOptions.priority ?? 0
    this.caller = caller
    this.#backend = backend
    this.#callOptions = callOptions
    this.#pump = new Pump(this, source, buffer, { name, limits: callOptions, onProgress, caller })
    this.context = this.#pump.context
    this.#workers = workers
    const size = chunk ?? (callOptions.runTimeoutMs === undefined ? 'auto' : 1)
    const most = ahead === undefined ? undefined : mostInChunk(ahead, chunk, jobsPerWorker * workers)
    this.#sizer = new ChunkSizer(messages ? size : 1, { workers, most, chunkMs: backend.chunkMs })
    this.#takesItems = takesItems(task)
    if (ahead === undefined) this.#chunksAhead = Math.min(chunksAhead * workers, mostChunksAhead)
    const begin = () => attemptsOf(callOptions, backend.name, task)
    if (begin() !== undefined)
      this.#repeats = new MapRepeats({
        begin: begin as () => Attempts,
        submit: chunk => this.#submit(chunk),
        pause: (ms, paused) => backend.pause(ms, paused),
        left: error => this.leave(error),
      })
    this.#growAhead()
  }

  begin(): void {
    this.accepted = this.#backend.accept?.(this) ?? true
    this.#pump.begin()
  }

  // ── what its jobs and its executor ask ──

  get key(): string | number | undefined {
    return this.#callOptions.key
  }

  /** How long each call may take, if there is a limit. */
  get runTimeoutMs(): number | undefined {
    return this.#callOptions.runTimeoutMs
  }

  get unread(): number | undefined {
    return this.#pump.unread
  }

  /** It makes no more jobs, and none is left. */
  get over(): boolean {
    return this.#pump.over
  }

  closing(): void {
    if (!this.over) this.#pump.buffer.hurry()
  }

  demand(): void {
    this.#pump.demand()
  }

  endJob(job: MapJob, why: Error): void {
    this.#backend.cancel(job, why)
  }

  // ── what its pump asks ──

  /** How many inputs the next job takes. A part of a chunk would cost as much as a whole one. */
  get wanted(): number {
    const workers = this.#backend.sharedBy?.(this.task) ?? this.#workers
    const most = (this.#messages ? jobsPerWorker : 1) * workers
    if (this.#held.length > 0 || this.#jobs.size >= most) return 0
    const { room } = this.#pump.buffer
    if (!this.#messages) return Math.min(most - this.#jobs.size, room)
    const size = this.#sizer.next(this.#pump.unread, workers)
    return room >= size ? size : 0
  }

  get isOpen(): boolean {
    return this.#jobs.size > 0 || this.#held.length > 0 || (this.#repeats?.waiting ?? 0) > 0
  }

  checked(batch: Batch): Batch {
    const checked = this.#takesItems ? batch : tuplesOf(batch, this.task, this.#pump.readCount)
    if (this.#repeats !== undefined)
      try {
        assertNothingMoves(checked.inputs, this.task, this.#backend.model)
      } catch (error) {
        this.#pump.buffer.break(error) // A mistake in the program.
      }
    return checked
  }

  accept(first: number, inputs: Packed): void {
    if (this.#messages) return this.#submit(chunkOf(first, inputs))
    for (let at = 0; at < inputs.length && !this.#pump.buffer.broken; at += 1)
      this.#submit({ first: first + at, inputs: [unpackedAt(inputs, at)], count: 1, bytes: 0 })
  }

  goOn(): void {
    const held = this.#held
    if (held.length === 0) return
    this.#held = []
    for (const chunk of held) this.#submit(chunk)
  }

  aborted(reason: unknown): void {
    this.#pump.cancel(withCaller(abortError(this.#pump.name, reason), this.caller))
  }

  drop(reason: unknown): void {
    const error = endingError(this.#pump.name, reason)
    this.#held = []
    this.#repeats?.cancel()
    for (const job of [...this.#jobs]) this.#backend.cancel(job, error)
  }

  left(): void {
    this.#backend.left?.()
  }

  // ── sending ──

  #submit(chunk: Chunk): void {
    const job = new MapJob(this, chunk, this.#argsOf(chunk), this.#packed(chunk))
    this.#jobs.add(job)
    try {
      this.context.runInAsyncScope(this.#backend.submit, this.#backend, job)
    } catch (error) {
      this.#jobs.remove(job) // A mistake in the program: the task can't run on this backend at all.
      this.#pump.buffer.break(error)
    }
  }

  /** The arguments of the one call with these inputs, if it is one. */
  #argsOf({ inputs, count }: Chunk): readonly unknown[] | undefined {
    if (count > 1) return undefined
    if (!this.#takesItems) return inputs[0] as readonly unknown[]
    return this.#messages ? [unpackedAt(inputs, 0)] : (inputs as readonly unknown[])
  }

  #packed({ inputs, count }: Chunk): Packed | undefined {
    if (count === 1) return undefined
    const packed = this.#takesItems && Array.isArray(inputs) ? pack(inputs) : inputs
    return this.#repeats !== undefined && packed === inputs ? packed : moving(packed)
  }

  settled(job: MapJob, outcome: Outcome<unknown>, workMs: number | undefined): void {
    const { of: chunk, begun } = job
    this.#jobs.remove(job)
    if (outcome.ok && !this.#messages) {
      // It was alone in its job, and teaches nothing about costs.
      this.#pump.deliverValue(chunk.first, outcome.value)
      return this.#settledOnes()
    }
    // What a worker answered was begun, even if its answer overtook that of the call before it.
    const refused = !outcome.ok && !begun && workMs === undefined
    if (refused && this.#tryAgain(chunk, outcome.error)) return
    if (!outcome.ok) withCaller(outcome.error, this.caller)
    const run = runOf(job, outcome, this.#backend.name)
    if (workMs !== undefined) this.#learn(chunk, run, outcome, workMs)
    // What was stopped is not repeated.
    const repeats = this.#pump.buffer.broken ? undefined : this.#repeats
    const pieces = repeats?.take(chunk, run)
    if (pieces === undefined) this.#pump.deliver(chunk.first, run)
    else for (const piece of pieces) this.#pump.deliver(piece.first, piece.run)
    this.#settledOnes()
  }

  #settledOnes(): void {
    this.#pump.goOnSoon()
    this.#pump.leaveIfDone()
  }

  leave(error: Error): void {
    this.#pump.buffer.cancel(error)
  }

  /** Whether a chunk that was refused before it was sent is, or will be, submitted again. */
  #tryAgain(chunk: Chunk, error: unknown): boolean {
    const { first, inputs, count } = chunk
    if (error instanceof QueueFullError) {
      this.#held.push(chunk)
      if (this.#jobs.size === 0) void this.#waitForRoom()
      return true
    }
    const divisible = error instanceof SerializationError || error instanceof PayloadTooLargeError
    if (!divisible || count === 1) return false
    const half = count >> 1
    this.#submit(chunkOf(first, inputs.slice(0, half)))
    if (!this.#pump.buffer.broken) this.#submit(chunkOf(first + half, inputs.slice(half)))
    return true
  }

  /** None of this map's own jobs will make room: others fill the queue. */
  async #waitForRoom(): Promise<void> {
    if (this.#waitingForRoom) return
    this.#waitingForRoom = true
    try {
      await this.#backend.room(this.#callOptions.signal, this.accepted)
    } catch (error) {
      this.#pump.buffer.break(error)
    }
    this.#waitingForRoom = false
    this.goOn()
    this.#pump.demand()
  }

  #learn({ count, bytes }: Chunk, run: OutcomeRun<unknown>, outcome: Outcome<unknown>, workMs: number): void {
    const reply = outcome.ok ? outcome.value : undefined
    this.#sizer.learn({
      items: count,
      workMs,
      longestMs: isPackedResults(reply, count) ? reply.longestMs : undefined,
      bytes: bytes + visibleBytes(run.values),
    })
    this.#growAhead()
  }

  /** Larger chunks need more inputs under way. */
  #growAhead(): void {
    const { buffer } = this.#pump
    if (this.#chunksAhead !== undefined)
      buffer.ahead = Math.max(buffer.ahead, this.#chunksAhead * this.#sizer.size)
  }
}

/** The largest chunk that leaves something for the other workers of what may be read ahead. */
function mostInChunk(ahead: number, chunk: MapOptions['chunk'], mostJobs: number): number {
  return typeof chunk === 'number' ? ahead : Math.max(1, Math.floor(ahead / mostJobs))
}
