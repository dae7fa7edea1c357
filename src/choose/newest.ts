/** The newest figures of a task's calls, wherever they ran. */
import { quantile, sum } from '../measure/statistics.ts'

/** How many of the newest figures count. */
const remembered = 48
/** Figures must agree this well to be taken for warm. */
const steady = 0.15
/** With so many figures the first one, of a cold call, is left out of the mean. */
const fewestWithoutFirst = 4

export class Newest {
  /** Of one call. */
  readonly ms: number[] = []
  /** How many calls that is the mean of. */
  readonly #calls: number[] = []
  #jobs = 0

  learn(calls: number, wallMs: number): void {
    this.#jobs += 1
    this.ms.push(wallMs / calls)
    this.#calls.push(calls)
    this.keep(remembered)
  }

  /** Forgets all but so many. */
  keep(count: number): void {
    const old = Math.max(0, this.ms.length - count)
    if (old === 0) return
    this.ms.splice(0, old)
    this.#calls.splice(0, old)
  }

  /** Neither a cold call nor a pause moves it much. */
  get median(): number {
    return this.ms.length === 0 ? 0 : quantile(this.ms, 0.5)
  }

  /** Of all calls: one in twenty that takes long is in it, the cold first one is not. */
  get mean(): number {
    const isFirstAmong = this.#jobs === this.ms.length
    const from = isFirstAmong && this.#jobs > fewestWithoutFirst ? 1 : 0
    const calls = this.#calls.slice(from)
    const ms = sum(calls.map((count, at) => count * (this.ms[from + at] as number)))
    return ms / Math.max(1, sum(calls))
  }

  /** What calls take now. */
  get now(): number {
    return quantile(this.ms.slice(-6), 0.5)
  }

  /** Whether the newest figures agree with those before them, so that the code is warm. */
  get isSteady(): boolean {
    if (this.ms.length < 8) return false
    const newest = quantile(this.ms.slice(-4), 0.5)
    const before = quantile(this.ms.slice(-8, -4), 0.5)
    return Math.abs(newest - before) <= steady * Math.max(newest, before)
  }
}
