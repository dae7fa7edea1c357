/**
 * Work on many inputs, one chunk through all stages on one worker, whichever executor it is.
 *
 *     inputs ─▶ chunks.ts ─▶ executor.map ─┊─▶ chunk.ts: each item through stages.ts ─▶ its part
 *     value  ◀── endings.ts: parts put together in order ◀───────────────────────────┊◀──┘
 *
 * Source of the idea: Niko Matsakis, Josh Stone and others, "Rayon", parallel iterators: adaptors
 * note what is to be done, and an ending drives it, so that nothing is kept between two stages.
 */
import { checkFunction, checkOptions, optionNames, shown } from '../checks.ts'
import { InvalidTaskError, OptionError } from '../errors.ts'
import { currentExecutor } from '../executor/current-executor.ts'
import type { Executor } from '../executor/executor.ts'
import type { ProgressListener } from '../task/future.ts'
import { tell } from '../task/listeners.ts'
import { assertTask, nameOf, type Task } from '../task/task.ts'
import { type ChunkResult, chunkTask, type Plan } from './chunk.ts'
import { ChunkSizes, chunksOf, countOf, type Inputs } from './chunks.ts'
import { type EndingKind, type Helper, type Keep, wholeOf } from './endings.ts'
import { asItIs, copied, copies } from './kept.ts'
import { named } from './named.ts'
import type { Stage, StageKind } from './stages.ts'

const { types } = process.getBuiltinModule('node:util')

/** What `parallel` may be told. */
export interface ParallelOptions {
  /**
   * Where it runs. Default: where the task runs that asks, or this event loop: `currentExecutor()`.
   */
  readonly on?: Executor
  /**
   * How many inputs make a chunk. Default `'auto'`: what takes about 10 ms, as measured; one on
   * `coroutines()`, where waits overlap.
   */
  readonly chunk?: number | 'auto'
  /**
   * Told after each chunk: how many inputs are done, of how many (undefined while their number is
   * unknown). Default: nobody is told.
   */
  readonly onProgress?: ProgressListener
}

const parallelOptionNames = optionNames<ParallelOptions>({ on: true, chunk: true, onProgress: true })

/** What a generator or a list has in it. */
type Several<U> = Iterable<U> | AsyncIterable<U> | Promise<Iterable<U>>

/**
 * Inputs, and what is to be done with each: nothing runs before an ending is called (`reduce`,
 * `toArray`, a `for await` loop). Each call of an ending reads the inputs anew, and runs everything
 * anew. The answer is what the same chain of a list's methods gives, whatever the executor.
 *
 * All of it takes tasks: they run on workers, those of endings on this side, too. The first task
 * that throws ends the whole run with its error.
 */
export interface Parallel<T> extends AsyncIterable<T> {
  /** What the task makes of each. */
  map<U>(task: Task<(value: T) => U>): Parallel<Awaited<U>>
  /** Those for which the task gives true. */
  filter(task: Task<(value: T) => unknown>): Parallel<T>
  /** All that the task gives for each: a list, or what a generator yields. */
  flatMap<U>(task: Task<(value: T) => Several<U>>): Parallel<U>

  /** All, in the order of the inputs. */
  toArray(): Promise<T[]>
  /** How many there are. */
  count(): Promise<number>
  /**
   * All combined to one, as a list's `reduce` does. It is done in parts, so the task must be
   * associative, `combine(a, combine(b, c))` the same as `combine(combine(a, b), c)`; it need not
   * be commutative, as the parts are combined in their order. Sums of fractions may differ in their
   * last bits.
   * @throws OptionError (rejects) if there is nothing to combine, and no `initial`
   */
  reduce(combine: Task<(one: T, other: T) => T | Promise<T>>, ...initial: [T?]): Promise<T>
  /**
   * The values by the key that the task gives: a number, a text or another plain one. As
   * `Map.groupBy`.
   */
  groupBy<K>(key: Task<(value: T) => K>): Promise<Map<Awaited<K>, T[]>>
  /** How many values there are of each key. */
  countBy<K>(key: Task<(value: T) => K>): Promise<Map<Awaited<K>, number>>
  /**
   * All, sorted; those that are equal stay in their order. Without a task, as `<` says: numbers as
   * numbers.
   */
  sort(compare?: Task<(one: T, other: T) => number>): Promise<T[]>
  /** The first of the smallest, undefined if there is none. */
  min(compare?: Task<(one: T, other: T) => number>): Promise<T | undefined>
  /** The first of the largest, undefined if there is none. */
  max(compare?: Task<(one: T, other: T) => number>): Promise<T | undefined>
}

