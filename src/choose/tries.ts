/** The inputs that a trial may run. */
import { TrialError } from '../errors.ts'
import { takesItems } from '../executor/map/packed.ts'
import { mean } from '../measure/statistics.ts'
import { runtime } from '../runtime/runtime.ts'
import { nameOf, type Task } from '../task/task.ts'
import { type Block, mostTimedAlone, runInTurn, runTogether } from './block.ts'

export interface TriesOptions {
  /** How many items there will be in all. */
  readonly count: number
  /** Whether an input may run more than once. */
  readonly repeatable: boolean
  readonly timeoutMs: number
}

/** What one input took alone. */
interface Timed {
  readonly place: number
  readonly ms: number
}

/**
 * Places from all over so many inputs, for sizes drift: first, last, then on by the golden section
 * of them all (the additive recurrence of Weyl). As that step has no divisor in common with their
 * number, each comes once, and of inputs that repeat in some period all kinds come alike.
 */
function spread(count: number): number[] {
  const places = new Set<number>([0, count - 1])
  let step = Math.max(1, Math.round(count * goldenSection))
  while (commonDivisor(step, count) > 1) step += 1
  for (let at = 0, turn = 0; turn < count; turn += 1, at = (at + step) % count) places.add(at)
  return [...places]
}

const goldenSection = (Math.sqrt(5) - 1) / 2

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b)
}

/** With fewer than these a trend could be chance. */
const fewestForTrend = 16
/** Of pairs in which both differ, so many more must agree than disagree (Kendall's tau). */
const plainTrend = 0.4
/** The later half over the earlier half, or the other way round, from which it matters. */
const muchOfTrend = 1.5

/** The mean of the later half over that of the earlier one, if most pairs agree with it. */
function trendOf(timed: readonly Timed[]): number | undefined {
  if (timed.length < fewestForTrend) return undefined
  let [agreeing, pairs] = [0, 0]
  for (const [at, a] of timed.entries())
    for (const b of timed.slice(at + 1, at + 200)) {
      const sign = Math.sign((a.place - b.place) * (a.ms - b.ms))
      agreeing += sign
      pairs += Math.abs(sign)
    }
  const inOrder = timed.toSorted((a, b) => a.place - b.place).map(({ ms }) => ms)
  const half = Math.floor(inOrder.length / 2)
  const ratio = mean(inOrder.slice(half)) / Math.max(mean(inOrder.slice(0, half)), Number.MIN_VALUE)
  if (Math.abs(agreeing) < plainTrend * pairs) return undefined
  return ratio > muchOfTrend || ratio < 1 / muchOfTrend ? ratio : undefined
}

/** The inputs to try, from all over them; once more, if they may be repeated. */
export class Tries {
  readonly total: number
  readonly all: readonly (readonly unknown[])[]
  readonly #task: Task
  readonly #repeatable: boolean
  readonly #timeoutMs: number
  /** Which input it is, by its turn. */
  readonly #places: readonly number[]
  readonly #timed: Timed[] = []
  #at = 0

  constructor(task: Task, inputs: readonly unknown[], { count, repeatable, timeoutMs }: TriesOptions) {
    this.#task = task
    this.#repeatable = repeatable
    this.#timeoutMs = timeoutMs
    this.total = count
    this.#places = spread(inputs.length)
    const tries = this.#places.map(place => inputs[place])
    this.all = takesItems(task) ? tries.map(input => [input]) : (tries as (readonly unknown[])[])
  }

  get left(): number {
    return this.#repeatable ? Number.POSITIVE_INFINITY : this.all.length - this.#at
  }

  async run(count: number, together: boolean): Promise<Block | undefined> {
    const calls: (readonly unknown[])[] = []
    const first = this.#at
    while (calls.length < Math.min(count, this.left + calls.length)) {
      calls.push(this.all[this.#at % this.all.length] as readonly unknown[])
      this.#at += 1
    }
    if (calls.length === 0) return undefined
    const block = await this.#inTime(
      together
        ? runTogether(this.#task, calls)
        : runInTurn(this.#task, calls, { each: calls.length <= mostTimedAlone }),
    )
    const [failed] = block.failures ?? []
    if (failed !== undefined) {
      const [place, error] = failed
      throw new TrialError(
        `${nameOf(this.#task)} threw on input ${this.#placeAt(first + place) + 1} of ${this.#places.length}`,
        error,
      )
    }
    // The very first call loads and compiles.
    if (!together)
      for (const [nth, ms] of block.itemsMs.entries())
        if (first + nth > 0) this.#timed.push({ place: this.#placeAt(first + nth), ms })
    return block
  }

  /** What a later input takes over what an earlier one does, if that is plain to see. */
  get trend(): number | undefined {
    return trendOf(this.#timed)
  }

  #placeAt(turn: number): number {
    return this.#places[turn % this.#places.length] as number
  }

  async #inTime(block: Block | Promise<Block>): Promise<Block> {
    if (!(block instanceof Promise)) return block
    const late = Promise.withResolvers<never>()
    const timer = runtime().setTimer(this.#timeoutMs, () =>
      late.reject(
        new TrialError(
          `${nameOf(this.#task)} did not end within ${this.#timeoutMs} ms in the trial (timeoutMs)`,
          undefined,
        ),
      ),
    )
    try {
      return await Promise.race([block, late.promise])
    } finally {
      timer.cancel()
    }
  }
}
