/**
 * The trial: runs some items here and learns what they take.
 *
 *     first call ─▶ blocks that double until they are long enough ─▶ until two blocks agree (warm) ─▶ samples
 *                └─ it waits, and longer than it computes ─▶ 4, 16, 64, 256 at a time, while that still gains
 *
 * Every item is run once. What runs it, and what becomes of its result, is for the caller to say.
 */
import { nativeCpuMs } from '../measure/native-cpu.ts'
import { mean, median, standardDeviation, sum } from '../measure/statistics.ts'
import { runtime } from '../runtime/runtime.ts'
import type { Block } from './block.ts'
import { measureCrossing, nothingCrosses, type Sample } from './crossing.ts'
import { type ProbePoint, type Profile, usualAtATime } from './profile.ts'

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
/** A first call that has loaded something may have taken all of that; others get so long. */
const afterFirstMs = 15
/** What waits shows more side by side than one by one. */
const oneByOneMs = 60
/** The trial begins nothing that would probably end later, or later than this part of the run. */
const endsAtLastMs = 250
const partOfRun = 0.03
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
/**
 * Code only becomes faster while it warms up: from the first block whose items took no longer than
 * so many times the later ones, what takes long takes long by itself.
 */
const almostWarm = 1.5
const many = 500
/** With less than this to do in all, nothing is gained by knowing more. */
const nothingToGainMs = 3
const fewestToStop = 96
/** A promise that takes so many times its CPU time is worth trying several at a time. */
const waits = 1.2
const gains = 0.9
/** The time for one more item over that of the step before, if all goes well. */
const leastGain = 0.3
const muchGain = 0.5
const mostAtATime = 256
/** What is run once more takes about this part of what it took cold. */
const warmer = 0.7

export async function runTrial(items: TrialItems, options: TrialOptions = {}): Promise<Profile | undefined> {
  const trial = new Trial(items)
  await trial.warmUp()
  if (trial.items === 0) return undefined
  const probe = new Probe(trial, items, options)
  return trial.profile(await probe.run(), probe.mayGainMore, options)
}

/** What the blocks that count have shown, all together. */
interface Shown {
  items: number
  wallMs: number
  cpuMs: number
  processCpuMs: number
  longestMs: number
  /** Items that are long enough, or the mean of a block, and how many items each of them is. */
  samplesMs: number[]
  itemsInSample: number[]
}

const nothing = (): Shown => ({
  ...{ items: 0, wallMs: 0, cpuMs: 0, processCpuMs: 0, longestMs: 0 },
  samplesMs: [],
  itemsInSample: [],
})

class Trial {
  items = 0
  returnsPromise = false
  readonly #source: TrialItems
  readonly #begunMs = runtime().now()
  #firstMs = 0
  /** Of each item after the first. */
  #nativeCpuMs: number | undefined
  /** All blocks after the first call, without their values. */
  readonly #blocks: Block[] = []
  /** Those that were run since two windows agreed; before that, the newest one. */
  #warm = nothing()
  #counted = nothing()
  readonly #calls: Sample[] = []

  constructor(source: TrialItems) {
    this.#source = source
  }

  /** The mean item, warm as far as it is known. */
  get wallMs(): number {
    const { items, wallMs } = this.#counted.items > 0 ? this.#counted : this.#warm
    return items > 0 ? wallMs / items : this.#firstMs
  }

  get cpuMs(): number {
    const { items, cpuMs } = this.#counted.items > 0 ? this.#counted : this.#warm
    return items === 0 ? this.wallMs : Math.min(cpuMs / items, this.wallMs)
  }