/**
 * Many inputs, to be taken through stages: `map`, `filter`, `flatMap`. Inputs are read lazily, and
 * a chunk of them goes through all stages on one worker, so what lies between two stages never
 * crosses. On `threads()`, typed arrays on shared memory are not copied.
 *
 * It costs a message for each chunk, and the copies of inputs and answers. Where each input travels
 * alone, `executor.map` is as good; what it gains is that stages in between, and reductions, are
 * done where the chunk is.
 *
 * @throws OptionError, InvalidTaskError
 * @example
 *     const longest = await parallel(paths, { on: pool }).flatMap(readLines).map(lengthOf).max()
 */
export function parallel<T>(inputs: Inputs<T>, options: ParallelOptions = {}): Parallel<T> {
  options = checkOptions('parallel(inputs, …)', options, parallelOptionNames)
  const { on, chunk = 'auto', onProgress } = options
  if (
    typeof inputs !== 'object' ||
    inputs === null ||
    !(Symbol.iterator in inputs || Symbol.asyncIterator in inputs)
  )
    throw new OptionError(
      `parallel(inputs) takes a list, or anything else to iterate over; it got ${shown(inputs)}.`,
    )
  if (on !== undefined && (typeof on !== 'object' || typeof on?.map !== 'function'))
    throw new OptionError(`parallel(…, { on }) takes an executor, as threads(); it got ${shown(on)}.`)
  if (chunk !== 'auto' && !(Number.isInteger(chunk) && chunk >= 1))
    throw new OptionError(
      `parallel(…, { chunk }) takes 'auto' or a whole number from 1 up; it got ${shown(chunk)}.`,
    )
  if (onProgress !== undefined)
    checkFunction('parallel(…, { onProgress })', onProgress, '(done, total) => {}')
  return new Chain<T>(inputs, { ...options, chunk }, [])
}

/** Inputs that are read before they are wanted where nobody bounds how many run side by side. */
const mostAhead = 1_024

class Chain<T> implements Parallel<T> {
  readonly #inputs: Inputs<unknown>
  readonly #options: ParallelOptions & { readonly chunk: number | 'auto' }
  readonly #stages: readonly Stage<Task>[]

  constructor(
    inputs: Inputs<unknown>,
    options: ParallelOptions & { readonly chunk: number | 'auto' },
    stages: readonly Stage<Task>[],
  ) {
    this.#inputs = inputs
    this.#options = options
    this.#stages = stages
  }

  map<U>(task: Task<(value: T) => U>): Parallel<Awaited<U>> {
    return this.#with('map', task)
  }

  filter(task: Task<(value: T) => unknown>): Parallel<T> {
    return this.#with('filter', task)
  }

  flatMap<U>(task: Task<(value: T) => Several<U>>): Parallel<U> {
    return this.#with('flatMap', task)
  }

  toArray(): Promise<T[]> {
    return this.#end('list', undefined) as Promise<T[]>
  }

  count(): Promise<number> {
    return this.#end('count', undefined) as Promise<number>
  }

