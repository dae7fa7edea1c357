/** atonce/testing: what every executor must do, as a suite for any test runner; time that a test controls, and runs that can be replayed. */

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
export { failingAt, InjectedFailure, type Probe, type Probed, probe } from './testing/probe.ts'
export { type ConformanceSubject, executorConformance } from './testing/suite/conformance.ts'
