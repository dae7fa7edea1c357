/**
 * atonce/testing: what every executor must do, as a suite for any test runner; time that a test
 * controls, runs that can be replayed; and how to write an executor.
 */

export type { Backend, Caller, Closing, Inlet, Job, LongCall } from './executor/backend.ts'
export { backendOf, createExecutor } from './executor/executor.ts'
export type { Pause, Paused } from './executor/repeat/pauses.ts'
export { type Runtime, type Timer, withRuntime } from './runtime/runtime.ts'
export type { Schedule, Step } from './runtime/schedule.ts'
export { type SimulateOptions, type Simulation, simulate } from './runtime/simulate.ts'
export { type VirtualOptions, VirtualRuntime } from './runtime/virtual.ts'
export {
  type Body,
  type End,
  type Explored,
  type ExploreFailure,
  type ExploreOptions,
  explore,
  type Program,
} from './testing/explorer/explore.ts'
export { type FailingOptions, failingAt, InjectedFailure } from './testing/failing.ts'
export { type Probe, type Probed, probe } from './testing/probe.ts'
export { type ConformanceSubject, executorConformance } from './testing/suite/conformance.ts'