  async reduce(combine: Task<(one: T, other: T) => T | Promise<T>>, ...initial: [T?]): Promise<T> {
    assertTask(combine)
    const whole = wholeOf('reduce', combine, this.#keep)
    if (initial.length > 0) await whole.add({ value: initial[0] })
    for await (const { part } of this.#parts('reduce', combine)) await whole.add(part)
    const all = whole.value() as { value: T } | undefined
    if (all !== undefined) return all.value
    throw new OptionError(
      `reduce(${nameOf(combine)}) has nothing to combine. Say what that is to give: reduce(${nameOf(combine)}, initial).`,
    )
  }

  groupBy<K>(key: Task<(value: T) => K>): Promise<Map<Awaited<K>, T[]>> {
    assertTask(key)
    return this.#end('group', key) as Promise<Map<Awaited<K>, T[]>>
  }

  countBy<K>(key: Task<(value: T) => K>): Promise<Map<Awaited<K>, number>> {
    assertTask(key)
    return this.#end('countBy', key) as Promise<Map<Awaited<K>, number>>
  }

  sort(compare?: Task<(one: T, other: T) => number>): Promise<T[]> {
    return this.#end('sort', comparing('sort', compare)) as Promise<T[]>
  }

  async min(compare?: Task<(one: T, other: T) => number>): Promise<T | undefined> {
    const found = await this.#end('min', comparing('min', compare))
    return (found as { value: T } | undefined)?.value
  }

  async max(compare?: Task<(one: T, other: T) => number>): Promise<T | undefined> {
    const found = await this.#end('max', comparing('max', compare))
    return (found as { value: T } | undefined)?.value
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, undefined> {
    for await (const { part } of this.#parts('list', undefined)) yield* part as T[]
  }

  #with<U>(kind: StageKind, task: Task): Chain<U> {
    assertTask(task)
    if (kind !== 'flatMap' && types.isGeneratorFunction(task))
      throw new InvalidTaskError(
        `${kind}(${nameOf(task)}) takes a task that returns its result; ${nameOf(task)} is a generator function. All that it yields: flatMap(${nameOf(task)}).`,
      )
    return new Chain<U>(this.#inputs, this.#options, [...this.#stages, { kind, task }])
  }

  /** How the caller's side keeps what it combines. */
  get #keep(): Keep {
    return copies(this.#options.on ?? currentExecutor()) ? copied : asItIs
  }

  async #end(kind: EndingKind, helper: Task | undefined): Promise<unknown> {
    const whole = wholeOf(kind, helper as Helper, this.#keep)
    for await (const { part } of this.#parts(kind, helper)) await whole.add(part)
    return whole.value()
  }

  /** The parts of all chunks, in order, as they come. */
  async *#parts(ending: EndingKind, helper: Task | undefined): AsyncGenerator<ChunkResult, undefined> {
    const { on: executor = currentExecutor(), chunk, onProgress } = this.#options
    const tasks = this.#stages.map(({ task }) => task)
    const plan: Plan = {
      stages: this.#stages.map(({ kind, task }) => ({ kind, task: named(task, executor) })),
      ending,
      helper: helper === undefined ? undefined : named(helper, executor),
      copies: copies(executor),
    }
    const sizes = new ChunkSizes(chunk, executor.workers, executor.model === 'coroutines')
    const total = countOf(this.#inputs)
    let done = 0
    const results = executor.map(
      chunkTask(helper === undefined ? tasks : [...tasks, helper]),
      callsOf(plan, chunksOf(this.#inputs, sizes)),
      executor.workers > mostAhead ? { chunk: 1, ahead: mostAhead } : { chunk: 1 },
    )
    for await (const result of results) {
      sizes.learn(result.inputs, result.workMs)
      done += result.inputs
      if (onProgress !== undefined) tell('onProgress', onProgress, done, total)
      yield result
    }
  }
}

type Call = [plan: Plan, inputs: ArrayLike<unknown>]

function callsOf(
  plan: Plan,
  chunks: Iterable<ArrayLike<unknown>> | AsyncIterable<ArrayLike<unknown>>,
): Iterable<Call> | AsyncIterable<Call> {
  return Symbol.iterator in chunks ? callsNow(plan, chunks) : callsLater(plan, chunks)
}

function* callsNow(plan: Plan, chunks: Iterable<ArrayLike<unknown>>): Generator<Call> {
  for (const chunk of chunks) yield [plan, chunk]
}

async function* callsLater(plan: Plan, chunks: AsyncIterable<ArrayLike<unknown>>): AsyncGenerator<Call> {
  for await (const chunk of chunks) yield [plan, chunk]
}

function comparing(ending: string, compare: Task | undefined): Task | undefined {
  if (compare === undefined) return undefined
  assertTask(compare)
  if (types.isAsyncFunction(compare))
    throw new InvalidTaskError(
      `${ending}(${nameOf(compare)}) takes a task that compares at once; ${nameOf(compare)} is asynchronous. Map to what is to be compared first.`,
    )
  return compare
}
