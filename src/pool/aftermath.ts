/**
 * What becomes of the calls in the hand of a worker that has ended: those that it had begun fail
 * with it, the others go to another worker.
 */
import { WorkerStartTimeoutError } from '../errors.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import { stackText } from '../wire/stack-text.ts'
import type { FarWorker } from '../worker/far-worker.ts'
import type { EndOfLife, Life } from '../worker/life.ts'
import { canBeGivenAgain } from './worth.ts'

/** What is asked of the worker's near side. */
interface Remains {
  readonly worker: Pick<FarWorker, 'hadBegun'>
  readonly life: Pick<Life, 'hasImported'>
  readonly end: EndOfLife
}

/**
 * Whether the worker had begun the call, as far as anybody can tell; `first` says that it is one of
 * those that it may have been at. Begun means that the task itself was called: of one whose module
 * is not imported, nothing has run.
 */
export function hadBegun({ seq, task }: ReadyJob, first: boolean, { worker, life, end }: Remains): boolean {
  if (!end.mayHaveBegun || !worker.hadBegun(seq, first)) return false
  if (end.heardAll && !life.hasImported(task)) return false
  const { reached } = end
  return reached === undefined || (seq <= reached.begun && !reached.importing.includes(seq))
}

/**
 * Whether a call that was not begun fails all the same: an import that has not ended in time is not
 * tried again, and what has moved to one worker can't be sent to another.
 */
export function failsUnbegun(ready: ReadyJob, why: Error, { loading }: EndOfLife): boolean {
  if (why instanceof WorkerStartTimeoutError && ready.task.module === loading) return true
  return !canBeGivenAgain(ready)
}

/** A worker of the pool has ended that had nothing to do: no call can tell. */
export function warnOfIdle(worker: string, pool: string, why: Error): void {
  process.emitWarning(`${worker} of ${pool} failed while it had nothing to do: ${why.message}`, {
    type: 'AtonceWarning',
    code: 'ATONCE_IDLE_WORKER',
    detail: stackText(String(why), () => why.stack),
  })
}
