/**
 * What `auto()` knows of a task: what its calls took, wherever they ran, and where they run now.
 */

import { mean, quantile } from '../measure/statistics.ts'
import { nameOf, type Task } from '../task/task.ts'
import { measureCrossing, nothingCrosses, type Sample } from './crossing.ts'
import type { Confidence } from './decide.ts'
import type { Crossed, Profile } from './profile.ts'
import { SideBySide } from './side-by-side.ts'

/** Where calls of a task go. */
export type Lane = 'trial' | 'here' | 'threads' | 'threads × coroutines'

/** One measured job: a call, or a chunk of calls. Times in ms, of all of them. */
export interface Seen {
  readonly calls: number
  readonly wallMs: number
  readonly longestMs: number
  /** CPU time of this thread, where it ran here and alone. */
  readonly cpuMs: number | undefined
  readonly returnsPromise: boolean
}

/** Where calls of a task go, and why. */
export interface Decision {
  readonly lane: Lane
  readonly way: string
  readonly confidence: Confidence
  readonly reasons: readonly string[]
}

/** How many of the newest figures count. */
const remembered = 48
const samplesKept = 16
/** Figures must agree this well to be taken for warm. */
const steady = 0.15
/**
 * An item that takes so many times what it took at the last decision, or so little, is another
 * item.
 */
const changed = 1.6
/** So many times as much to do is other work, which may be worth another place. */
const muchMore = 4

/** A decision stands for so long at least. */
const lookAgainMs = 50

export class Knowledge {
  readonly task: Task
  readonly name: string
  lane: Lane = 'trial'
  confidence: Confidence = 'undecided'
  way = 'trial'
  reasons: readonly string[] = []
  decisions = 0
  /** Its calls that run here now. */
  runningHere = 0
  /** Its calls that have begun here. */
  begunHere = 0
  /** Its calls that wait for a place here. */
  queued = 0
  returnsPromise = false
  /** What the loop runs in the place of the task: the task with a clock around it. */
  measured: Task | undefined
  /** Whether somebody looks, when the loop turns, if a call waits. */
  watched = false
  /** How its calls that wait go on together. */
  readonly sideBySide = new SideBySide()
  readonly #newestMs: number[] = []
  readonly #samples: Sample[] = []
  #seen = 0
  #firstMs = 0
  #trialMs = 0
  #cpu = { calls: 0, wallMs: 0, cpuMs: 0 }
  #longestMs = 0
  #crossed: Crossed | undefined
  #decidedForMs = 0
  #decidedAtMs = 0
  #decidedLeftMs = 0

  constructor(task: Task) {
    this.task = task
    this.name = nameOf(task)
  }

  get seen(): number {
    return this.#seen
  }

  /**
   * One item now: the median of the newest figures, so that neither a cold call nor a pause moves
   * it much.
   */
  get wallMs(): number {
    return this.#newestMs.length === 0 ? 0 : quantile(this.#newestMs, 0.5)
  }

  /**
   * What one more item costs, at the mean: an item in twenty that takes long is in it. Side by side
   * that is less than what it takes.
   */
  get oneMoreMs(): number {
    if (this.sideBySide.point !== undefined) return this.sideBySide.point.perItemMs
    return this.#newestMs.length === 0 ? 0 : mean(this.#newestMs)
  }

  get trialMs(): number {
    return this.#trialMs
  }

  get wantsSamples(): boolean {
    return this.#samples.length < samplesKept && this.lane === 'trial'
  }

  keep(sample: Sample): void {
    this.#samples.push(sample)
  }

