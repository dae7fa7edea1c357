/**
 * What atonce publishes about itself, on `node:diagnostics_channel`. Executors publish, tools
 * subscribe; nothing is made while nobody listens.
 */
const { channel } = process.getBuiltinModule('node:diagnostics_channel')

/** A worker failed: in a task, while idle, or before it could work. */
export interface WorkerCrashEvent {
  /** The executor's name. */
  readonly executor: string
  /** The worker's name, as `thread 2`. */
  readonly worker: string
  readonly error: Error
}

const workerCrash = channel('atonce.worker.crash')

export function publishWorkerCrash(event: WorkerCrashEvent): void {
  if (workerCrash.hasSubscribers) workerCrash.publish(event)
}

/**
 * Two threads access shared memory, and nothing orders them (`ATONCE_DEBUG=races`). Published where
 * the one is that was noticed second.
 */
export interface DataRaceEvent {
  readonly error: Error
}

const dataRace = channel('atonce.race')

export function publishDataRace(event: DataRaceEvent): void {
  if (dataRace.hasSubscribers) dataRace.publish(event)
}

/** Children of a cancelled scope go on, and the scope waits for them. */
export interface ScopeUnresponsiveEvent {
  /** The scope's name. */
  readonly scope: string
  /** The names of the children that have not stopped. */
  readonly children: readonly string[]
  /** How long ago the scope was cancelled. */
  readonly sinceMs: number
}

const scopeUnresponsive = channel('atonce.scope.unresponsive')

export function publishScopeUnresponsive(event: ScopeUnresponsiveEvent): void {
  if (scopeUnresponsive.hasSubscribers) scopeUnresponsive.publish(event)
}

/** A call begins: of a chunk of a `map`, all its calls together. */
export interface CallStartEvent {
  /** The executor's name. */
  readonly executor: string
  readonly task: string
  /** How long it has waited for a worker. */
  readonly queueMs: number
}

/** A call has its outcome: of a chunk of a `map`, all its calls together. */
export interface CallEndEvent {
  /** The executor's name. */
  readonly executor: string
  readonly task: string
  readonly outcome: 'done' | 'failed' | 'cancelled'
  /** How long it has waited for a worker; undefined if it never began. */
  readonly queueMs: number | undefined
  /**
   * How long the task ran, in its worker; undefined if nobody knows: the worker died, or the call
   * was given up before.
   */
  readonly runMs: number | undefined
  /** How many calls they were: more than 1 for a chunk. */
  readonly calls: number
}

const callStart = channel('atonce.call.start')
const callEnd = channel('atonce.call.end')

/** Whether anybody listens to calls: only then is an event made. */
export function callsAreTraced(): boolean {
  return callStart.hasSubscribers || callEnd.hasSubscribers
}

export function publishCallStart(event: CallStartEvent): void {
  if (callStart.hasSubscribers) callStart.publish(event)
}

export function publishCallEnd(event: CallEndEvent): void {
  if (callEnd.hasSubscribers) callEnd.publish(event)
}

/** A call has failed and is repeated. */
export interface RetryEvent {
  /** The executor's name. */
  readonly executor: string
  readonly task: string
  /** The number of the attempt that begins: 2 for the first repeat. */
  readonly attempt: number
  /** Why the last attempt failed. */
  readonly error: Error
}

const retried = channel('atonce.call.retry')

export function publishRetry(event: RetryEvent): void {
  if (retried.hasSubscribers) retried.publish(event)
}

/** `auto()` has decided where a task runs, for the first time or anew. */
export interface ChoiceEvent {
  /** The executor's name. */
  readonly executor: string
  readonly task: string
  /** As `threads × 4`, `a plain loop`. */
  readonly way: string
  /** `sure`, `likely` or `undecided`. */
  readonly confidence: string
  readonly reasons: readonly string[]
}

const choice = channel('atonce.auto.choice')

export function publishChoice(event: ChoiceEvent): void {
  if (choice.hasSubscribers) choice.publish(event)
}

/** A message that no actor will see. */
export interface DeadLetterEvent {
  readonly actor: string
  readonly method: string
  readonly reason: string
}

const deadLetter = channel('atonce.actor.dead-letter')

export function publishDeadLetter(event: DeadLetterEvent): void {
  if (deadLetter.hasSubscribers) deadLetter.publish(event)
}

/** An actor failed, or something that it calls on the way out did. */
export interface ActorFailureEvent {
  readonly actor: string
  readonly error: unknown
  /** The method, `onStop`, or what else it was in. */
  readonly during: string
}

const actorFailure = channel('atonce.actor.failure')

export function publishActorFailure(event: ActorFailureEvent): void {
  if (actorFailure.hasSubscribers) actorFailure.publish(event)
}

/** The event loop did not turn for longer than a bound: see `watchLoop`. */
export interface LoopBlockedEvent {
  readonly blockedMs: number
  readonly who: readonly string[]
  readonly stack: readonly string[]
}

const loopBlocked = channel('atonce.loop.blocked')

export function publishLoopBlocked(event: LoopBlockedEvent): void {
  if (loopBlocked.hasSubscribers) loopBlocked.publish(event)
}
