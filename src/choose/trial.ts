/**
 * The trial: runs some items here and learns what they take.
 *
 *     first call ─▶ blocks that double until they are long enough ─▶ until two blocks agree (warm) ─▶ samples
 *                └─ it waits, and longer than it computes ─▶ 4, 16, 64, 256 at a time, while that still gains
 *
 * Every item is run once. What runs it, and what becomes of its result, is for the caller to say.
 */
import { mean, standardDeviation } from '../measure/statistics.ts'
import { runtime } from '../runtime/runtime.ts'
import type { Block } from './block.ts'
import { measureCrossing, nothingCrosses, type Sample } from './crossing.ts'
import type { ProbePoint, Profile } from './profile.ts'

export interface TrialItems {
  /** How many items there are that the trial may run; undefined while unknown. */
  readonly left: number | undefined
  /** How many there will be in all. */
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

/** Times of the trial as a whole, in ms: what must be known soon, and what ends it. */
const warmFromMs = 15
const warmAtLastMs = 80
const sampledFromMs = 50
const sampledAtLastMs = 200
/** What waits shows more side by side than one by one. */
const oneByOneMs = 60
/** The probe begins nothing that would probably end later. */
const probedAtLastMs = 280
const fewestOneByOne = 3
/** The length of a window in ms: two windows that agree are warm. */
const windowMs = 4
const steady = 0.1
const enoughSamples = 12
/** The standard deviation over the mean from which more samples are worth their time. */
const uneven = 0.3
const shortestBlockMs = 0.2
const mostItemsInBlock = 4_096
/** A block whose mean is so many times the least one has something else in it. */
const unlike = 3
/** With less than this to do in all, nothing is gained by knowing more. */
const nothingToGainMs = 3
const fewestToStop = 96
/** A promise that takes so many times its CPU time is worth trying several at a time. */
const waits = 1.2
const gains = 0.9

export async function runTrial(items: TrialItems, options: TrialOptions = {}): Promise<Profile | undefined> {
  const trial = new Trial(items)
  await trial.warmUp()
  if (trial.items === 0) return undefined
  const probe = await new Probe(trial, items, options).run()
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
  /** The least mean of a block of items that are too short to be timed alone. */
  #usualMs = Number.POSITIVE_INFINITY
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
    const window = { items: 0, ms: 0, lastPerItemMs: Number.POSITIVE_INFINITY }
    let isWarm = false
    const cold: Block[] = []
    while (this.#goesOn(isWarm)) {
      const block = await this.#source.run(size, false)
      if (block === undefined) break
      if (!isWarm) {
        this.#startAgain()
        cold.push({ ...block, values: new Array(block.values.length), samples: [] })
      }
      this.#take(block)
      if (block.wallMs < shortestBlockMs) size = Math.min(2 * size, mostItemsInBlock)
      window.items += block.values.length
      window.ms += block.wallMs
      if (isWarm || window.ms < windowMs) continue
      const perItemMs = window.ms / window.items
      const agrees = Math.abs(perItemMs - window.lastPerItemMs) < steady * perItemMs
      isWarm = (agrees && this.passedMs > warmFromMs) || this.passedMs > warmAtLastMs
      Object.assign(window, { items: 0, ms: 0, lastPerItemMs: perItemMs })
    }
    if (!isWarm) this.#takeNewest(cold)
  }

