/** What `auto()` says of where the calls of a task go. */
import type { ChoiceNote } from '../executor/stats.ts'
import type { AutoJob } from './auto-job.ts'
import type { Decision, Knowledge } from './knowledge.ts'
import { type AtBest, callsLeftOf } from './when-to-decide.ts'
import { inMs, reasonsToStay } from './words.ts'

/** To go on here without a closer look. */
export function staying(auto: AutoJob, { hereMs, threadsMs }: AtBest, concurrency: number): Decision {
  const { returnsPromise: waits, times } = auto.knowledge
  return {
    lane: 'here',
    way: waits ? sideBySide(concurrency) : 'a plain loop',
    confidence: 'sure',
    reasons: reasonsToStay({ callsLeft: callsLeftOf(auto), waits, hereMs, threadsMs, times }),
  }
}

/** With fewer calls than these nothing can be told. */
const fewest = 4

/** What was decided; before that, what has come of the calls so far, if anything has. */
export function choiceToTell(knowledge: Knowledge, concurrency: number): ChoiceNote {
  const { name: task, way, confidence, reasons, changes } = knowledge
  const decided = { task, way, confidence, reasons, changes }
  if (knowledge.lane !== 'trial') return decided
  if (knowledge.returnsPromise)
    return { ...decided, way: sideBySide(concurrency), confidence: 'likely', reasons: [whileTheyWait] }
  const { runningHere, queued, seen, trialMs } = knowledge
  if (runningHere + queued > 0 || seen < fewest) return decided
  return {
    ...decided,
    way: 'a plain loop',
    confidence: 'likely',
    reasons: [
      `The ${seen} calls so far took ${inMs(trialMs)} here in all; they were over before more was known.`,
    ],
  }
}

const whileTheyWait =
  'Its calls wait, so they run side by side here; a closer look has not been needed so far.'

function sideBySide(concurrency: number): string {
  return `coroutines, ${concurrency} at a time`
}
