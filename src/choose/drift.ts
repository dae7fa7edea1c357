/**
 * Whether the machine is still the one that was calibrated: its clock may be lower (heat, a
 * battery), its host may have moved it, its neighbours may be others. A fixed piece of computing is
 * timed again, in some 5 ms.
 */
import { runtime } from '../runtime/runtime.ts'
import type { Calibration } from './calibration.ts'
import { compute } from './calibration-tasks.ts'

/** Steps of the reference: about a ms. */
const steps = 400_000
const tries = 5
/** More than this, or less than its inverse, is another machine. */
const drifted = 1.4

/** The least of some tries: what disturbs makes it longer, never shorter. */
export function referenceMs(): number {
  let least = Number.POSITIVE_INFINITY
  compute(steps)
  for (let at = 0; at < tries; at += 1) {
    const begun = runtime().now()
    compute(steps)
    least = Math.min(least, runtime().now() - begun)
  }
  return least
}

/** The calibration as it is to be used now, and in a line what is wrong with it, if anything is. */
export interface Rechecked {
  readonly calibration: Calibration
  readonly complaint: string | undefined
}

/**
 * Times the reference again. A calibration that has drifted is scaled, and counts as assumed: its
 * figures are wider.
 */
export function recheck(calibration: Calibration, nowMs: number = referenceMs()): Rechecked {
  if (!calibration.measured || calibration.referenceMs === 0) return { calibration, complaint: undefined }
  const ratio = nowMs / calibration.referenceMs
  if (ratio < drifted && ratio > 1 / drifted) return { calibration, complaint: undefined }
  const slower = ratio > 1
  return {
    calibration: {
      ...calibration,
      measured: false,
      threads: scaled(calibration.threads, ratio),
      processes: scaled(calibration.processes, ratio),
      loopCallMs: calibration.loopCallMs * ratio,
    },
    complaint: `This machine computes ${(slower ? ratio : 1 / ratio).toFixed(1)} times as ${slower ? 'slowly' : 'fast'} as when it was calibrated. Take the figures anew: npx atonce calibrate`,
  }
}

function scaled(figures: Calibration['threads'], ratio: number): Calibration['threads'] {
  const { startMs, startTogetherMs, roundTripMs, callMs } = figures
  return {
    ...figures,
    startMs: startMs * ratio,
    startTogetherMs: startTogetherMs * ratio,
    roundTripMs: roundTripMs * ratio,
    callMs: callMs * ratio,
  }
}
