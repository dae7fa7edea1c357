/**
 * `limiter.map`: reads inputs lazily, has each called when there is a place, hands the outcomes to
 * the results.
 *
 *     Pump ─▶ accept (while the results have room, and fewer are under way than there are places) ─▶ LimitedCall ─▶ Places
 *     Pump ◀── deliver(first, run) ◀── fn(input, index) ◀── #begin, in the caller's context ◀── granted ◀──────────┘
 *
 * Nobody waits for a single call, so none has a promise of its own; that is what makes it cheaper
 * than `run`.
 */
import type { AsyncResource } from 'node:async_hooks'
import { checkFlag, checkFunction, checkOptions, optionNames, shown } from '../../checks.ts'
import { OptionError } from '../../errors.ts'
import { openInputs, type Source } from '../../executor/map/inputs.ts'
import type { Packed } from '../../executor/map/packed.ts'
import { Pump, type PumpOwner } from '../../executor/map/pump.ts'
import { UnderWay } from '../../executor/map/under-way.ts'
import { timerIn } from '../../runtime/limit.ts'
import type { Timer } from '../../runtime/runtime.ts'
import { enterStrand, type Strand } from '../../runtime/strand.ts'
import type { ProgressListener } from '../../task/future.ts'
import { type OutcomeRun, Results, ResultsBuffer } from '../../task/results.ts'
import { isThenable, onSettled } from '../../task/thenable.ts'
import { type Asker, CallStrand, currentLimitedCall, LimitedCall, type LimitedContext } from './call.ts'
import { timeoutOf } from './limited-run.ts'
import { checkLimits, type LimitedOptions } from './options.ts'
import type { Places } from './places.ts'

/** What `limiter.map` may be told. */
export interface LimitedMapOptions extends Pick<LimitedOptions, 'priority' | 'weight'> {
  /**
   * Cancels the map when it aborts: what is queued is dropped, the signals of running calls abort.
   * Default: none.
   */
  readonly signal?: AbortSignal
  /**
   * The whole map must end within so many milliseconds. Default: no limit; the limiter's own
   * `timeoutMs` is for each call.
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
   * unknown). Default: nobody is told.
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

class LimitedMap<T, R> implements Asker, PumpOwner {
  readonly #places: Places
  readonly #callTimeoutMs: number | undefined
  readonly #fn: (input: T, index: number, context: LimitedContext) => R
  readonly #options: LimitedMapOptions
  readonly #pump: Pump<Awaited<R>>
  readonly #parent: Strand | undefined
  /** Each call begins in the context of the caller, whatever the one before has entered. */
  readonly #context: AsyncResource
  readonly #calls = new UnderWay<MapCall<T>>()
  /** Outcomes of neighbours that have come in this turn, and the index of the first. */
  #run: OutcomeRun<Awaited<R>> & { failures?: Map<number, unknown> | undefined } = { values: [] }
  #runFirst = 0
  /** The limited call that waits for this map, once it was seen to. */
  #awaitedBy: LimitedCall | undefined
  /** How many of its calls wait for a place: no more than may begin in one window of a rate. */
  #queued = 0

  constructor(
    places: Places,
    limiter: { readonly name: string; readonly callTimeoutMs: number | undefined },
    source: Source,
    fn: (input: T, index: number, context: LimitedContext) => R,
    buffer: ResultsBuffer<Awaited<R>>,
    options: LimitedMapOptions,
  ) {
    const name = `a map over ${limiter.name}`
    this.#places = places
    this.#callTimeoutMs = limiter.callTimeoutMs
    this.#fn = fn
    this.#options = options
    this.#pump = new Pump(this, source, buffer, { name, limits: options, onProgress: options.onProgress })
    this.#parent = this.#pump.heldBy
    this.#context = this.#pump.context
  }

  begin(): void {
    this.#pump.begin()
  }

  // ── what its pump asks ──

