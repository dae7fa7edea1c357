/**
 * A loop whose steps are done by several threads, over memory that they share.
 *
 *     parallelFor ─▶ executor.map: one part for each worker ─┊─▶ loop-part.ts: its shares (schedule.ts) ─▶ body(i, …args)
 *     value ◀── combined in the order of the loop ◀──────────┊◀── what each share came to
 */
import { checkCount, checkOptions, optionNames, shown } from '../checks.ts'
import { OptionError } from '../errors.ts'
import type { Executor } from '../executor/executor.ts'
import { assertTask, nameOf, type Result, type Task } from '../task/task.ts'
import { type Keep, wholeOf } from './endings.ts'
import { asItIs, copied, copies } from './kept.ts'
import { partOfLoop, type ShareValue } from './loop-part.ts'
import { named } from './named.ts'
import type { Schedule, ScheduleKind } from './schedule.ts'

/** The indices of a loop. */
export interface LoopRange {
  /** The first index. Default 0. */
  readonly from?: number
  /** The index behind the last. */
  readonly to: number
  /** From one index to the next; below 0, the loop goes down. Default 1. */
  readonly step?: number
  /**
   * `static`: each worker has its share from the start, one piece, or pieces of `chunk` in turns.
   * Cheapest, for steps of equal work. `dynamic` (default): whoever is free takes the next `chunk`
   * steps. `guided`: the same, with pieces that get smaller, `chunk` at the least.
   */
  readonly schedule?: ScheduleKind
  /**
   * Steps in a piece. Default: static, one piece for each worker; dynamic, a 32nd of a worker's
   * share; guided, 1.
   */
  readonly chunk?: number
}

/** A loop whose bodies give values, which are combined in the order of the loop. */
export interface Reduction<T> {
  /** Must be associative, and need not be commutative. */
  readonly reduce: Task<(one: T, other: T) => T | Promise<T>>
  /** What comes first, and what a loop without steps gives. */
  readonly initial?: T
}

const rangeNames = optionNames<LoopRange & Reduction<unknown>>({
  from: true,
  to: true,
  step: true,
  schedule: true,
  chunk: true,
  reduce: true,
  initial: true,
})

/** The counter of steps is a word of 32 bits. */
const mostSteps = 2 ** 31 - 1
const piecesPerWorker = 32
/** On `coroutines()` without a bound, where a part is not a worker. */
const mostParts = 1_024

type Rest<F> = F extends (index: number, ...rest: infer A) => unknown ? A : never
type LoopBody = (index: number, ...args: any[]) => unknown

/**
 * Calls `body(index, …args)` for each index of the range, on all workers of the executor at once.
 * `args` are what the bodies work on: a SharedArray, records, a kernel's memory, locks. Anything
 * else is copied to each worker, so what a body does to it is lost.
 *
 * The result is what the loop `for (let i = from; i < to; i += step) body(i, …args)` has, as long
 * as no step needs what another one writes. With `reduce`, it resolves to the bodies' values,
 * combined as that loop would. Costs one message for each worker, and some 50 ns for each piece.
 *
 * The first body that throws ends the loop with its error: steps that others have begun may still
 * be done. `executor.with({ signal, timeoutMs })` ends it, too.
 *
 * @throws OptionError for a range that is none, or on `processes()`, which share no memory
 * @throws InvalidTaskError
 * @example
 *     const squares = new SharedArray('f64', 1_000_000)
 *     await parallelFor(pool, { to: squares.length }, fillSquare, squares)
 *     const sum = await parallelFor(pool, { to: 100, reduce: add, initial: 0 }, countPrimesOf)
 */
