/**
 * What atonce publishes about itself, on `node:diagnostics_channel`. Executors publish, tools
 * subscribe; nothing is made while nobody listens.
 */
const { channel } = process.getBuiltinModule('node:diagnostics_channel')

/** Publishes on the channel, while somebody listens. */
function publisher<E>(name: string): (event: E) => void {
  const to = channel(name)
  return event => {
    if (to.hasSubscribers) to.publish(event)
  }
}

/** A worker failed: in a task, while idle, or before it could work. */
export interface WorkerCrashEvent {
  /** The executor's name. */
  readonly executor: string
  /** The worker's name, as `thread 2`. */
  readonly worker: string
  readonly error: Error
}

export const publishWorkerCrash: (event: WorkerCrashEvent) => void = publisher('atonce.worker.crash')

/**
 * Two threads access shared memory, and nothing orders them (`ATONCE_DEBUG=races`). Published where
 * the one is that was noticed second.
 */
export interface DataRaceEvent {
  readonly error: Error
}

/** A worker, as events name it. */
export interface TracedWorker {
  /** As `thread 2`; of one executor each has its own. */
  readonly name: string
  /** Of a process: its system id. */
  readonly pid: number | undefined
  /** Of a thread: its number, by Node's count. */
  readonly threadId: number | undefined
}

export function workerAsTold({ name, pid, threadId }: Partial<TracedWorker>): TracedWorker {
  return { name: name as string, pid, threadId }
}

/** A worker of a pool has started and can work. */
export interface WorkerStartEvent {
  /** The executor's name. */
  readonly executor: string
  readonly worker: TracedWorker
  /** How long that took, its `initialize` included. */
  readonly startMs: number
}

export const publishWorkerStart: (event: WorkerStartEvent) => void = publisher('atonce.worker.start')

export const publishDataRace: (event: DataRaceEvent) => void = publisher('atonce.race')

/** Children of a cancelled scope go on, and the scope waits for them. */
export interface ScopeUnresponsiveEvent {
  /** The scope's name. */
  readonly scope: string
  /** The names of the children that have not stopped. */
  readonly children: readonly string[]
  /** How long ago the scope was cancelled. */
  readonly sinceMs: number
}

export const publishScopeUnresponsive: (event: ScopeUnresponsiveEvent) => void =
  publisher('atonce.scope.unresponsive')

/** What both events of a call tell of it. Moments are those of `process.hrtime()`, in ms. */
export interface TracedCall {
  /** The executor's name. */
  readonly executor: string
  readonly task: string
  /** The URL of the module that declares the task. */
  readonly module: string
  /** Its number among all calls of this program that were traced; each attempt is a call. */
  readonly id: number
  /** The number of the call of a task that has made it, if one has. */
  readonly maker: number | undefined
  /**
   * On a node of a cluster: the span of this run, as W3C Trace Context writes it, in the trace of
   * whoever submitted the task; undefined where that is not known.
   */
  readonly traceparent: string | undefined
  /** Who runs it; undefined on this event loop, and of a call that no worker was given. */
  readonly worker: TracedWorker | undefined
  /** When it was made; undefined if nobody listened then. */
  readonly cameMs: number | undefined
  /**
   * When it began, or was sent to its idle worker, as this side saw it; undefined if it never did.
   */
  readonly beganMs: number | undefined
}

/** A call begins: of a chunk of a `map`, all its calls together. */
export interface CallStartEvent extends TracedCall {
  /** How long it has waited for a worker. */
  readonly queueMs: number
}

/** A call has its outcome: of a chunk of a `map`, all its calls together. */
export interface CallEndEvent extends TracedCall {
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
  /** When its outcome was here. */
  readonly endedMs: number
}

const callStart = channel('atonce.call.start')
const callEnd = channel('atonce.call.end')

/** Whether anybody listens to calls: only then is an event made. */
export function callsAreTraced(): boolean {
  return callStart.hasSubscribers || callEnd.hasSubscribers
}

export const publishCallStart: (event: CallStartEvent) => void = publisher('atonce.call.start')

export const publishCallEnd: (event: CallEndEvent) => void = publisher('atonce.call.end')

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

export const publishRetry: (event: RetryEvent) => void = publisher('atonce.call.retry')

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

export const publishChoice: (event: ChoiceEvent) => void = publisher('atonce.auto.choice')

/** A message that no actor will see. */
export interface DeadLetterEvent {
  readonly actor: string
  readonly method: string
  readonly reason: string
}

export const publishDeadLetter: (event: DeadLetterEvent) => void = publisher('atonce.actor.dead-letter')

/** An actor failed, or something that it calls on the way out did. */
export interface ActorFailureEvent {
  readonly actor: string
  readonly error: unknown
  /** The method, `onStop`, or what else it was in. */
  readonly during: string
}

export const publishActorFailure: (event: ActorFailureEvent) => void = publisher('atonce.actor.failure')

/** The event loop did not turn for longer than a bound: see `watchLoop`. */
export interface LoopBlockedEvent {
  readonly blockedMs: number
  readonly who: readonly string[]
  readonly stack: readonly string[]
}

export const publishLoopBlocked: (event: LoopBlockedEvent) => void = publisher('atonce.loop.blocked')
