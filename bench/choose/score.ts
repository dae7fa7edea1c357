/**
 * How good the choices were: regret, time error, calibration, and five naive rules on the same
 * figures.
 */
import { estimate } from '../../src/measure/estimate.ts'
import { median } from '../../src/measure/statistics.ts'
import type { Forced, Played } from './played.ts'

export interface Scored {
  readonly played: Played
  readonly chosenKey: string
  readonly bestKey: string
  readonly bestMs: number
  /** The time of the chosen way over that of the best one. */
  readonly regret: number
  /** The regret is at most 1.10, or the chosen way's time lies in the interval of the best one. */
  readonly right: boolean
  /** |log2 predicted/real| of the chosen way, in the run right after the choice. */
  readonly nextError: number
  /** The same against the median of its runs in turns, when all that it uses is warm. */
  readonly timeError: number
  /** The same of all ways that were both predicted and forced. */
  readonly timeErrors: readonly number[]
  /** What the rules come to: regret, infinite where their way can't run the function. */
  readonly rules: Readonly<Record<Rule, number>>
  /** `auto()` over the best executor that it may pick, with its default of calls at a time. */
  readonly auto: number
  /** The trial with its pilot took no more than 0.3 s or 3 % of the run. */
  readonly trialFits: boolean
}

export const rules = [
  'always the plain loop',
  'always threads',
  'always coroutines × 64',
  'one cold call ÷ cores',
  'joblib: processes',
] as const
export type Rule = (typeof rules)[number]

/**
 * Ways that `auto()` may not pick: it would have to change the caller's buffers, or gains nothing.
 */
const notForAuto = ['plain loop', 'threads, moving', 'threads, sharing', 'processes']
/** Calls at a time that it allows by default. */
const mostOfAuto = 64
const wrong = Number.POSITIVE_INFINITY

export function scoreOf(played: Played, cores: number): Scored {
  const { choice } = played
  const able = played.forced.filter(({ failed, samplesMs }) => failed === undefined && samplesMs.length > 0)
  const ways = able.filter(({ way }) => way !== 'auto')
  const ms = new Map(able.map(({ key, samplesMs }) => [key, median(samplesMs)]))
  const best = least(ways)
  const bestMs = median(best.samplesMs)
  const chosenKey = keyOf(choice.way, choice.concurrency)
  const chosenMs = ms.get(chosenKey) ?? wrong
  const regret = chosenMs / bestMs
  const timeErrors = choice.predictions.flatMap(({ way, concurrency, ms: predicted, vetoed }) => {
    const real = ms.get(keyOf(way, concurrency))
    return vetoed !== undefined || real === undefined ? [] : [Math.abs(Math.log2(predicted.median / real))]
  })
  const forAuto = least(
    ways.filter(({ way, concurrency }) => !notForAuto.includes(way) && concurrency <= mostOfAuto),
  )
  return {
    played,
    chosenKey,
    bestKey: best.key,
    bestMs,
    regret,
    right: regret <= 1.1 || chosenMs <= estimate(best.samplesMs).high,
    nextError: Math.abs(Math.log2(choice.ms.median / (played.nextMs ?? wrong))),
    timeError: Math.abs(Math.log2(choice.ms.median / chosenMs)),
    timeErrors,
    rules: ruled(played, cores, key => (ms.get(key) ?? wrong) / bestMs),
    auto: (ms.get('auto') ?? wrong) / median(forAuto.samplesMs),
    trialFits: choice.profile.trialMs <= Math.max(300, 0.03 * bestMs),
  }
}

/** The name of a way among those that are forced. */
export function keyOf(way: string, concurrency: number): string {
  return concurrency === 1 ? (way === 'coroutines' ? 'plain loop' : way) : `${way} ${concurrency}`
}

function least(ways: readonly Forced[]): Forced {
  return ways.toSorted((a, b) => median(a.samplesMs) - median(b.samplesMs))[0] as Forced
}

function ruled(played: Played, cores: number, regretOf: (key: string) => number): Record<Rule, number> {
  const { choice, items, forced } = played
  const most = Math.max(
    ...forced
      .filter(({ key }) => key.startsWith('coroutines'))
      .map(({ concurrency }) => Math.min(64, concurrency)),
  )
  const sideBySide = `coroutines ${most}`
  const coldMs = choice.profile.firstMs
  const cold = [
    { key: 'plain loop', ms: items * coldMs },
    { key: 'threads', ms: (items * coldMs) / cores },
    ...(choice.profile.returnsPromise ? [{ key: sideBySide, ms: (items * coldMs) / most }] : []),
  ].toSorted((a, b) => a.ms - b.ms)[0]
  return {
    'always the plain loop': regretOf('plain loop'),
    'always threads': regretOf('threads'),
    'always coroutines × 64': regretOf(sideBySide),
    'one cold call ÷ cores': regretOf(cold?.key ?? 'plain loop'),
    'joblib: processes': regretOf('processes'),
  }
}

/** The share of all for which it holds. */
export function shareOf<T>(all: readonly T[], holds: (one: T) => boolean): number {
  return all.length === 0 ? Number.NaN : all.filter(holds).length / all.length
}

/**
 * The exact 95 % interval of a share (Clopper and Pearson, "The use of confidence or fiducial
 * limits", 1934), by bisection.
 */
export function intervalOfShare(hits: number, of: number): { low: number; high: number } {
  return {
    low: hits === 0 ? 0 : bisect(p => tail(of, hits, p) - 0.025),
    high: hits === of ? 1 : bisect(p => 0.025 - (1 - tail(of, hits + 1, p))),
  }
}

/** The chance of at least `hits` of `of`. */
function tail(of: number, hits: number, p: number): number {
  let [total, ways] = [0, 1]
  for (let k = 0; k <= of; k += 1) {
    if (k >= hits) total += ways * p ** k * (1 - p) ** (of - k)
    ways = (ways * (of - k)) / (k + 1)
  }
  return total
}

function bisect(rises: (p: number) => number): number {
  let [low, high] = [0, 1]
  for (let step = 0; step < 50; step += 1) {
    const middle = (low + high) / 2
    if (rises(middle) < 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}
