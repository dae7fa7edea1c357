/**
 * `limiter.map`: reads inputs lazily, has each called when there is a place, hands the outcomes to
 * the results.
 *
 *     Source ─▶ #read (while the results have room, and fewer are under way than there are places) ─▶ LimitedCall ─▶ Places
 *     Results ◀── deliver(index, outcome) ◀── fn(input, index) ◀── #begin, in the caller's context ◀── granted ◀──┘
 *
 * Nobody waits for a single call, so none has a promise of its own; that is what makes it cheaper
 * than `run`.
 */
import { AsyncResource } from 'node:async_hooks'
import { checkFlag, checkFunction, checkOptions, optionNames, shown } from '../../checks.ts'
import { OptionError, TimeoutError } from '../../errors.ts'
import { type Batch, openInputs, type Source } from '../../executor/map/inputs.ts'
import { Limit, type LimitOwner, timerIn } from '../../runtime/limit.ts'
import { runtime, type Timer } from '../../runtime/runtime.ts'
import { currentStrand, enterStrand, type Stoppable, type Strand } from '../../runtime/strand.ts'
import { endingError, type ProgressListener, tellProgress } from '../../task/future.ts'
import { type OutcomeRun, Results, ResultsBuffer } from '../../task/results.ts'
import { isThenable, onSettled } from '../../task/thenable.ts'
import { type Asker, CallStrand, currentLimitedCall, LimitedCall, type LimitedContext } from './call.ts'
import { timeoutOf } from './limited-run.ts'
import { checkLimits, type LimitedOptions } from './options.ts'
import type { Places } from './places.ts'

export interface LimitedMapOptions extends Pick<LimitedOptions, 'priority' | 'weight'> {
  /**
   * Cancels the map when it aborts: what is queued is dropped, the signals of running calls abort.
   */
  readonly signal?: AbortSignal
  /**
   * The whole map must end within this time. Default: no limit; the limiter's own `timeoutMs` is
   * for each call.
   */
  readonly timeoutMs?: number
  /** Results in the order of the inputs (default), or as they are done. */
  readonly ordered?: boolean
  /**
   * How many inputs are read beyond the last result taken; once awaited, beyond the last one done.
   * Default: twice the concurrency.
   */
  readonly ahead?: number
  /**
   * Told of every result: how many are done, of how many (undefined while the inputs' number is
   * unknown).
   */
  readonly onProgress?: ProgressListener
}

const limitedMapOptionNames = optionNames<LimitedMapOptions>({
  priority: true,
  weight: true,
  signal: true,
  timeoutMs: true,
  ordered: true,
  ahead: true,
  onProgress: true,
})

/** What may be under way or untaken where nothing bounds it: a limiter by rate alone. */
const mostAhead = 65_536
const leastAheadByRate = 1_000

export function runLimitedMap<T, R>(
  places: Places,
  limiter: { readonly name: string; readonly callTimeoutMs: number | undefined },
  inputs: Iterable<T> | AsyncIterable<T>,
  fn: (input: T, index: number, context: LimitedContext) => R,
  options: LimitedMapOptions,
): Results<Awaited<R>> {
  const source = openInputs(inputs, { shares: false, what: 'limiter.map(inputs, fn)' })
  const { concurrency, callsPerWindow } = places
  const ahead =
    options.ahead ??
    Math.min(
      concurrency === Number.POSITIVE_INFINITY
        ? Math.max(leastAheadByRate, 2 * callsPerWindow)
        : 2 * concurrency,
      mostAhead,
    )
  const buffer = new ResultsBuffer<Awaited<R>>(options.ordered ?? true, ahead)
  const run = new LimitedMap<T, R>(places, limiter, source, fn, buffer, options)
  buffer.producer = run
  run.begin()
  return Results.of(buffer)
}

/** @throws OptionError */
export function checkLimitedMap(options: LimitedMapOptions, concurrency: number): LimitedMapOptions {
  options = checkOptions('limiter.map(inputs, fn, …)', options, limitedMapOptionNames)
  checkLimits(options, concurrency)
  const { ordered, ahead, onProgress } = options
  checkFlag('map(…, { ordered })', ordered)
  if (ahead !== undefined && !(ahead >= 1))
    throw new OptionError(`map(…, { ahead }) takes 1 or more; it got ${shown(ahead)}.`)
  if (onProgress !== undefined) checkFunction('map(…, { onProgress })', onProgress, '(done, total) => {}')
  return options
}

/** The call for one input. */
class MapCall<T> extends LimitedCall {
  readonly input: T
  readonly index: number
  strand: CallStrand | undefined
  /** Its place among the calls of the map; -1 once nobody wants its outcome. */
  at = -1

