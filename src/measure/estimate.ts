/** A figure with its doubt: the median, and the interval that holds it in 95 of 100 repetitions. */
import { VirtualRuntime } from '../runtime/virtual.ts'
import { mean, median, quantileOfSorted, standardDeviation } from './statistics.ts'

/** A median, and the ends of its 95 % interval. */
export interface Estimate {
  readonly median: number
  readonly low: number
  readonly high: number
}

/**
 * The median of `samples`, which are above 0, with its 95 % interval. The same samples give the
 * same interval.
 *
 * From six samples on by the percentile bootstrap (Efron and Tibshirani, "An Introduction to the
 * Bootstrap", 1993, chapter 13). Fewer can't carry it: even their whole range misses the median
 * more often than 1 time in 20. They get Student's t interval on their logarithms (Student, "The
 * probable error of a mean", 1908), which is wide where it must be. One or two samples say nothing
 * that is worth an interval: theirs is 0 to infinity.
 */
export function estimate(samples: readonly number[]): Estimate {
  return {
    median: median(samples),
    ...(samples.length >= fewestToResample ? bootstrapped(samples) : studentised(samples)),
  }
}

const fewestToResample = 6
const resamples = 2_000

function bootstrapped(samples: readonly number[]): { low: number; high: number } {
  const chance = new VirtualRuntime({ seed: 1 })
  const resample = new Float64Array(samples.length)
  const medians = new Float64Array(resamples)
  for (let round = 0; round < resamples; round += 1) {
    for (let at = 0; at < resample.length; at += 1)
      resample[at] = samples[Math.floor(chance.random() * samples.length)] as number
    medians[round] = quantileOfSorted(resample.sort(), 0.5)
  }
  medians.sort()
  return { low: quantileOfSorted(medians, 0.025), high: quantileOfSorted(medians, 0.975) }
}

/** The two-sided 95 % quantile of Student's t, by the number of samples. */
const studentT: Readonly<Record<number, number>> = { 3: 4.303, 4: 3.182, 5: 2.776 }

function studentised(samples: readonly number[]): { low: number; high: number } {
  const t = studentT[samples.length]
  if (t === undefined) return { low: 0, high: Number.POSITIVE_INFINITY }
  const logs = samples.map(Math.log)
  const reach = (t * standardDeviation(logs)) / Math.sqrt(logs.length)
  return { low: Math.exp(mean(logs) - reach), high: Math.exp(mean(logs) + reach) }
}

/**
 * How many times `base` is as long as `other`, round by round: `base[i]` and `other[i]` ran one
 * after the other, so what disturbed one mostly disturbed both, and their ratio keeps what their
 * difference lost.
 */
export function estimateRatio(base: readonly number[], other: readonly number[]): Estimate {
  return estimate(base.map((length, round) => length / (other[round] ?? Number.NaN)))
}

/**
 * What an interval of a ratio says: above 1, below 1, not above by more than a tenth, or too wide
 * to say anything.
 */
export type Decision = 'above' | 'below' | 'not above' | 'undecided'

/** Reads a ratio's interval; refuses to call a side unless the interval excludes 1. */
export function decide({ low, high }: Estimate): Decision {
  if (low > 1) return 'above'
  if (high < 1) return 'below'
  return high <= 1.1 ? 'not above' : 'undecided'
}
