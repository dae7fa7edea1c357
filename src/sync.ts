/** atonce/sync: locks, counters and records on memory that threads share. */

export { DataRaceError } from './runtime/races/data-race-error.ts'
export { AtomicCounter } from './sync/atomic-counter.ts'
export { Barrier } from './sync/barrier.ts'
export { Condition } from './sync/condition.ts'
export { Event } from './sync/event.ts'
export { Guard } from './sync/guard.ts'
export { Latch } from './sync/latch.ts'
export { Mutex } from './sync/mutex.ts'
export { Once } from './sync/once.ts'
export type { AcquireOptions, AcquireSyncOptions, OwnerDiedOption } from './sync/options.ts'
export {
  type FieldKind,
  type FieldValue,
  type Records,
  type Row,
  type Shape,
  shared,
} from './sync/records.ts'
export { ReentrantMutex } from './sync/reentrant-mutex.ts'
export { RwLock } from './sync/rw-lock.ts'
export { Semaphore } from './sync/semaphore.ts'
export { type NumberKind, type NumberView, SharedArray } from './sync/shared-array.ts'
export type { SyncWaitOptions, WaitOptions } from './sync/waiting.ts'
