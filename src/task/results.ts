/**
 * The results of `map`: await them as an array, or iterate over them as they come.
 *
 *     producer (executor/map/map.ts)                                   consumer
 *     reads inputs while room > 0 ─▶ deliverRun(first, run) ─▶ runs ─▶ array | async iterator
 *              ▲                                                              │
 *              └──────────────── demand() ◀── one result taken ◀──────────────┘
 *
 * Three modes. Until somebody asks, and while somebody iterates, no more than `ahead` inputs are
 * read beyond the last result taken. Once it is awaited, results pile up and only the calls under
 * way are bounded.
 *
 * Outcomes come and stay in runs, one for each chunk, so that a tiny call costs no object of its
 * own here.
 */
import { InvalidTaskError } from '../errors.ts'
import { type Parked, park, untilStopped } from '../runtime/park.ts'
import { type Strand, strandIfAny } from '../runtime/strand.ts'

/** How one call ended. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown }

/**
 * How the calls of neighbouring inputs ended. The buffer keeps the run, and empties it as results
 * are taken.
 */
export interface OutcomeRun<T> {
  /** One for each call; undefined where it failed. */
  readonly values: (T | undefined)[]
  /** Why calls failed, by their place in the run, in the order of the places. */
  readonly failures?: ReadonlyMap<number, unknown> | undefined
}

/** What feeds the results. */
export interface Producer {
  /** There is room for more inputs, or the mode changed. */
  demand(): void
  /** The strand that it ends with. */
  readonly heldBy?: Strand | undefined
  /** Whoever runs here waits for results now. */
  awaited?(): void
  /** Nobody wants the rest: cancel what has not started, close the inputs. */
  cancel(reason: unknown): void
}

/** The buffer between producer and consumer. */
export class ResultsBuffer<T> {
  readonly ordered: boolean
  /** A failure ends the whole run; false once `settled()` was asked for. */
  stopOnFailure = true
  /**
   * How many results may be under way or waiting to be taken; the producer may change it as it
   * learns.
   */
  ahead: number
  /** Set by the executor before anything is delivered. */
  producer: Producer = { demand() {}, cancel() {} }

  #collecting = false
  /** The caller takes results one by one. */
  #iterated = false
  /** What is left is to be done soon. */
  #hurried = false
  #read = 0
  #delivered = 0
  #taken = 0
  #total: number | undefined
  /** Why there are no more inputs, if not because they are at their end. */
  #inputsFailed: { error: unknown } | undefined
  #broken: { error: unknown } | undefined
  /**
   * Runs that were delivered, by the place of their first result: the input's index, or a count of
   * arrivals.
   */
  readonly #runs = new Map<number, OutcomeRun<T>>()
  /** The run that came last, and the place behind it. */
  #newest: OutcomeRun<T> | undefined
  #newestEnd = -1
  /** The run that results are taken from, and how many of it were. */
  #current: OutcomeRun<T> | undefined
  #takenOfCurrent = 0
  #arrival: Parked<void> | undefined
  readonly #finished = park<void>('all results', this)

  constructor(ordered: boolean, ahead: number) {
    this.ordered = ordered
    this.ahead = ahead
    // Whoever takes results marks the end as handled; a failure that nobody takes is reported by
    // Node.
  }

