/**
 * What atonce publishes about itself, on `node:diagnostics_channel`. Executors publish, tools subscribe; nothing is
 * made while nobody listens.
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
