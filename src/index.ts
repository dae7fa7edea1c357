/**
 * atonce: a function written once, run on every concurrency model. Re-exports only, in the README's
 * order.
 */

export { Channel, type ChannelOptions } from './channel/channel.ts'
export type { Receiver, Sender, SyncWaitOptions, WaitOptions } from './channel/ends.ts'
export { type SelectCase, type SelectOptions, select } from './channel/select.ts'
export { type LoopBlocked, type WatchLoopOptions, watchLoop } from './coroutines/blocked/watch.ts'
export { coroutines } from './coroutines/coroutines.ts'
export type { LimitedContext } from './coroutines/limiter/call.ts'
export type { LimitedMapOptions } from './coroutines/limiter/limited-map.ts'
export { Limiter } from './coroutines/limiter/limiter.ts'
export type { LimitedOptions, LimiterOptions, LimiterWaitOptions } from './coroutines/limiter/options.ts'
export type { Rate } from './coroutines/limiter/rate.ts'
export type { CoroutinesOptions } from './coroutines/options.ts'
export type { Child, ChildContext } from './coroutines/scope/child.ts'
export { detached } from './coroutines/scope/detached.ts'
export { type Scope, type ScopeOptions, scope } from './coroutines/scope/scope.ts'
export { cancelOnSignals, type SignalScopesOptions } from './coroutines/scope/signals.ts'
export { type Attempt, type HedgeOptions, hedge } from './coroutines/time/hedge.ts'
export { any, race, type Way } from './coroutines/time/race.ts'
export { type RetryFailure, type RetryOptions, retry } from './coroutines/time/retry.ts'
export { type SleepOptions, sleep } from './coroutines/time/sleep.ts'
export { type TimeoutOptions, timeout } from './coroutines/time/timeout.ts'
export { propagated } from './declared/propagated.ts'
export { type PackCrossing, type Packing, shareable } from './declared/shareable.ts'
export {
  AbortError,
  AtonceError,
  BrokenBarrierError,
  ChannelClosedError,
  ClosedError,
  ConnectionLostError,
  DeadlockError,
  DeclarationError,
  EntryPointError,
  InvalidTaskError,
  NoisyMachineError,
  NotOwnerError,
  OptionError,
  OutOfMemoryError,
  OwnerDiedError,
  PayloadTooLargeError,
  ProtocolError,
  QueueFullError,
  RetryError,
  SerializationError,
  SpawnError,
  SyncUseError,
  TaskLoadError,
  TaskVersionError,
  ThrownValueError,
  TimeoutError,
  TrialError,
  UnknownClassError,
  UnresponsiveError,
  UnsupportedError,
  WorkerCrashedError,
  WorkerError,
  WorkerExitedError,
  WorkerStartError,
  WorkerStartTimeoutError,
} from './errors.ts'
export type { CallOptions } from './executor/call-options.ts'
export type { Crossable } from './executor/crossable.ts'
export { currentExecutor } from './executor/current-executor.ts'
export type { CloseOptions, Executor, Input } from './executor/executor.ts'
export type { MapOptions } from './executor/map/options.ts'
export type { ExecutorStats, Model } from './executor/stats.ts'
export type { Returned, Stream, StreamFunction, Yielded } from './executor/stream.ts'
export type { Times } from './executor/time-histogram.ts'
export type { PoolUserOptions, ResourceLimits } from './pool/options.ts'
export type { Permissions } from './processes/launch.ts'
export { type ProcessesOptions, processes } from './processes/processes.ts'
export { context, type TaskContext } from './task/context.ts'
export { Future, type FutureState, type ProgressListener } from './task/future.ts'
export type { Results } from './task/results.ts'
export type { Settleable } from './task/settling.ts'
export { isTask, type Result, type Task, type TaskOptions, task } from './task/task.ts'
export { type Movable, move } from './task/transfer.ts'
export {
  asCompleted,
  type Completed,
  type CompletedOptions,
  type FuturesWaitOptions,
  type Waited,
  wait,
} from './task/wait.ts'
export { type ThreadsOptions, threads } from './threads/threads.ts'
export type {
  ActorFailureEvent,
  CallEndEvent,
  CallStartEvent,
  ChoiceEvent,
  DataRaceEvent,
  DeadLetterEvent,
  LoopBlockedEvent,
  RetryEvent,
  ScopeUnresponsiveEvent,
  TracedWorker,
  WorkerCrashEvent,
  WorkerStartEvent,
} from './trace.ts'
export { isWorker } from './worker/birth.ts'
export type { WorkerOutput } from './worker/output.ts'
