/**
 * The trial: runs some items here and learns what they take.
 *
 *     first call ─▶ blocks that double until they are long enough ─▶ until two blocks agree (warm) ─▶ samples
 *                └─ it waits, and longer than it computes ─▶ 4, 16, 64, 256 at a time, while that still gains
 *
 * Every item is run once. What runs it, and what becomes of its result, is for the caller to say.
 */
import { runtime } from '../runtime/runtime.ts'
import type { Block } from './block.ts'
import { measureCrossing, nothingCrosses, type Sample } from './crossing.ts'
import type { ProbePoint, Profile } from './profile.ts'

export interface TrialItems {
  /** How many items there are that the trial may run; undefined while unknown. */
  readonly left: number | undefined
  /** How many there are in all, for the budget: a trial is a small part of the whole. */
  readonly total: number | undefined
  /** Runs the next ones; undefined when there are none left, or nobody wants more. */
  run(count: number, together: boolean): Promise<Block | undefined> | Block | undefined
}

export interface TrialOptions {
  /** The most items at a time that the probe may try. */
  readonly maxConcurrency?: number | undefined
  /** Cores that others keep busy. */
  readonly foreignCores?: number
  /** Whether it makes sense to look what copying costs. Default true. */
  readonly crosses?: boolean
}

const budgetShare = 0.02
const mostBudgetMs = 300
const capMs = 1_000
const shortestBlockMs = 0.2
const mostItemsInBlock = 4_096
const steady = 0.1
const enoughSamples = 12
/** With less than this left to do, nothing is gained by knowing more. */
const nothingLeftMs = 3
/** A promise that takes so many times its CPU time is worth trying several at a time. */
const waits = 1.2
const gains = 0.9

export async function runTrial(items: TrialItems, options: TrialOptions = {}): Promise<Profile | undefined> {
  const trial = new Trial(items)
  await trial.warmUp()
  if (trial.items === 0) return undefined
  const probe = await probeOf(trial, items, options)
  return trial.profile(probe, options)
}

class Trial {
  items = 0
  returnsPromise = false
  readonly #source: TrialItems
  readonly #begunMs = runtime().now()
  #firstMs = 0
  #coldMs = 0
  #coldItems = 0
  #samples: number[] = []
  /** Of the warm blocks. */
  #warm = { items: 0, wallMs: 0, cpuMs: 0, processCpuMs: 0 }
  #longestMs = 0
  readonly #calls: Sample[] = []

  constructor(source: TrialItems) {
    this.#source = source
  }

  /** The mean item, warm as far as it is known. */
  get wallMs(): number {
    return this.#warm.items > 0 ? this.#warm.wallMs / this.#warm.items : this.#firstMs
  }

  get cpuMs(): number {
    const { items, cpuMs } = this.#warm
    return items === 0 ? this.wallMs : Math.min(cpuMs / items, this.wallMs)
  }

  async warmUp(): Promise<void> {
    const first = await this.#source.run(1, false)
    if (first === undefined) return
    this.#firstMs = first.wallMs
    this.#take(first)
    let size = 1
    let lastMs = Number.NaN
    let isWarm = false
    let blocks = 0
    while (this.#goesOn(isWarm)) {
      const block = await this.#source.run(size, false)
      if (block === undefined) break
      blocks += 1
      const perItemMs = block.wallMs / block.values.length
      if (!isWarm) isWarm = blocks > 2 && Math.abs(perItemMs - lastMs) < steady * perItemMs
      if (!isWarm && this.#passedMs > this.#budgetMs / 2) isWarm = true
      if (!isWarm) this.#startAgain()
      this.#take(block)
      lastMs = perItemMs
      if (block.wallMs < shortestBlockMs) size = Math.min(2 * size, mostItemsInBlock)
    }
  }

  /** Until now all was cold: only what comes counts. */
  #startAgain(): void {
    this.#coldMs += this.#warm.wallMs
    this.#coldItems += this.#warm.items
    this.#warm = { items: 0, wallMs: 0, cpuMs: 0, processCpuMs: 0 }
    this.#samples = []
    this.#longestMs = 0
  }

