/**
 * When `auto()` decides where a task runs: once the trial has shown enough, and again where enough
 * is left to gain from it.
 */
import type { AutoJob } from './auto-job.ts'
import { type Calibration, speedUpOf, startMsOf } from './calibration.ts'
import { isWorthSaving } from './decide.ts'

/**
 * The trial takes no longer than this part of what is left to do, and no longer than so many ms.
 */
const trialShare = 0.02
const mostTrialMs = 300
/** How many single calls are measured before anything is decided. */
const fewestSingle = 4
/** With less left to do than this, it is done here: nothing could be gained. */
const nothingLeftMs = 4
/** With less than this left of a map, it goes on as it is. */
const worthDecidingMs = 100
/** The same of one that has come before, and may come again. */
const worthDecidingAgainMs = 25

/**
 * How many calls of the task there will be, as far as anybody knows: of a map, or of those that
 * wait.
 */
export function callsLeftOf({ knowledge, own }: AutoJob): number {
  return (own.callsLeft ?? 0) + knowledge.queued
}

/** Whether enough calls were measured, or as many as the trial may take. */
export function trialIsOver(auto: AutoJob): boolean {
  const { knowledge } = auto
  // One call that took long may have been held up by others; a single call says little.
  if (auto.own.callsLeft === undefined && knowledge.seen < fewestSingle) return false
  const leftMs = callsLeftOf(auto) * knowledge.wallMs
  if (leftMs < nothingLeftMs && auto.own.callsLeft !== undefined) return false
  if (knowledge.returnsPromise) return knowledge.sideBySide.point !== undefined
  const budgetMs = Math.min(mostTrialMs, trialShare * (leftMs + knowledge.trialMs))
  return knowledge.isSteady || knowledge.trialMs > budgetMs
}

/** The last calls of a map run where the others ran: to send them elsewhere gains nothing. */
export function isWorthDeciding(auto: AutoJob): boolean {
  if (auto.own.callsLeft === undefined) return true
  return callsLeftOf(auto) * auto.knowledge.wallMs > worthDecidingMs
}

/** Items that take more than those that were decided for, or far more of them, or as many again. */
export function isOtherWork(auto: AutoJob, nowMs: number): boolean {
  const { knowledge } = auto
  if (knowledge.hasBecomeDearer(nowMs)) return true
  if (auto.own.callsLeft !== undefined && knowledge.hasComeAgain(nowMs))
    return callsLeftOf(auto) * knowledge.wallMs > worthDecidingAgainMs
  return knowledge.hasMoreToDo(nowMs, msLeftOf(auto)) && isWorthDeciding(auto)
}

/** What is left to do, in ms of this thread, were all of it done here. */
export function msLeftOf(auto: AutoJob): number {
  return callsLeftOf(auto) * auto.knowledge.oneMoreMs
}

/**
 * What is left of a map: on this thread, and on threads if copying and messages cost nothing; their
 * start is spread over how often it has come.
 */
export interface AtBest {
  readonly hereMs: number
  readonly threadsMs: number
}

export function bestOnThreads(
  auto: AutoJob,
  calibration: Calibration,
  { workers, cores, warm }: { workers: number; cores: number; warm: boolean },
): AtBest {
  const hereMs = msLeftOf(auto)
  const startMs = warm ? 0 : startMsOf(calibration.threads, workers, cores) / auto.knowledge.times
  return { hereMs, threadsMs: startMs + hereMs / speedUpOf(calibration, workers) }
}

export function isWorthLeaving({ hereMs, threadsMs }: AtBest): boolean {
  return isWorthSaving(hereMs - threadsMs, hereMs)
}
