/**
 * atonce/choose: which model a function needs, by trying it out; and an executor that finds out by
 * itself.
 */

export { type AutoOptions, auto } from './choose/auto.ts'

export { type CalibrateOptions, calibrate } from './choose/calibrate.ts'
export {
  type Calibration,
  calibrationPath,
  type LoadedCalibration,
  loadCalibration,
  saveCalibration,
  type WorkerFigures,
} from './choose/calibration.ts'
export { type Choice, type ChooseOptions, choose } from './choose/choose.ts'
export type { Confidence } from './choose/decide.ts'
export { type Rechecked, recheck } from './choose/drift.ts'
export {
  type CrossingExplained,
  type CrossingModel,
  explainCrossing,
  type PartCrossing,
} from './choose/explain-crossing.ts'
export type { Prediction, Way } from './choose/predict.ts'
export type { Crossed, ProbePoint, Profile } from './choose/profile.ts'