export function parallelFor<F extends LoopBody>(
  executor: Executor,
  range: LoopRange & Reduction<Result<F>>,
  body: Task<F>,
  ...args: Rest<F>
): Promise<Result<F>>
export function parallelFor<F extends LoopBody>(
  executor: Executor,
  range: LoopRange,
  body: Task<F>,
  ...args: Rest<F>
): Promise<void>
export function parallelFor(
  executor: Executor,
  range: LoopRange & Partial<Reduction<unknown>>,
  body: Task,
  ...args: unknown[]
): Promise<unknown> {
  assertTask(body)
  const { from, step, steps, kind, chunk, reduce } = checkRange(range)
  if (executor.model === 'processes')
    throw new OptionError(
      'parallelFor works on memory that threads share, and processes share none. Use threads(), or parallel(inputs, { on }), which copies.',
    )
  const schedule = scheduleOf(executor, { kind, steps, chunk })
  const plan = {
    body: named(body, executor),
    combine: reduce === undefined ? undefined : named(reduce, executor),
    from,
    step,
    schedule,
    copies: copies(executor),
  }
  const parts = Array.from(
    { length: steps === 0 ? 0 : schedule.workers },
    (_, worker) => [plan, worker, args] as const,
  )
  const shares = executor.map(partOfLoop(body, reduce), parts, { chunk: 1 })
  return combined(shares, reduce, range, plan.copies ? copied : asItIs)
}

/** The schedule of one loop on that executor. */
export function scheduleOf(
  executor: Executor,
  { kind, steps, chunk }: Pick<CheckedRange, 'kind' | 'steps' | 'chunk'>,
): Schedule {
  const workers = Math.max(1, Math.min(executor.workers, steps, mostParts))
  return {
    kind,
    steps,
    workers,
    chunk: chunk ?? (kind === 'dynamic' ? Math.ceil(steps / (piecesPerWorker * workers)) : undefined),
    taken: new Int32Array(new SharedArrayBuffer(4)),
  }
}

async function combined(
  parts: PromiseLike<readonly (readonly ShareValue[])[]>,
  reduce: Task | undefined,
  range: LoopRange & { readonly initial?: unknown },
  keep: Keep,
): Promise<unknown> {
  const values = (await parts).flat().sort((one, other) => one.at - other.at)
  if (reduce === undefined) return undefined
  const whole = wholeOf('reduce', reduce, keep)
  if (Object.hasOwn(range, 'initial')) await whole.add({ value: range.initial })
  for (const { part } of values) await whole.add(part)
  const all = whole.value() as { value: unknown } | undefined
  if (all !== undefined) return all.value
  throw new OptionError(
    `parallelFor(…, { reduce: ${nameOf(reduce)} }) has no steps, so nothing to combine. Say what that is to give: { initial }.`,
  )
}

interface CheckedRange {
  readonly from: number
  readonly step: number
  readonly steps: number
  readonly kind: ScheduleKind
  readonly chunk: number | undefined
  readonly reduce: Task | undefined
}

/** `asker` is whose range it is. @throws OptionError, InvalidTaskError */
export function checkRange(
  given: LoopRange & Partial<Reduction<unknown>>,
  asker = 'parallelFor',
): CheckedRange {
  const range = checkOptions(`${asker}(…, range, …)`, given, rangeNames)
  const { from = 0, to, step = 1, schedule: kind = 'dynamic', chunk, reduce } = range
  for (const [name, value] of Object.entries({ from, to, step }))
    if (!Number.isSafeInteger(value))
      throw new OptionError(`${asker}(…, { ${name} }) takes a whole number; it got ${shown(value)}.`)
  if (step === 0) throw new OptionError(`${asker}(…, { step }) takes a whole number other than 0.`)
  const steps = Math.max(0, Math.ceil((to - from) / step))
  if (steps > mostSteps)
    throw new OptionError(
      `${asker} counts ${mostSteps} steps at the most; from ${from} to ${to} are ${steps}. Let each step do several.`,
    )
  if (kind !== 'static' && kind !== 'dynamic' && kind !== 'guided')
    throw new OptionError(
      `${asker}(…, { schedule }) takes 'static', 'dynamic' or 'guided'; it got ${shown(kind)}.`,
    )
  if (chunk !== undefined) {
    checkCount(`${asker}(…, { chunk })`, chunk)
    if (chunk > mostSteps) throw new OptionError(`${asker}(…, { chunk }) takes ${mostSteps} at the most.`)
  }
  if (reduce !== undefined) assertTask(reduce, `${asker}(…, { reduce }) takes a task. `)
  return { from, step, steps, kind, chunk, reduce }
}