  async warmUp(): Promise<void> {
    const first = await this.#source.run(1, false)
    if (first === undefined) return
    this.#firstMs = first.wallMs
    this.#note(first)
    add(this.#warm, first, Number.POSITIVE_INFINITY)
    const nativeMs = this.returnsPromise ? nativeCpuMs() : undefined
    let size = 1
    const window = { items: 0, ms: 0, lastPerItemMs: Number.POSITIVE_INFINITY }
    let isWarm = false
    while (this.#goesOn(isWarm, size)) {
      const block = await this.#source.run(size, false)
      if (block === undefined) break
      this.#note(block)
      this.#blocks.push({ ...block, values: new Array(block.values.length), samples: [] })
      if (!isWarm) this.#warm = nothing()
      add(this.#warm, block, Number.POSITIVE_INFINITY)
      if (block.wallMs < shortestBlockMs) size = Math.min(2 * size, mostItemsInBlock)
      window.items += block.values.length
      window.ms += block.wallMs
      if (isWarm || window.ms < windowMs) continue
      const perItemMs = window.ms / window.items
      const agrees = Math.abs(perItemMs - window.lastPerItemMs) < steady * perItemMs
      isWarm = (agrees && this.passedMs > warmFromMs) || this.passedMs > warmAtLastMs
      Object.assign(window, { items: 0, ms: 0, lastPerItemMs: perItemMs })
    }
    this.#count(isWarm)
    if (nativeMs === undefined || this.items < 2) return
    const nativeAtEndMs = nativeCpuMs() ?? nativeMs
    this.#nativeCpuMs = Math.max(0, nativeAtEndMs - nativeMs) / (this.items - 1)
  }

  #note(block: Block): void {
    this.items += block.values.length
    this.returnsPromise ||= block.returnsPromise
    if (this.#calls.length < 64) this.#calls.push(...block.samples)
  }

  /**
   * All blocks count from the first that was almost as fast as warm ones: an item in fifty that
   * takes a thousand times as long may well be among those that were run early. Where it never
   * became warm, the newer half says what warm is.
   */
  #count(isWarm: boolean): void {
    const blocks = this.#blocks
    const meansMs = blocks.map(({ wallMs, values }) => wallMs / values.length)
    const warmFrom = isWarm ? this.#firstWarm() : newerHalf(blocks)
    const warmMs = meansMs.length === 0 ? 0 : median(meansMs.slice(warmFrom))
    const from = meansMs.findIndex(ms => ms <= almostWarm * warmMs)
    const isLong = (at: number) => (meansMs[at] as number) > unlike * warmMs
    // One alone among very many, while it was cold, was a pause of the machine, or of the compiler.
    const long = meansMs.flatMap((_, at) => (at >= from && isLong(at) ? [at] : []))
    const pause =
      long.length === 1 && (long[0] as number) < warmFrom && this.items > many ? long[0] : undefined
    const counted = nothing()
    let usualMs = Number.POSITIVE_INFINITY
    for (const [at, block] of blocks.entries()) {
      if (from === -1 || at < from || at === pause) continue
      usualMs = Math.min(usualMs, meansMs[at] as number)
      add(counted, block, usualMs)
    }
    this.#counted = counted
  }

  /** The place of the first block that was run since it was warm. */
  #firstWarm(): number {
    let [from, left] = [this.#blocks.length, this.#warm.items]
    while (left > 0) {
      from -= 1
      left -= this.#blocks[from]?.values.length ?? left
    }
    return from
  }

  get passedMs(): number {
    return runtime().now() - this.#begunMs
  }

  /** Whether most of an item's time is waiting, as far as is known. */
  get isWaiting(): boolean {
    return this.returnsPromise && this.wallMs > waits * this.cpuMs
  }

  /** Whether what takes so long would end in time. */
  fits(ms: number): boolean {
    const { total = 0 } = this.#source
    return this.passedMs + ms <= Math.max(endsAtLastMs, partOfRun * total * this.wallMs)
  }

  #goesOn(isWarm: boolean, size: number): boolean {
    const { left = Number.POSITIVE_INFINITY, total = Number.POSITIVE_INFINITY } = this.#source
    if (left <= 0) return false
    // A few of them don't show the one in fifty that takes a thousand times as long.
    const seen = Math.min(fewestToStop, total)
    if (this.items >= seen && Math.min(left, total) * this.#roughMs < nothingToGainMs) return false
    if (this.isWaiting && this.items >= fewestOneByOne && this.passedMs > oneByOneMs) return false
    const sinceFirstMs = this.passedMs - this.#firstMs
    const nextMs = size * this.wallMs
    if (!this.fits(nextMs) && sinceFirstMs + nextMs > afterFirstMs) return false
    if (this.passedMs > sampledAtLastMs && sinceFirstMs > afterFirstMs && this.items > 1) return false
    const samplesMs = this.#warm.samplesMs
    if (!isWarm || samplesMs.length < enoughSamples || this.passedMs < sampledFromMs) return true
    return standardDeviation(samplesMs) > uneven * mean(samplesMs)
  }

  /** The mean of all items but the first, cold ones too. */
  get #roughMs(): number {
    const ms = sum(this.#blocks.map(({ wallMs }) => wallMs))
    return this.items < 2 ? this.#firstMs : ms / (this.items - 1)
  }

  profile(
    probe: readonly ProbePoint[],
    mayGainMore: boolean,
    { foreignCores = 0, crosses = true }: TrialOptions,
  ): Profile {
    const { wallMs, cpuMs } = this
    const { items, processCpuMs, longestMs, samplesMs, itemsInSample } = this.#counted
    const coldMs = sum(this.#blocks.map(block => block.wallMs)) - this.#counted.wallMs
    const coldItems = this.items - 1 - items
    return {
      items: this.items,
      firstMs: this.#firstMs,
      samplesMs: samplesMs.length > 0 ? samplesMs : [this.#firstMs],
      itemsInSample: samplesMs.length > 0 ? itemsInSample : [1],
      wallMs,
      cpuMs,
      nativeCpuMs: this.#nativeCpuMs,
      processCpuMs: Math.max(cpuMs, items === 0 ? 0 : processCpuMs / items),
      warmUpMs: Math.max(0, Math.min(50, this.#firstMs - wallMs + coldMs - coldItems * wallMs)),
      returnsPromise: this.returnsPromise,
      longestOverMean: wallMs === 0 ? 1 : Math.max(1, longestMs / wallMs),
      crossing: crosses ? measureCrossing(this.#calls.slice(0, 32)) : nothingCrosses,
      probe,
      mayGainMore,
      foreignCores,
      trialMs: this.passedMs,
    }
  }
}

/** Adds a block; `usualMs` is the least mean of those before it. */
function add(
  shown: Shown,
  { values, wallMs, cpuMs, processCpuMs, itemsMs, returnsPromise }: Block,
  usualMs: number,
): void {
  const { length } = values
  shown.items += length
  shown.wallMs += wallMs
  // A short block holds no tick of the thread's clock that could be trusted; what never waits
  // computes all the time.
  shown.cpuMs += returnsPromise ? cpuMs : wallMs
  shown.processCpuMs += returnsPromise ? processCpuMs : wallMs
  if (itemsMs.length > 0) {
    shown.samplesMs.push(...itemsMs)
    shown.itemsInSample.push(...itemsMs.map(() => 1))
    shown.longestMs = Math.max(shown.longestMs, ...itemsMs)
    return
  }
  const meanMs = wallMs / length
  shown.samplesMs.push(meanMs)
  shown.itemsInSample.push(length)
  // Of items that are timed together, one may hide that takes as long as all the others.
  const longestMs = meanMs > unlike * usualMs ? wallMs - (length - 1) * usualMs : meanMs
  shown.longestMs = Math.max(shown.longestMs, longestMs)
}

/** The place of the first block of the newer half of the items. */
function newerHalf(blocks: readonly Block[]): number {
  const half = sum(blocks.map(({ values }) => values.length)) / 2
  let from = blocks.length
  for (let taken = 0; from > 0 && taken < half; from -= 1) taken += blocks[from - 1]?.values.length ?? 0
  return from
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
  #hasReachedALimit = false

  constructor(trial: Trial, items: TrialItems, { maxConcurrency = Number.POSITIVE_INFINITY }: TrialOptions) {
    this.#trial = trial
    this.#items = items
    this.#most = Math.min(maxConcurrency, items.total ?? Number.POSITIVE_INFINITY)
  }

  async run(): Promise<readonly ProbePoint[]> {
    const { isWaiting, wallMs } = this.#trial
    if (!isWaiting || wallMs < 0.02) return this.#points
    let before = { perItemMs: wallMs, latencyMs: wallMs, concurrency: 1 }
    let gained = 1
    for (;;) {
      const wanted = this.#next(before, gained)
      if (wanted === undefined) break
      const concurrency = Math.min(wanted, this.#most, this.#left)
      let point = await this.#at(concurrency)
      // One pause of the machine looks like a limit, and would end the probe: what seems to gain
      // nothing is run once more.
      if (point !== undefined && point.perItemMs > gains * before.perItemMs) point = await this.#again(point)
      if (point === undefined) break
      this.#points.push(point)
      this.#hasReachedALimit = point.perItemMs > gains * before.perItemMs
      if (this.#hasReachedALimit || point.concurrency < wanted) break
      gained = Math.max(leastGain, point.perItemMs / before.perItemMs)
      before = point
    }
    await this.#warm()
    return this.#points
  }

  /**
   * Whether it ended for want of inputs or time, not because more had gained nothing, or nobody
   * wanted more.
   */
  get mayGainMore(): boolean {
    const { length } = this.#points
    const tried = this.#points[length - 1]?.concurrency
    return tried !== undefined && tried < Math.min(this.#most, usualAtATime) && !this.#hasReachedALimit
  }

  /**
   * Four times as many as before. Where that has gained much, sixteen times as many: the time is
   * better spent on running those once more, when all that they use has been loaded. The first
   * step is taken in any case; later ones if there is time, and they gain as much as the last one
   * did.
   */
  #next(
    { perItemMs, latencyMs, concurrency }: Pick<ProbePoint, 'perItemMs' | 'latencyMs' | 'concurrency'>,
    gained: number,
  ): number | undefined {
    const steps = gained <= muchGain ? [16, 4] : [4]
    const step = steps.find(times => {
      const count = Math.min(times * concurrency, this.#most, this.#left)
      if (count <= concurrency || count < 2 || times * concurrency > mostAtATime) return false
      return this.#points.length === 0 || this.#trial.fits(Math.max(latencyMs, count * perItemMs * gained))
    })
    return step === undefined ? undefined : step * concurrency
  }

  /** What the best number costs when all that it uses has been loaded and compiled. */
  async #warm(): Promise<void> {
    for (let round = 0; round < 3; round += 1) {
      const best = this.#points.toSorted((a, b) => a.perItemMs - b.perItemMs)[0]
      if (best === undefined || !this.#trial.fits(best.items * best.perItemMs * warmer)) return
      const again = await this.#again(best)
      this.#points[this.#points.indexOf(best)] = again
      if (again.perItemMs > gains * best.perItemMs) return
    }
  }

  get #left(): number {
    return this.#items.left ?? Number.POSITIVE_INFINITY
  }

  /** The better of it and one more run. */
  async #again(point: ProbePoint): Promise<ProbePoint> {
    if (this.#left < point.items || !this.#trial.fits(point.items * point.perItemMs * warmer)) return point
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