  #take(block: Block): void {
    const { values, wallMs, cpuMs, processCpuMs, itemsMs } = block
    const { length } = values
    this.items += length
    this.returnsPromise ||= block.returnsPromise
    this.#warm.items += length
    this.#warm.wallMs += wallMs
    // A short block holds no tick of the thread's clock that could be trusted; what never waits
    // computes all the time.
    this.#warm.cpuMs += block.returnsPromise ? cpuMs : wallMs
    this.#warm.processCpuMs += block.returnsPromise ? processCpuMs : wallMs
    if (itemsMs.length > 0) {
      this.#samples.push(...itemsMs)
      this.#longestMs = Math.max(this.#longestMs, ...itemsMs)
    } else {
      this.#samples.push(wallMs / length)
      this.#longestMs = Math.max(this.#longestMs, wallMs / length)
    }
    if (this.#calls.length < 64) this.#calls.push(...block.samples)
  }

  get #passedMs(): number {
    return runtime().now() - this.#begunMs
  }

  get #budgetMs(): number {
    const { total } = this.#source
    const wholeMs = total === undefined ? Number.POSITIVE_INFINITY : total * this.wallMs
    return Math.min(mostBudgetMs, budgetShare * wholeMs)
  }

  #goesOn(isWarm: boolean): boolean {
    const { left } = this.#source
    if (left !== undefined && (left <= 0 || left * this.wallMs < nothingLeftMs)) return false
    if (this.#passedMs > capMs) return false
    if (this.#passedMs > this.#budgetMs) return false
    return !isWarm || this.#samples.length < enoughSamples
  }

  profile(probe: readonly ProbePoint[], { foreignCores = 0, crosses = true }: TrialOptions): Profile {
    const samplesMs = this.#samples.length > 0 ? this.#samples : [this.#firstMs]
    const { wallMs, cpuMs } = this
    const processCpuMs = Math.max(
      cpuMs,
      this.#warm.items === 0 ? 0 : this.#warm.processCpuMs / this.#warm.items,
    )
    return {
      items: this.items,
      firstMs: this.#firstMs,
      samplesMs,
      wallMs,
      cpuMs,
      processCpuMs,
      warmUpMs: Math.max(0, Math.min(50, this.#coldMs - this.#coldItems * wallMs)),
      returnsPromise: this.returnsPromise,
      longestOverMean: wallMs === 0 ? 1 : Math.max(1, this.#longestMs / wallMs),
      crossing: crosses ? measureCrossing(this.#calls.slice(0, 32)) : nothingCrosses,
      probe,
      foreignCores,
      trialMs: this.#passedMs,
    }
  }
}

/**
 * Several at a time, while it gains: 4, 16, 64, 256. A limit of connections, or libuv's four
 * threads, shows as no gain.
 */
async function probeOf(
  trial: Trial,
  items: TrialItems,
  { maxConcurrency = Number.POSITIVE_INFINITY }: TrialOptions,
): Promise<ProbePoint[]> {
  const points: ProbePoint[] = []
  if (!trial.returnsPromise || trial.wallMs <= waits * trial.cpuMs || trial.wallMs < 0.02) return points
  let before = trial.wallMs
  for (const concurrency of [4, 16, 64, 256]) {
    const { left = Number.POSITIVE_INFINITY } = items
    if (concurrency > maxConcurrency || left < Math.min(concurrency, 4)) break
    const count = Math.min(concurrency, left)
    let point = await pointOf(items, count)
    // One pause of the machine looks like a limit, and would end the probe: what seems to gain
    // nothing is run once more.
    if (point !== undefined && point.perItemMs > gains * before && (items.left ?? count) >= count) {
      const again = await pointOf(items, count)
      if (again !== undefined && again.items === count && again.perItemMs < point.perItemMs) point = again
    }
    if (point === undefined) break
    points.push(point)
    if (point.perItemMs > gains * before || point.items < concurrency) break
    before = point.perItemMs
  }
  return points
}

async function pointOf(items: TrialItems, concurrency: number): Promise<ProbePoint | undefined> {
  const block = await items.run(concurrency, true)
  if (block === undefined) return undefined
  const count = block.values.length
  return {
    concurrency: count,
    perItemMs: block.wallMs / count,
    latencyMs: block.itemsMs.length > 0 ? Math.max(...block.itemsMs) : block.wallMs,
    cpuMs: block.cpuMs / count,
    processCpuMs: block.processCpuMs / count,
    items: count,
  }
}