  /** How many more inputs may be read now. */
  get room(): number {
    const pilesUp = this.#collecting || (this.#hurried && !this.#iterated)
    return this.ahead - (this.#read - (pilesUp ? this.#delivered : this.#taken))
  }

  /**
   * What is left is to be done soon: where nobody has said yet how the results are wanted, they
   * pile up as for an array.
   */
  hurry(): void {
    this.#hurried = true
    this.producer.demand()
  }

  /** Whether the run has failed or was cancelled. */
  get broken(): boolean {
    return this.#broken !== undefined
  }

  /** Notes that inputs were read; returns the index of the first. */
  noteRead(count = 1): number {
    const first = this.#read
    this.#read += count
    return first
  }

  /** Takes the outcome of the input with that index. */
  deliver(index: number, outcome: Outcome<T>): void {
    this.deliverRun(
      index,
      outcome.ok
        ? { values: [outcome.value] }
        : { values: [undefined], failures: new Map([[0, outcome.error]]) },
    )
  }

  /** Takes the value of the input with that index. */
  deliverValue(index: number, value: T): void {
    if (this.#broken !== undefined) return
    const place = this.ordered ? index : this.#delivered
    if (!this.#join(place, value)) this.#keep(place, { values: [value] })
    this.#delivered += 1
    this.#arrived()
    this.#checkFinished()
  }

  /** Takes the outcomes of the inputs from that index on; the run is the buffer's from now on. */
  deliverRun(first: number, run: OutcomeRun<T>): void {
    if (this.#broken !== undefined) return
    this.#keep(this.ordered ? first : this.#delivered, run)
    this.#delivered += run.values.length
    if (this.#collecting && this.stopOnFailure && run.failures !== undefined) return this.#breakBy(run)
    this.#arrived()
    this.#checkFinished()
  }

  /**
   * There are no more inputs: `total` were read. If it is because they threw, `failed` holds the
   * error; it is thrown at its place, after the results of the inputs before it, or at once where
   * nobody takes them one by one.
   */
  end(total: number, failed?: { readonly error: unknown }): void {
    this.#total = total
    this.#inputsFailed = failed
    if (this.#collecting && failed !== undefined) return this.break(failed.error)
    this.#arrived()
    this.#checkFinished()
  }

  /**
   * Ends the run with an error: it was cancelled, it timed out, the inputs threw, or a call failed.
   */
  break(error: unknown): void {
    if (this.#broken !== undefined) return
    this.#broken = { error }
    this.producer.cancel(error)
    this.#arrived()
    this.#finished.failFor(error)
  }

  /**
   * Cancels on the user's behalf: whoever has cancelled knows, so nothing is reported if nobody
   * waits.
   */
  cancel(reason: unknown): void {
    this.#finished.promise.catch(() => {})
    this.producer.cancel(reason)
  }

  /** Waits for everything and returns it in order. */
  async collect(): Promise<OutcomeRun<T>[]> {
    this.#collecting = true
    this.producer.awaited?.()
    const failed = this.stopOnFailure
      ? this.#inOrder().find(({ failures }) => failures !== undefined)
      : undefined
    if (failed !== undefined) this.#breakBy(failed)
    else if (this.#inputsFailed !== undefined) this.break(this.#inputsFailed.error)
    else this.producer.demand()
    await this.#withThoseWhoWait(this.#finished.promise)
    if (this.#broken !== undefined) throw this.#broken.error // All was there already, with a failure among it.
    return this.#inOrder()
  }

  /** The next result, if it is there. */
  takeNow(): Outcome<T> | undefined {
    this.#iterated = true
    if (this.#current === undefined && !this.#openNextRun()) return undefined
    const { values, failures } = this.#current as OutcomeRun<T>
    const at = this.#takenOfCurrent
    const value = values[at] as T
    const next: Outcome<T> = failures?.has(at) ? { ok: false, error: failures.get(at) } : { ok: true, value }
    if (typeof value === 'object') values[at] = undefined // What was taken is not kept alive by its neighbours.
    this.#taken += 1
    this.#takenOfCurrent += 1
    if (this.#takenOfCurrent === values.length) this.#current = undefined
    if (!next.ok && this.stopOnFailure) this.break(next.error)
    else this.producer.demand()
    return next
  }

  /** Waits for the next result; undefined at the end. */
  async take(): Promise<Outcome<T> | undefined> {
    this.#finished.promise.catch(() => {})
    for (;;) {
      const next = this.takeNow()
      if (next !== undefined) return next
      if (this.#taken === this.#total && this.#inputsFailed !== undefined)
        this.break(this.#inputsFailed.error)
      if (this.#broken !== undefined) throw this.#broken.error
      if (this.#taken === this.#total) return undefined
      this.#arrival ??= park('the next result', this)
      this.producer.awaited?.()
      await this.#withThoseWhoWait(this.#arrival.promise)
    }
  }

  /** Several may wait for one thing, each no longer than the scope or task that it is in. */
  #withThoseWhoWait(promise: Promise<void>): Promise<void> {
    const strand = strandIfAny()
    return strand === undefined || strand === this.producer.heldBy
      ? promise
      : untilStopped(promise, 'results', this)
  }

  /**
   * A value alone joins the run before it, if nobody takes from that: a run of its own would cost
   * three times as much.
   */
  #join(place: number, value: T | undefined): boolean {
    const newest = this.#newest
    if (!this.#collecting || place !== this.#newestEnd || newest === undefined || newest.failures)
      return false
    newest.values.push(value)
    this.#newestEnd += 1
    return true
  }

  #keep(place: number, run: OutcomeRun<T>): void {
    if (run.values.length === 1 && !run.failures && this.#join(place, run.values[0])) return
    this.#runs.set(place, run)
    this.#newest = run
    this.#newestEnd = place + run.values.length
  }

  #openNextRun(): boolean {
    const run = this.#runs.get(this.#taken)
    if (run === undefined) return false
    this.#finished.promise.catch(() => {}) // Whoever takes results one by one is told of a failure as it takes.
    this.#runs.delete(this.#taken)
    this.#current = run
    this.#takenOfCurrent = 0
    return true
  }

  /** Lets everybody who waits for a result look again. */
  #arrived(): void {
    this.#arrival?.unpark()
    this.#arrival = undefined
  }

  #breakBy({ failures }: OutcomeRun<T>): void {
    const [first] = failures?.values() ?? []
    this.break(first)
  }

  /** The runs that are there, in the order of their places. */
  #inOrder(): OutcomeRun<T>[] {
    return [...this.#runs].sort(([first], [second]) => first - second).map(([, run]) => run)
  }

  #checkFinished(): void {
    if (this.#delivered === this.#total && this.#inputsFailed === undefined) this.#finished.unpark()
  }
}

/**
 * What `map` returns: `await` it for an array in input order, or `for await` it for a stream.
 *
 * Awaited, the first failure cancels the rest and is thrown. Iterated, a failure is thrown at its
 * place and ends the run; so is what the inputs throw, after the results of the inputs before.
 * `settled()` keeps going past failures. Leaving the loop early cancels what has not started and
 * closes the inputs. Either await it, as often as you like, or iterate over it, once.
 */
export class Results<T> implements Promise<T[]>, AsyncIterable<T> {
  readonly #open: () => Consumer<T>
  #consumer: Consumer<T> | undefined
  /** Everybody who awaits them gets the same array. */
  #array: Promise<T[]> | undefined

  private constructor(open: () => Consumer<T>) {
    this.#open = open
  }

  /** For executors: results that are fed through `buffer`. */
  static of<T>(buffer: ResultsBuffer<T>): Results<T> {
    return new Results(() => ({ buffer, one: resultOf, all: resultsOf }) as Consumer<T>)
  }

  /**
   * The same results, each with its own ending: `{ status: 'fulfilled', value }` or
   * `{ status: 'rejected', reason }`. A failure cancels nothing. Ask for it before anything else is
   * asked for.
   */
  settled(): Results<PromiseSettledResult<T>> {
    const { buffer } = this.#use()
    buffer.stopOnFailure = false
    return new Results(
      () => ({ buffer, one: endingOf, all: endingsOf }) as unknown as Consumer<PromiseSettledResult<T>>,
    )
  }

  /**
   * Cancels what has not started and what runs; whoever waits, now or later, gets an AbortError.
   */
  cancel(reason?: unknown): void {
    const { buffer } = this.#consumer ?? this.#open()
    buffer.cancel(reason)
  }

  then<A = T[], B = never>(
    onDone?: ((values: T[]) => A | PromiseLike<A>) | null,
    onFailed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#array ??= this.#collect()
    return this.#array.then(onDone, onFailed)
  }

  catch<B = never>(onFailed?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<T[] | B> {
    return this.then(undefined, onFailed)
  }

  finally(onSettled?: (() => void) | null): Promise<T[]> {
    return this.then().finally(onSettled)
  }

  get [Symbol.toStringTag](): string {
    return 'Results'
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    const { buffer, one } = this.#use()
    try {
      for (;;) {
        const next = buffer.takeNow() ?? (await buffer.take())
        if (next === undefined) return
        yield one(next)
      }
    } finally {
      buffer.producer.cancel(undefined)
    }
  }

  #collect(): Promise<T[]> {
    const { buffer, all } = this.#use()
    return buffer.collect().then(all)
  }

  #use(): Consumer<T> {
    if (this.#consumer !== undefined) {
      throw new InvalidTaskError(
        'The results of one map() go one way: await them, iterate over them once, or call settled() first. Await them to use them twice.',
      )
    }
    this.#consumer = this.#open()
    return this.#consumer
  }
}

/** What a kind of results makes of outcomes: of one that was taken, and of all runs in order. */
interface Consumer<T> {
  readonly buffer: ResultsBuffer<unknown>
  readonly one: (outcome: Outcome<unknown>) => T
  readonly all: (runs: readonly OutcomeRun<unknown>[]) => T[]
}

function resultOf<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value
  throw outcome.error
}

/**
 * So many arrays are joined at once: a copy of memory, where pushing costs some 30 ns for each
 * result.
 */
const mostJoined = 10_000

/** The runs hold no failure, or it would have ended the whole. */
function resultsOf<T>(runs: readonly OutcomeRun<T>[]): T[] {
  const [only] = runs
  if (runs.length === 1 && only !== undefined) return only.values as T[]
  if (runs.length <= mostJoined) return ([] as T[]).concat(...runs.map(({ values }) => values as T[]))
  const results: T[] = []
  for (const { values } of runs) for (const value of values) results.push(value as T)
  return results
}

function endingOf<T>(outcome: Outcome<T>): PromiseSettledResult<T> {
  return outcome.ok
    ? { status: 'fulfilled', value: outcome.value }
    : { status: 'rejected', reason: outcome.error }
}

function endingsOf<T>(runs: readonly OutcomeRun<T>[]): PromiseSettledResult<T>[] {
  const endings: PromiseSettledResult<T>[] = []
  for (const { values, failures } of runs) {
    for (const [at, value] of values.entries()) {
      endings.push(
        failures?.has(at)
          ? { status: 'rejected', reason: failures.get(at) }
          : { status: 'fulfilled', value: value as T },
      )
    }
  }
  return endings
}