  get wanted(): number {
    return Math.min(
      this.#pump.buffer.room,
      this.#places.concurrency - this.#calls.size,
      this.#places.callsPerWindow - this.#queued,
    )
  }

  get isOpen(): boolean {
    return this.#calls.size > 0
  }

  accept(first: number, inputs: Packed): void {
    for (let at = 0; at < inputs.length && !this.#pump.buffer.broken; at += 1)
      this.#enter(inputs[at] as T, first + at)
  }

  /** A limited call that waits for results waits for the calls of this map. */
  awaited(): void {
    if (this.#parent === undefined || this.#awaitedBy !== undefined) return
    this.#awaitedBy = currentLimitedCall()
    for (const call of this.#calls) this.#awaitedBy?.waitsFor(call)
  }

  aborted(reason: unknown): void {
    this.#pump.end(reason)
  }

  drop(error: unknown): void {
    for (const call of this.#calls.clear()) {
      if (this.#places.withdraw(call)) continue
      call.strand?.stop(error)
      this.#places.goesOn(call)
    }
  }

  // ── calling ──

  #enter(input: T, index: number): void {
    const call = new MapCall(this.#places, this, this.#fn, this.#parent, this.#options, input, index)
    this.#calls.add(call)
    this.#queued += 1
    this.#places.enter(call)
    this.#awaitedBy?.waitsFor(call)
  }

  granted(call: MapCall<T>): void {
    this.#queued -= 1
    if (this.#queued === 0) this.#pump.goOnSoon() // A limiter by rate alone: more may be read.
    this.#context.runInAsyncScope(this.#begin, undefined, call)
  }

  dropped(call: MapCall<T>, error: Error): void {
    this.#queued -= 1
    if (this.#calls.remove(call)) this.#deliverFailure(call, error)
  }

  readonly #begin = (call: MapCall<T>): void => {
    const strand = new CallStrand(this.#pump.name, call)
    call.strand = strand
    enterStrand(strand)
    const timer = this.#callTimeoutMs === undefined ? undefined : this.#timeCall(call, this.#callTimeoutMs)
    const succeeded = (value: Awaited<R>): void => {
      timer?.cancel()
      this.#places.ended(call)
      if (this.#calls.remove(call)) this.#deliver(call, value)
    }
    const failed = (error: unknown): void => {
      timer?.cancel()
      this.#places.ended(call)
      if (this.#calls.remove(call)) this.#deliverFailure(call, error)
    }
    try {
      if (this.#callTimeoutMs === 0) throw timeoutOf(this.#pump.name, 0) // Its time is over: nothing runs.
      const returned = this.#fn(call.input, call.index, strand)
      if (isThenable(returned)) onSettled(returned as PromiseLike<Awaited<R>>, succeeded, failed)
      else succeeded(returned as Awaited<R>)
    } catch (error) {
      failed(error)
    }
  }

  #timeCall(call: MapCall<T>, timeoutMs: number): Timer | undefined {
    return timerIn(timeoutMs, () => {
      const error = timeoutOf(this.#pump.name, timeoutMs)
      call.strand?.stop(error)
      this.#places.goesOn(call)
      if (this.#calls.remove(call)) this.#deliverFailure(call, error)
    })
  }

  // ── delivering ──

  #deliver({ index }: MapCall<T>, value: Awaited<R> | undefined): void {
    const { values } = this.#run
    if (values.length > 0 && index !== this.#runFirst + values.length) this.goOn()
    if (this.#run.values.length === 0) this.#runFirst = index
    this.#run.values.push(value)
    this.#pump.goOnSoon()
  }

  #deliverFailure(call: MapCall<T>, error: unknown): void {
    this.#deliver(call, undefined)
    this.#run.failures ??= new Map()
    this.#run.failures.set(this.#run.values.length - 1, error)
  }

  /** Once for all calls that end in one turn. */
  goOn(): void {
    const run = this.#run
    if (run.values.length === 0) return
    this.#run = { values: [] }
    this.#pump.deliver(this.#runFirst, run)
  }
}
