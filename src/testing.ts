/** atonce/testing: what every executor must do, as a suite for any test runner; and time that a test controls. */

export { type Runtime, type Timer, withRuntime } from './runtime/runtime.ts'
export { VirtualRuntime } from './runtime/virtual.ts'
export { type ConformanceSubject, executorConformance } from './testing/conformance.ts'
