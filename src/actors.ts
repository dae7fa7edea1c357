/**
 * atonce/actors: objects that live, take one message at a time, and are restarted when they fail.
 */

export type { Overflow } from './actors/contract.ts'
export { type ActorClass, type ActorOptions, actor } from './actors/definition.ts'
export {
  ActorDiedError,
  ActorStartError,
  CyclicAskError,
  InvalidActorError,
  JournalError,
  LinkedActorError,
  MailboxFullError,
  NameTakenError,
  RestartLimitError,
} from './actors/errors.ts'
export type { PastFailure } from './actors/history.ts'
export { Persisted, type PersistOptions } from './actors/persisted.ts'
export type { StopReason } from './actors/reason.ts'
export type { AskOptions, Asks, Ref, StopOptions, Tells, Watch } from './actors/ref.ts'
export type { FailureReport, ReportedMessage } from './actors/report.ts'
export { type RouterOptions, router } from './actors/router.ts'
export { type Self, self } from './actors/self.ts'
export type { Backoff, StartOptions, Strategy, SupervisorOptions } from './actors/settings.ts'
export { spawn } from './actors/spawn.ts'
export { type Setup, type Supervisor, supervisor } from './actors/supervisor.ts'
export type { DeadLetter } from './actors/system.ts'
export { onDeadLetter, whereis } from './actors/system.ts'
export { type Topic, topic } from './actors/topics.ts'