  /** It never became warm: the newer half of what was run says more than the last block alone. */
  #takeNewest(cold: readonly Block[]): void {
    const items = this.items
    this.#startAgain()
    let from = cold.length
    for (let taken = 0; from > 0 && taken < items / 2; from -= 1) taken += cold[from - 1]?.values.length ?? 0
    for (const block of cold.slice(from)) {
      this.#coldMs -= block.wallMs
      this.#coldItems -= block.values.length
      this.#take(block)
    }
    this.items = items
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
      const meanMs = wallMs / length
      this.#samples.push(meanMs)
      this.#usualMs = Math.min(this.#usualMs, meanMs)
      // Of items that are timed together, one may hide that takes as long as all the others.
      const isUnlike = meanMs > unlike * this.#usualMs
      const longestMs = isUnlike ? wallMs - (length - 1) * this.#usualMs : meanMs
      this.#longestMs = Math.max(this.#longestMs, longestMs)
    }
    if (this.#calls.length < 64) this.#calls.push(...block.samples)
  }

  get passedMs(): number {
    return runtime().now() - this.#begunMs
  }

  /** Whether most of an item's time is waiting, as far as is known. */
  get isWaiting(): boolean {
    return this.returnsPromise && this.wallMs > waits * this.cpuMs
  }

  #goesOn(isWarm: boolean): boolean {
    const { left = Number.POSITIVE_INFINITY, total = Number.POSITIVE_INFINITY } = this.#source
    if (left <= 0) return false
    // A few of them don't show the one in fifty that takes a thousand times as long.
    const seen = Math.min(fewestToStop, total)
    if (this.items >= seen && Math.min(left, total) * this.wallMs < nothingToGainMs) return false
    if (this.isWaiting && this.items >= fewestOneByOne && this.passedMs > oneByOneMs) return false
    if (this.passedMs > sampledAtLastMs) return false
    if (!isWarm || this.#samples.length < enoughSamples || this.passedMs < sampledFromMs) return true
    return standardDeviation(this.#samples) > uneven * mean(this.#samples)
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
      trialMs: this.passedMs,
    }
  }
}

/**
 * Several at a time, while it gains: 4, 16, 64, 256. A limit of connections, or libuv's four
 * threads, shows as no gain.
 */
class Probe {
  readonly #trial: Trial
  readonly #items: TrialItems
  readonly #most: number
  readonly #points: ProbePoint[] = []

  constructor(trial: Trial, items: TrialItems, { maxConcurrency = Number.POSITIVE_INFINITY }: TrialOptions) {
    this.#trial = trial
    this.#items = items
    this.#most = Math.min(maxConcurrency, items.total ?? Number.POSITIVE_INFINITY)
  }

  async run(): Promise<readonly ProbePoint[]> {
    const { isWaiting, wallMs } = this.#trial
    if (!isWaiting || wallMs < 0.02) return this.#points
    let before = { perItemMs: wallMs, latencyMs: wallMs, concurrency: 1 }
    for (const wanted of [4, 16, 64, 256]) {
      const concurrency = Math.min(wanted, this.#most, this.#left)
      if (concurrency <= before.concurrency || concurrency < 2) break
      // The first step is taken in any case; later ones if there is time, and they are as long as
      // the last one promises.
      const promisedMs = Math.max(before.latencyMs, concurrency * before.perItemMs * 0.3)
      if (this.#points.length > 0 && this.#passesWith(promisedMs)) break
      let point = await this.#at(concurrency)
      // One pause of the machine looks like a limit, and would end the probe: what seems to gain
      // nothing is run once more.
      if (point !== undefined && point.perItemMs > gains * before.perItemMs) point = await this.#again(point)
      if (point === undefined) break
      this.#points.push(point)
      if (point.perItemMs > gains * before.perItemMs || point.concurrency < wanted) break
      before = point
    }
    await this.#warm()
    return this.#points
  }

  /** What the best number costs when all that it uses has been loaded and compiled. */
  async #warm(): Promise<void> {
    for (let round = 0; round < 3; round += 1) {
      const best = this.#points.toSorted((a, b) => a.perItemMs - b.perItemMs)[0]
      if (best === undefined || this.#passesWith(best.items * best.perItemMs)) return
      const again = await this.#again(best)
      this.#points[this.#points.indexOf(best)] = again
      if (again.perItemMs > gains * best.perItemMs) return
    }
  }

  get #left(): number {
    return this.#items.left ?? Number.POSITIVE_INFINITY
  }

  #passesWith(ms: number): boolean {
    return this.#trial.passedMs + ms > probedAtLastMs
  }

  /** The better of it and one more run. */
  async #again(point: ProbePoint): Promise<ProbePoint> {
    if (this.#left < point.items || this.#passesWith(point.items * point.perItemMs)) return point
    const again = await this.#at(point.concurrency)
    return again !== undefined && again.items === point.items && again.perItemMs < point.perItemMs
      ? again
      : point
  }

  async #at(concurrency: number): Promise<ProbePoint | undefined> {
    const block = await this.#items.run(concurrency, true)
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
}