  learn({ calls, wallMs, longestMs, cpuMs, returnsPromise }: Seen): void {
    if (this.#seen === 0) this.#firstMs = wallMs / calls
    this.#seen += calls
    this.returnsPromise ||= returnsPromise
    this.#newestMs.push(wallMs / calls)
    if (this.#newestMs.length > remembered) this.#newestMs.shift()
    if (this.lane === 'trial') this.#trialMs += wallMs
    if (this.#seen > calls) this.#longestMs = Math.max(this.#longestMs * 0.995, longestMs)
    if (cpuMs === undefined) return
    this.#cpu.calls += calls
    this.#cpu.wallMs += wallMs
    this.#cpu.cpuMs += cpuMs
  }

  /** Whether the newest figures agree with those before them, so that the code is warm. */
  get isSteady(): boolean {
    const count = this.#newestMs.length
    if (count < 8) return false
    const newest = quantile(this.#newestMs.slice(-4), 0.5)
    const before = quantile(this.#newestMs.slice(-8, -4), 0.5)
    return Math.abs(newest - before) <= steady * Math.max(newest, before)
  }

  /** Whether the items take more than those that the last decision was made for. */
  hasBecomeDearer(nowMs: number): boolean {
    return this.#looksAgain(nowMs) && this.#newest > changed * this.#decidedForMs
  }

  hasBecomeCheaper(nowMs: number): boolean {
    return this.#looksAgain(nowMs) && this.#newest < this.#decidedForMs / changed
  }

  /** Whether far more is left than when it was decided: a longer map. */
  hasMoreToDo(nowMs: number, leftMs: number): boolean {
    return this.#looksAgain(nowMs) && leftMs > muchMore * this.#decidedLeftMs
  }

  #looksAgain(nowMs: number): boolean {
    return this.#newestMs.length >= 4 && nowMs - this.#decidedAtMs > lookAgainMs
  }

  get #newest(): number {
    return quantile(this.#newestMs.slice(-6), 0.5)
  }

  /** `leftMs` was to do then. */
  decided(nowMs: number, { lane, way, confidence, reasons }: Decision, leftMs: number): void {
    this.lane = lane
    this.way = way
    this.confidence = confidence
    this.reasons = reasons
    this.decisions += 1
    this.#decidedForMs = this.#newest
    this.#decidedAtMs = nowMs
    this.#decidedLeftMs = leftMs
    this.#newestMs.splice(0, Math.max(0, this.#newestMs.length - 8))
  }

  /** It turned out that its values can't be sent away. */
  refuse(reason: string): void {
    this.#crossed = { ...nothingCrosses, refused: reason }
    const decision: Decision = { lane: 'here', way: 'here', confidence: 'sure', reasons: [reason] }
    this.decided(0, decision, Number.POSITIVE_INFINITY)
  }

  get refused(): string | undefined {
    return this.#crossed?.refused
  }

  /** The part of an item's time in which it keeps this thread busy. */
  get #busyShare(): number {
    if (!this.returnsPromise) return 1
    const { calls, wallMs, cpuMs } = this.#cpu
    if (calls > 0 && wallMs > 0) return Math.min(1, cpuMs / wallMs)
    // None ran alone: beside others an item takes longer, and computes as long.
    const { point } = this.sideBySide
    return point === undefined ? 1 : Math.min(1, point.cpuMs / point.latencyMs)
  }

  profile(): Profile {
    const itemMs = this.wallMs
    const busy = this.#busyShare
    this.#crossed ??= measureCrossing(this.#samples)
    return {
      items: this.#seen,
      firstMs: this.#firstMs,
      samplesMs: [...this.#newestMs],
      wallMs: itemMs,
      cpuMs: itemMs * busy,
      processCpuMs: itemMs * busy,
      warmUpMs: Math.min(30, Math.max(0, this.#firstMs - itemMs)),
      returnsPromise: this.returnsPromise,
      longestOverMean: itemMs === 0 ? 1 : Math.max(1, this.#longestMs / itemMs),
      crossing: this.#crossed,
      probe: this.sideBySide.point === undefined ? [] : [this.sideBySide.point],
      foreignCores: 0,
      trialMs: this.#trialMs,
    }
  }
}
