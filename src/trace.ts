/**
 * What atonce publishes about itself, on `node:diagnostics_channel`. Executors publish, tools subscribe; nothing is
 * made while nobody listens.
 */
import { channel } from 'node:diagnostics_channel'

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
