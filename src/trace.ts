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

const retry = channel('atonce.call.retry')

export function publishRetry(event: RetryEvent): void {
  if (retry.hasSubscribers) retry.publish(event)
}
