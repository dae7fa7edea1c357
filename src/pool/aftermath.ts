/**
 * What becomes of the calls in the hand of a worker that has ended. Those that it had begun fail;
 * the others go to another worker. If no call fails, a process warning says what ended the worker.
 */
import { WorkerError, WorkerStartTimeoutError } from '../errors.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import { stackText } from '../wire/stack-text.ts'
import type { FarWorker } from '../worker/far-worker.ts'
import type { EndOfLife, Life } from '../worker/life.ts'
import type { OwnerOf } from './slot-owner.ts'
import { canBeGivenAgain } from './worth.ts'

/** What is known about the worker. */
interface Remains {
  readonly worker: Pick<FarWorker, 'hadBegun'>
  readonly life: Pick<Life, 'hasImported'>
  readonly end: EndOfLife
}

/** All that a worker has been given and has not answered. */
interface Calls {
  readonly hand: Iterable<ReadyJob>
  /** Those that it runs beside its hand. */
  readonly beside: readonly ReadyJob[]
  /** Whether it begins the calls of its hand as they arrive, instead of one after the other. */
  readonly areSideBySide: boolean
}

interface GivenUp {
  /** To be given to another worker, in their order. */
  readonly back: readonly ReadyJob[]
  readonly someBegun: boolean
  /** Some call has failed with the worker. */
  readonly someTold: boolean
}

/** Fails the calls that the worker had begun, and returns the rest. */
export function giveUp(
  { hand, beside, areSideBySide }: Calls,
  why: Error,
  remains: Remains,
  owner: Pick<OwnerOf<unknown>, 'settled'>,
): GivenUp {
  const back: ReadyJob[] = []
  let someBegun = beside.length > 0
  let someTold = false
  const fail = (ready: ReadyJob) => {
    someTold = true
    owner.settled(ready, { ok: false, error: why })
  }
  for (const ready of beside) {
    ready.slot = undefined
    if (!ready.over) fail(ready)
  }
  let first = true
  for (const ready of hand) {
    const begun = hadBegun(ready, first || areSideBySide, remains)
    first = false
    someBegun ||= begun
    ready.slot = undefined
    if (ready.over) continue
    if (begun || failsUnbegun(ready, why, remains.end)) fail(ready)
    else back.push(ready)
  }
  return { back, someBegun, someTold }
}

/**
 * Whether only a warning can say what ended the worker, because no call has failed with it. It is
 * not needed where this side asked for the end, where a cancelled call took the worker with it, or
 * for an import: that is tried again and then reported.
 */
export function isUntold(why: Error, end: EndOfLife, someBegun: boolean): boolean {
  if (!end.wasReady || end.loading !== undefined) return false
  if (end.expected && !end.crashed) return false
  return !someBegun || !(why instanceof WorkerError) || why.task === undefined
}

/**
 * Whether the worker had begun the call, as far as this side can tell. `first`: the worker may have
 * been running it. Begun means that the task itself was called; while its module is being imported,
 * nothing of it has run.
 */
function hadBegun({ seq, task }: ReadyJob, first: boolean, { worker, life, end }: Remains): boolean {
  if (!end.mayHaveBegun || !worker.hadBegun(seq, first)) return false
  if (end.heardAll && !life.hasImported(task)) return false
  const { reached } = end
  return reached === undefined || (seq <= reached.begun && !reached.importing.includes(seq))
}

/**
 * Whether a call that was not begun fails anyway. An import that took too long is not tried again,
 * and what has moved to one worker can't be sent to another.
 */
function failsUnbegun(ready: ReadyJob, why: Error, { loading }: EndOfLife): boolean {
  if (why instanceof WorkerStartTimeoutError && ready.task.module === loading) return true
  return !canBeGivenAgain(ready)
}

/** Warns of a worker whose end no call reports. */
export function warnOfUntold(worker: string, pool: string, why: Error, idle: boolean): void {
  const how = idle ? 'failed while it had nothing to do' : 'failed, and no call with it'
  process.emitWarning(`${worker} of ${pool} ${how}: ${why.message}`, {
    type: 'AtonceWarning',
    code: 'ATONCE_IDLE_WORKER',
    detail: stackText(String(why), () => why.stack),
  })
}
