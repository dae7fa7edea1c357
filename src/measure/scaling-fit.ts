/**
 * What a series of times with more and more workers says: laws that it follows, each with its
 * doubt.
 */
import { VirtualRuntime } from '../runtime/virtual.ts'
import type { Estimate } from './estimate.ts'
import { median, quantile } from './statistics.ts'

/**
 * So many workers, and what each round took with them, in ms: rounds of all points ran side by
 * side.
 */
export interface Timed {
  readonly workers: number
  readonly samplesMs: readonly number[]
}

/**
 * Amdahl, "Validity of the single processor approach to achieving large scale computing
 * capabilities", 1967.
 */
export interface Amdahl {
  /** The part of the work that no number of workers makes shorter. */
  readonly serial: Estimate
  /** What any number of workers could reach: 1 / serial. */
  readonly most: Estimate
}

/** Gunther, "Guerrilla Capacity Planning", 2007: throughput λn / (1 + σ(n−1) + κn(n−1)). */
export interface Usl {
  /** Waiting for what only one can have. */
  readonly contention: Estimate
  /** What each pays for each other one: with it, more workers make it slower at last. */
  readonly coherency: Estimate
  /**
   * The number of workers beyond which it gets slower; undefined unless the interval of `coherency`
   * excludes 0.
   */
  readonly peak: Estimate | undefined
  /** Throughput of one worker, in runs per ms. */
  readonly single: number
}

const draws = 400
/** Three unknowns from fewer points would be a drawing, not a fit. */
const fewestForUsl = 6

/**
 * Karp and Flatt, "Measuring parallel processor performance", 1990: the serial part, as seen with n
 * workers.
 */
export function karpFlatt(speedUp: number, workers: number): number | undefined {
  return workers === 1 ? undefined : (1 / speedUp - 1 / workers) / (1 - 1 / workers)
}

/** Undefined with fewer than two numbers of workers. */
export function fitAmdahl(timed: readonly Timed[]): Amdahl | undefined {
  if (timed.length < 2) return undefined
  const serial = bootstrapped(timed, serialOf)
  return {
    serial,
    most: { median: 1 / serial.median, low: 1 / serial.high, high: 1 / serial.low },
  }
}

/** Undefined with fewer than six numbers of workers. */
export function fitUsl(timed: readonly Timed[]): Usl | undefined {
  if (timed.length < fewestForUsl) return undefined
  const at = (part: 'contention' | 'coherency') => bootstrapped(timed, points => uslOf(points)[part])
  const [contention, coherency] = [at('contention'), at('coherency')]
  const { single } = uslOf(mediansOf(timed))
  const peak = coherency.low > 1e-6 ? bootstrapped(timed, points => peakOf(uslOf(points))) : undefined
  return { contention, coherency, peak, single }
}

interface Point {
  readonly workers: number
  readonly ms: number
}

function mediansOf(timed: readonly Timed[]): Point[] {
  return timed.map(({ workers, samplesMs }) => ({ workers, ms: median(samplesMs) }))
}

/**
 * The figure of the medians, with the interval that drawing whole rounds again gives it (Efron,
 * 1979).
 */
function bootstrapped(timed: readonly Timed[], figure: (points: readonly Point[]) => number): Estimate {
  const chance = new VirtualRuntime({ seed: 1 })
  const rounds = Math.min(...timed.map(({ samplesMs }) => samplesMs.length))
  const drawn = Array.from({ length: draws }, () => {
    const picked = Array.from({ length: rounds }, () => Math.floor(chance.random() * rounds))
    return figure(
      timed.map(({ workers, samplesMs }) => ({
        workers,
        ms: median(picked.map(round => samplesMs[round] as number)),
      })),
    )
  })
  return { median: figure(mediansOf(timed)), low: quantile(drawn, 0.025), high: quantile(drawn, 0.975) }
}

/** 1/S(n) = s + (1 − s)/n, which is linear in s: least squares through it. */
function serialOf(points: readonly Point[]): number {
  const single = points.find(({ workers }) => workers === 1)?.ms ?? Number.NaN
  let [above, below] = [0, 0]
  for (const { workers, ms } of points) {
    const weight = 1 - 1 / workers
    above += weight * (ms / single - 1 / workers)
    below += weight * weight
  }
  return Math.min(1, Math.max(0, above / below))
}

/**
 * n/X(n) = (1 + σ(n−1) + κn(n−1))/λ, which is linear in 1/λ, σ/λ and κ/λ; none of them is negative.
 */
function uslOf(points: readonly Point[]): { contention: number; coherency: number; single: number } {
  const rows = points.map(({ workers: n, ms }) => ({ of: [1, n - 1, n * (n - 1)], is: n * ms }))
  const all = leastSquares(rows, [0, 1, 2])
  const kept = all[2] < 0 ? leastSquares(rows, [0, 1]) : all[1] < 0 ? leastSquares(rows, [0, 2]) : all
  const [base, contention, coherency] = kept
  return {
    contention: Math.max(0, contention / base),
    coherency: Math.max(0, coherency / base),
    single: 1 / base,
  }
}

function peakOf({ contention, coherency }: { contention: number; coherency: number }): number {
  return Math.sqrt(Math.max(0, 1 - contention) / Math.max(coherency, 1e-9))
}

/** Coefficients of the used columns, 0 for the others: normal equations, by Gauss and Jordan. */
function leastSquares(
  rows: readonly { readonly of: readonly number[]; readonly is: number }[],
  used: readonly number[],
): [number, number, number] {
  const system = used.map(row => [
    ...used.map(column => sumOf(rows, ({ of }) => (of[row] as number) * (of[column] as number))),
    sumOf(rows, ({ of, is }) => (of[row] as number) * is),
  ])
  for (let pivot = 0; pivot < used.length; pivot += 1) {
    const own = system[pivot] as number[]
    const scale = own[pivot] as number
    for (let at = 0; at < own.length; at += 1) own[at] = (own[at] as number) / scale
    for (const [row, other] of system.entries()) {
      if (row === pivot) continue
      const times = other[pivot] as number
      for (let at = 0; at < other.length; at += 1)
        other[at] = (other[at] as number) - times * (own[at] as number)
    }
  }
  const found: [number, number, number] = [0, 0, 0]
  for (const [at, column] of used.entries()) found[column] = system[at]?.at(-1) as number
  return found
}

function sumOf<T>(rows: readonly T[], part: (row: T) => number): number {
  return rows.reduce((total, row) => total + part(row), 0)
}