  constructor(
    places: Places,
    asker: Asker,
    fn: (...args: any[]) => unknown,
    parent: Strand | undefined,
    { priority = 0, weight = 1 }: LimitedMapOptions,
    input: T,
    index: number,
  ) {
    super(places, asker, fn, parent, priority, weight)
    this.input = input
    this.index = index
  }
}

class LimitedMap<T, R> implements Asker, Stoppable, LimitOwner {
  readonly #places: Places
  readonly #name: string
  readonly #callTimeoutMs: number | undefined
  readonly #source: Source
  readonly #fn: (input: T, index: number, context: LimitedContext) => R
  readonly #buffer: ResultsBuffer<Awaited<R>>
  readonly #options: LimitedMapOptions
  readonly #parent: Strand | undefined = currentStrand()
  /** Each call begins in the context of the caller, whatever the one before has entered. */
  readonly #context = new AsyncResource('atonce.map')
  readonly #calls: MapCall<T>[] = []
  /** Outcomes of neighbours that have come in this turn, and the index of the first. */
  #run: OutcomeRun<Awaited<R>> & { failures?: Map<number, unknown> | undefined } = { values: [] }
  #runFirst = 0
  /** The limited call that waits for this map, once it was seen to. */
  #awaitedBy: LimitedCall | undefined
  #begun = false
  #reading = false
  #flushing = false
  #ended = false
  /** How many of its calls wait for a place: no more than may begin in one window of a rate. */
  #queued = 0
  #readCount = 0
  #doneCount = 0
  #limit: Limit | undefined

  constructor(
    places: Places,
    limiter: { readonly name: string; readonly callTimeoutMs: number | undefined },
    source: Source,
    fn: (input: T, index: number, context: LimitedContext) => R,
    buffer: ResultsBuffer<Awaited<R>>,
    options: LimitedMapOptions,
  ) {
    this.#places = places
    this.#name = `a map over ${limiter.name}`
    this.#callTimeoutMs = limiter.callTimeoutMs
    this.#source = source
    this.#fn = fn
    this.#buffer = buffer
    this.#options = options
  }

