/**
 * The results of `map`: await them as an array, or iterate over them as they come.
 *
 *     producer (executor/map.ts)                                 consumer
 *     reads inputs while room > 0 ─▶ deliver(index, outcome) ─▶ buffer ─▶ array | async iterator
 *              ▲                                                              │
 *              └──────────────── demand() ◀── one result taken ◀──────────────┘
 *
 * Three modes. Until somebody asks, and while somebody iterates, no more than `ahead` inputs are read beyond the last
 * result taken. Once it is awaited, results pile up into the array and only the calls under way are bounded.
 */
import { InvalidTaskError } from '../errors.ts'
import { type Parked, park } from '../runtime/park.ts'

/** How one call ended. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown }

/** What feeds the results. */
export interface Producer {
  /** There is room for more inputs, or the mode changed. */
  demand(): void
  /** Nobody wants the rest: cancel what has not started, close the inputs. */
  cancel(reason: unknown): void
}

/** The buffer between producer and consumer. */
export class ResultsBuffer<T> {
  readonly ordered: boolean
  /** A failure ends the whole run; false once `settled()` was asked for. */
  stopOnFailure = true
  /** How many results may be under way or waiting to be taken; the producer may change it as it learns. */
  ahead: number
  /** Set by the executor before anything is delivered. */
  producer: Producer = { demand() {}, cancel() {} }

  #collecting = false
  #read = 0
  #delivered = 0
  #taken = 0
  #total: number | undefined
  #broken: { error: unknown } | undefined
  readonly #waiting = new Map<number, Outcome<T>>()
  #consumer: Parked<void> | undefined
  readonly #finished = park<void>('all results', this)

  constructor(ordered: boolean, ahead: number) {
    this.ordered = ordered
    this.ahead = ahead
    // Whoever takes results marks the end as handled; a failure that nobody takes is reported by Node.
  }

  /** How many more inputs may be read now. */
  get room(): number {
    return this.ahead - (this.#read - (this.#collecting ? this.#delivered : this.#taken))
  }

  /** Whether the run has failed or was cancelled. */
  get broken(): boolean {
    return this.#broken !== undefined
  }

  /** Notes that an input was read; returns its index. */
  noteRead(): number {
    return this.#read++
  }

  /** Takes the outcome of the input with that index. */
  deliver(index: number, outcome: Outcome<T>): void {
    if (this.#broken !== undefined) return
    this.#delivered += 1
    this.#waiting.set(this.ordered ? index : this.#delivered - 1, outcome)
    if (!outcome.ok && this.stopOnFailure && this.#collecting) return this.break(outcome.error)
    this.#consumer?.unpark()
    this.#checkFinished()
  }

  /** There are no more inputs: `total` were read. */
  end(total: number): void {
    this.#total = total
    this.#consumer?.unpark()
    this.#checkFinished()
  }

  /** Ends the run with an error: the inputs threw, it was cancelled, it timed out, or a call failed. */
  break(error: unknown): void {
    if (this.#broken !== undefined) return
    this.#broken = { error }
    this.producer.cancel(error)
    this.#consumer?.unpark()
    this.#finished.fail(error)
  }

  /** Cancels on the user's behalf: whoever has cancelled knows, so nothing is reported if nobody waits. */
  cancel(reason: unknown): void {
    this.#finished.promise.catch(() => {})
    this.producer.cancel(reason)
  }

  /** Waits for everything and returns it in order. */
  async collect(): Promise<Outcome<T>[]> {
    this.#collecting = true
    this.producer.demand()
    const failed = this.stopOnFailure ? firstFailure(this.#waiting) : undefined
    if (failed !== undefined) this.break(failed.error)
    await this.#finished.promise
    return Array.from({ length: this.#delivered }, (_, index) => this.#waiting.get(index) as Outcome<T>)
  }

  /** Waits for the next result; undefined at the end. */
  async take(): Promise<Outcome<T> | undefined> {
    this.#finished.promise.catch(() => {})
    for (;;) {
      const next = this.#waiting.get(this.#taken)
      if (next !== undefined) {
        this.#waiting.delete(this.#taken)
        this.#taken += 1
        if (!next.ok && this.stopOnFailure) this.break(next.error)
        else this.producer.demand()
        return next
      }
      if (this.#broken !== undefined) throw this.#broken.error
      if (this.#taken === this.#total) return undefined
      this.#consumer = park('the next result', this)
      await this.#consumer.promise
    }
  }

  #checkFinished(): void {
    if (this.#delivered === this.#total) this.#finished.unpark()
  }
}

/**
 * What `map` returns: `await` it for an array in input order, or `for await` it for a stream.
 *
 * Awaited, the first failure cancels the rest and is thrown. Iterated, a failure is thrown at its place and ends the
 * run. `settled()` keeps going past failures. Leaving the loop early cancels what has not started and closes the inputs.
 * Use it once: either await it or iterate over it.
 */
export class Results<T> implements Promise<T[]>, AsyncIterable<T> {
  readonly #open: () => Consumer<T>
  #consumer: Consumer<T> | undefined

  private constructor(open: () => Consumer<T>) {
    this.#open = open
  }

  /** For executors: results that are fed through `buffer`. */
  static of<T>(buffer: ResultsBuffer<T>): Results<T> {
    return new Results(() => ({ buffer, shape: resultOf }) as Consumer<T>)
  }

  /**
   * The same results, each with its own ending: `{ status: 'fulfilled', value }` or `{ status: 'rejected', reason }`.
   * A failure cancels nothing. Ask for it before anything else is asked for.
   */
  settled(): Results<PromiseSettledResult<T>> {
    const { buffer } = this.#use()
    buffer.stopOnFailure = false
    return new Results(() => ({ buffer, shape: endingOf }) as unknown as Consumer<PromiseSettledResult<T>>)
  }

  /** Cancels what has not started and what runs; whoever waits, now or later, gets an AbortError. */
  cancel(reason?: unknown): void {
    const { buffer } = this.#consumer ?? this.#open()
    buffer.cancel(reason)
  }

  then<A = T[], B = never>(
    onDone?: ((values: T[]) => A | PromiseLike<A>) | null,
    onFailed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const { buffer, shape } = this.#use()
    return buffer
      .collect()
      .then(outcomes => outcomes.map(shape))
      .then(onDone, onFailed)
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
    const { buffer, shape } = this.#use()
    try {
      for (let next = await buffer.take(); next !== undefined; next = await buffer.take()) yield shape(next)
    } finally {
      buffer.producer.cancel(undefined)
    }
  }

  #use(): Consumer<T> {
    if (this.#consumer !== undefined) {
      throw new InvalidTaskError(
        'The results of one map() can be used once: await them, iterate over them, or call settled() first. Collect them in an array to use them twice.',
      )
    }
    this.#consumer = this.#open()
    return this.#consumer
  }
}

interface Consumer<T> {
  readonly buffer: ResultsBuffer<unknown>
  readonly shape: (outcome: Outcome<unknown>) => T
}

function resultOf<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value
  throw outcome.error
}

function endingOf<T>(outcome: Outcome<T>): PromiseSettledResult<T> {
  return outcome.ok
    ? { status: 'fulfilled', value: outcome.value }
    : { status: 'rejected', reason: outcome.error }
}

function firstFailure<T>(waiting: ReadonlyMap<number, Outcome<T>>): { error: unknown } | undefined {
  for (const outcome of waiting.values()) if (!outcome.ok) return outcome
  return undefined
}
