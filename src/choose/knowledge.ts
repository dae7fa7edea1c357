/**
 * What `auto()` knows of a task: what its calls took, wherever they ran, and where they run now.
 */

import { nameOf, type Task } from '../task/task.ts'
import { measureCrossing, nothingCrosses, type Sample } from './crossing.ts'
import type { Confidence } from './decide.ts'
import { Newest } from './newest.ts'
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

/** What was to do when it was decided. */
export interface Left {
  readonly ms: number
  readonly calls: number
}

const samplesKept = 16
/** By then next to nothing is left of a start that is spread over so many maps. */
const mostTimes = 8
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
  /** How often its calls went elsewhere than before. */
  changes = 0
  /** How often as many of the same items have come: with them the start of workers pays off. */
  times = 1
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
  readonly #newest = new Newest()
  readonly #samples: Sample[] = []
  /** Calls whose figures are known. */
  seen = 0
  #firstMs = 0
  /** What the calls of the trial took. */
  trialMs = 0
  #cpu = { calls: 0, wallMs: 0, cpuMs: 0 }
  #longestMs = 0
  #crossed: Crossed | undefined
  /** For items of so many ms, when, with so much to do; and what calls have come since. */
  #decided = { forMs: 0, atMs: 0, left: { ms: 0, calls: 0 } as Left, callsSince: 0 }

  constructor(task: Task) {
    this.task = task
    this.name = nameOf(task)
  }

  /**
   * One item now: the median of the newest figures, so that neither a cold call nor a pause moves
   * it much.
   */
  get wallMs(): number {
    return this.#newest.median
  }

  /**
   * What one more item costs, at the mean: an item in twenty that takes long is in it, the first
   * one, which compiled, is not. Side by side that is less than what it takes.
   */
  get oneMoreMs(): number {
    if (this.sideBySide.point !== undefined) return this.sideBySide.point.perItemMs
    return this.#newest.mean
  }

  get wantsSamples(): boolean {
    return this.#samples.length < samplesKept && this.lane === 'trial'
  }

  keep(sample: Sample): void {
    this.#samples.push(sample)
  }

  learn({ calls, wallMs, longestMs, cpuMs, returnsPromise }: Seen): void {
    if (this.seen === 0) this.#firstMs = wallMs / calls
    this.seen += calls
    this.returnsPromise ||= returnsPromise
    this.#decided.callsSince += calls
    this.#newest.learn(calls, wallMs)
    if (this.lane === 'trial') this.trialMs += wallMs
    if (this.seen > calls) this.#longestMs = Math.max(this.#longestMs * 0.995, longestMs)
    if (cpuMs === undefined) return
    this.#cpu.calls += calls
    this.#cpu.wallMs += wallMs
    this.#cpu.cpuMs += cpuMs
  }

  /** Whether the newest figures agree with those before them, so that the code is warm. */
  get isSteady(): boolean {
    return this.#newest.isSteady
  }

  /** Whether the items take more than those that the last decision was made for. */
  hasBecomeDearer(nowMs: number): boolean {
    return this.#looksAgain(nowMs) && this.#newest.now > changed * this.#decided.forMs
  }

  hasBecomeCheaper(nowMs: number): boolean {
    return this.#looksAgain(nowMs) && this.#newest.now < this.#decided.forMs / changed
  }

  /** Whether far more is left than when it was decided: a longer map. */
  hasMoreToDo(nowMs: number, leftMs: number): boolean {
    return this.#looksAgain(nowMs) && leftMs > muchMore * this.#decided.left.ms
  }

  #looksAgain(nowMs: number): boolean {
    return this.#newest.ms.length >= 4 && nowMs - this.#decided.atMs > lookAgainMs
  }

  /** Whether all that was decided for is done, and more of it has come: another map. */
  hasComeAgain(nowMs: number): boolean {
    return this.#isDone && this.times < mostTimes && this.#looksAgain(nowMs)
  }

  get #isDone(): boolean {
    const { left, callsSince } = this.#decided
    return left.calls > 0 && callsSince >= left.calls
  }

  /** Before it is decided again: whether the same has come once more, or something else. */
  lookBack(): void {
    if (this.decisions === 0) return
    const isOther =
      this.#newest.now > changed * this.#decided.forMs || this.#newest.now < this.#decided.forMs / changed
    if (isOther) {
      this.times = 1
      this.#newest.keep(6)
    } else if (this.#isDone) this.times += 1
  }

  /** So much, in ms and calls, was to do then. */
  decided(nowMs: number, { lane, way, confidence, reasons }: Decision, left: Left): void {
    if (this.decisions > 0 && lane !== this.lane) this.changes += 1
    this.lane = lane
    this.way = way
    this.confidence = confidence
    this.reasons = reasons
    this.decisions += 1
    this.#decided = { forMs: this.#newest.now, atMs: nowMs, left, callsSince: 0 }
    this.#newest.keep(8)
  }

  /** It turned out that its values can't be sent away. */
  refuse(reason: string): void {
    this.#crossed = { ...nothingCrosses, refused: reason }
    const decision: Decision = { lane: 'here', way: 'here', confidence: 'sure', reasons: [reason] }
    this.decided(0, decision, { ms: Number.POSITIVE_INFINITY, calls: Number.POSITIVE_INFINITY })
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
      items: this.seen,
      firstMs: this.#firstMs,
      samplesMs: [...this.#newest.ms],
      wallMs: itemMs,
      cpuMs: itemMs * busy,
      processCpuMs: itemMs * busy,
      warmUpMs: Math.min(30, Math.max(0, this.#firstMs - itemMs)),
      returnsPromise: this.returnsPromise,
      longestOverMean: itemMs === 0 ? 1 : Math.max(1, this.#longestMs / itemMs),
      crossing: this.#crossed,
      probe: this.sideBySide.point === undefined ? [] : [this.sideBySide.point],
      foreignCores: 0,
      trialMs: this.trialMs,
    }
  }
}