  /**
   * Starts when the code that runs now has ended, so that the caller can say first how it wants the
   * results.
   */
  begin(): void {
    const { signal } = this.#options
    this.#parent?.hold(this)
    this.#limit = Limit.begin(this.#options, this)
    runtime().soon(() => {
      this.#begun = true
      if (signal?.aborted) this.aborted(signal.reason)
      else if (this.#parent?.stopped) this.stop(this.#parent.reason)
      else this.#read()
    })
  }

  /** The strand around it was cancelled. */
  stop(reason: unknown): void {
    this.#break(reason)
  }

  // ── what the results ask for ──

  demand(): void {
    if (this.#begun && !this.#reading) this.#context.runInAsyncScope(this.#read, this)
  }

  /** A limited call that waits for results waits for the calls of this map. */
  awaited(): void {
    if (this.#parent === undefined || this.#awaitedBy !== undefined) return
    this.#awaitedBy = currentLimitedCall()
    for (const call of this.#calls) this.#awaitedBy?.waitsFor(call)
  }

  cancel(reason: unknown): void {
    this.#break(endingError(this.#name, reason))
  }

  #break(error: unknown): void {
    if (!this.#ended) {
      this.#ended = true
      this.#source.close()
    }
    const calls = this.#calls.splice(0)
    for (const call of calls) call.at = -1
    for (const call of calls) {
      if (this.#places.withdraw(call)) continue
      call.strand?.stop(error)
      this.#places.goesOn(call)
    }
    this.#release()
    this.#buffer.break(error)
  }

  // ── reading ──

  /**
   * Inputs may be a generator, and so any code: it is never entered a second time while it runs.
   */
  #read(): void {
    if (this.#reading) return
    this.#reading = true
    while (!this.#ended) {
      const wanted = Math.min(
        this.#buffer.room,
        this.#places.concurrency - this.#calls.length,
        this.#places.callsPerWindow - this.#queued,
      )
      if (wanted <= 0) break
      const batch = this.#source.take(wanted)
      if (batch instanceof Promise) {
        batch.then(arrived => {
          this.#accept(arrived)
          this.#reading = false
          this.#read()
        })
        return
      }
      this.#accept(batch)
    }
    this.#reading = false
  }

  #accept({ inputs, ended, failed }: Batch): void {
    if (this.#ended) return // It was cancelled while the inputs came.
    this.#readCount += inputs.length
    if (ended) this.#ended = true
    const first = this.#buffer.noteRead(inputs.length)
    for (let at = 0; at < inputs.length && !this.#buffer.broken; at += 1)
      this.#enter(inputs[at] as T, first + at)
    if (!ended) return
    this.#buffer.end(this.#readCount, failed)
    this.#releaseIfDone()
  }

  // ── calling ──

  #enter(input: T, index: number): void {
    const call = new MapCall(this.#places, this, this.#fn, this.#parent, this.#options, input, index)
    call.at = this.#calls.push(call) - 1
    this.#queued += 1
    this.#places.enter(call)
    this.#awaitedBy?.waitsFor(call)
  }

  granted(call: MapCall<T>): void {
    this.#queued -= 1
    if (this.#queued === 0 && !this.#ended) this.#flushSoon() // A limiter by rate alone: more may be read.
    this.#context.runInAsyncScope(this.#begin, undefined, call)
  }

  dropped(call: MapCall<T>, error: Error): void {
    this.#queued -= 1
    if (this.#leave(call)) this.#deliverFailure(call, error)
  }

  readonly #begin = (call: MapCall<T>): void => {
    const strand = new CallStrand(this.#name, call)
    call.strand = strand
    enterStrand(strand)
    const timer = this.#callTimeoutMs === undefined ? undefined : this.#timeCall(call, this.#callTimeoutMs)
    const succeeded = (value: Awaited<R>): void => {
      timer?.cancel()
      this.#places.ended(call)
      if (this.#leave(call)) this.#deliver(call, value)
    }
    const failed = (error: unknown): void => {
      timer?.cancel()
      this.#places.ended(call)
      if (this.#leave(call)) this.#deliverFailure(call, error)
    }
    try {
      const returned = this.#fn(call.input, call.index, strand)
      if (isThenable(returned)) onSettled(returned as PromiseLike<Awaited<R>>, succeeded, failed)
      else succeeded(returned as Awaited<R>)
    } catch (error) {
      failed(error)
    }
  }

  #timeCall(call: MapCall<T>, timeoutMs: number): Timer | undefined {
    return timerIn(timeoutMs, () => {
      const error = timeoutOf(this.#name, timeoutMs)
      call.strand?.stop(error)
      this.#places.goesOn(call)
      if (this.#leave(call)) this.#deliverFailure(call, error)
    })
  }

  // ── delivering ──

  /**
   * It is no more among the calls of the map; false if it was not, as the map was cancelled or the
   * call's time was over.
   */
  #leave(call: MapCall<T>): boolean {
    const { at } = call
    if (at === -1) return false
    const last = this.#calls.pop() as MapCall<T>
    if (last !== call) {
      this.#calls[at] = last
      last.at = at
    }
    call.at = -1
    return true
  }

  #deliver({ index }: MapCall<T>, value: Awaited<R> | undefined): void {
    const { values } = this.#run
    if (values.length > 0 && index !== this.#runFirst + values.length) this.#flush()
    if (this.#run.values.length === 0) this.#runFirst = index
    this.#run.values.push(value)
    this.#flushSoon()
  }

  #deliverFailure(call: MapCall<T>, error: unknown): void {
    this.#deliver(call, undefined)
    this.#run.failures ??= new Map()
    this.#run.failures.set(this.#run.values.length - 1, error)
  }

  /** Once for all calls that end in one turn. */
  #flushSoon(): void {
    if (this.#flushing) return
    this.#flushing = true
    runtime().soon(() => {
      this.#flushing = false
      this.#flush()
      if (this.#ended) this.#releaseIfDone()
      else this.demand()
    })
  }

  #flush(): void {
    const run = this.#run
    if (run.values.length === 0) return
    const { onProgress } = this.#options
    this.#run = { values: [] }
    this.#doneCount += run.values.length
    const first = this.#doneCount - run.values.length
    this.#buffer.deliverRun(this.#runFirst, run)
    if (onProgress === undefined) return
    for (let done = first + 1; done <= this.#doneCount; done += 1)
      tellProgress(onProgress, done, this.#source.total)
  }

  // ── stopping ──

  aborted(reason: unknown): void {
    this.#break(reason)
  }

  timedOut(timeoutMs: number): void {
    this.#break(
      new TimeoutError(
        `${this.#name} did not end within ${timeoutMs} ms of the call; ${this.#doneCount} calls were done.`,
        timeoutMs,
      ),
    )
  }

  #releaseIfDone(): void {
    if (this.#ended && this.#calls.length === 0) this.#release()
  }

  #release(): void {
    this.#limit?.end()
    this.#parent?.release(this)
  }
}
