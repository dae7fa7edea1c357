/** Which of the predicted ways to use, and how sure that is. */
import type { Prediction } from './predict.ts'
import type { Profile } from './profile.ts'

/** How sure a choice is: `undecided` when two ways are too near to tell. */
export type Confidence = 'sure' | 'likely' | 'undecided'

export interface Decided {
  readonly chosen: Prediction
  readonly confidence: Confidence
  /**
   * In how many of 100 draws the choice is within a tenth of the best; 94 at most where nothing is
   * called sure.
   */
  readonly percent: number
  /** The two that are nearest to each other, for a pilot. */
  readonly finalists: readonly Prediction[]
}

/** What is not at least so much better than the simplest way is not worth leaving it. */
const worthShare = 0.2
const worthMs = 5
/** Of ways that are within this of the best, the simplest is taken. */
const nearBest = 1.15
/** Others' work above this makes every verdict weaker. */
export const noisyCores = 0.25
/** From so many draws of 100 a choice is sure. */
const surePercent = 95

/**
 * The simplest way that is about as good as the best, and the simplest of all (the plain loop,
 * where it is open) unless leaving it is worth it.
 */
export function decideAmong(
  predictions: readonly Prediction[],
  profile: Pick<Profile, 'foreignCores' | 'mayGainMore'>,
  { keepLoopFree = false }: { keepLoopFree?: boolean } = {},
): Decided {
  const allowed = predictions.filter(({ vetoed }) => vetoed === undefined)
  const [simplest] = allowed as [Prediction, ...Prediction[]]
  const worthLeaving = allowed.filter(prediction => isWorth(prediction, simplest, keepLoopFree))
  const candidates = worthLeaving.length > 0 ? worthLeaving : [simplest]
  const bestMs = Math.min(...candidates.map(({ ms }) => ms.median))
  const chosen = candidates.find(({ ms }) => ms.median <= nearBest * bestMs) as Prediction
  const noisy = profile.foreignCores > noisyCores
  const untried = profile.mayGainMore === true && chosen.way === 'coroutines'
  const most = noisy || untried ? surePercent - 1 : 100
  const percent = Math.min(most, shareWithin(chosen, allowed, simplest))
  return {
    chosen,
    confidence: percent >= surePercent ? 'sure' : percent >= 80 ? 'likely' : 'undecided',
    percent,
    finalists: allowed.toSorted((a, b) => a.ms.median - b.ms.median).slice(0, 2),
  }
}

function isWorth(prediction: Prediction, simplest: Prediction, keepLoopFree: boolean): boolean {
  if (prediction === simplest) return false
  if (keepLoopFree && simplest.blockedMs > 10 && prediction.blockedMs < simplest.blockedMs / 2)
    return prediction.ms.median < 1.3 * simplest.ms.median
  return isWorthSaving(simplest.ms.median - prediction.ms.median, simplest.ms.median)
}

/** Whether that much less than what this thread would take is worth leaving it. */
export function isWorthSaving(savedMs: number, hereMs: number): boolean {
  return savedMs >= worthMs && savedMs >= worthShare * hereMs
}

/** Within a tenth of the best, or so near to it that nobody would notice. */
function shareWithin(chosen: Prediction, allowed: readonly Prediction[], simplest: Prediction): number {
  let good = 0
  for (const [at, ms] of chosen.draws.entries()) {
    const best = Math.min(...allowed.map(({ draws }) => draws[at] as number))
    const slack = chosen === simplest ? Math.max(worthMs, worthShare * ms) : 0
    if (ms <= Math.max(nearBest * best, best + slack)) good += 1
  }
  return Math.round((100 * good) / Math.max(1, chosen.draws.length))
}
