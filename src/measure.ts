/**
 * atonce/measure: how long work takes, with how much of the machine, and how far the figure can be
 * trusted.
 */

export { type Decision, decide, type Estimate, estimate, estimateRatio } from './measure/estimate.ts'
export type { LoopFigures } from './measure/loop-watch.ts'
export {
  type Compared,
  compare,
  type MeasureOptions,
  measure,
  type TaskWork,
  type Work,
} from './measure/measure.ts'
export { type Duration, type Measurement, spentOn } from './measure/measurement.ts'
export type { Quiet } from './measure/quiet.ts'
export { type ScaleOptions, type ScalePoint, type Scaling, scale } from './measure/scale.ts'
export type { Amdahl, Usl } from './measure/scaling-fit.ts'
export type { Losses, LossName } from './measure/scaling-losses.ts'
export { type TimeitOptions, type Timing, timeit } from './measure/timeit.ts'
