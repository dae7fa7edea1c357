/**
 * Counts how the calls of an executor have ended, for `stats()`. Each call of a chunk counts, so
 * that a map gives the same counts on every model.
 */
import type { Outcome } from '../task/results.ts'
import type { Job } from './backend.ts'

/** How a job has ended for its executor. */
export type Ending = 'done' | 'failed' | 'cancelled'

export class Tally {
  #done = 0
  #failed = 0
  #cancelled = 0
  #retried = 0

  get counts(): Readonly<Record<Ending | 'retried', number>> {
    return { done: this.#done, failed: this.#failed, cancelled: this.#cancelled, retried: this.#retried }
  }

  /** The job has come. */
  came({ attempt }: Job): void {
    if (attempt !== undefined && attempt > 1) this.#retried += 1
  }

  /** The job has ended like this; `answer` is that of a chunk, if there is one. */
  ended(job: Job, as: Ending, answer?: unknown): void {
    const calls = callsIn(job)
    const failed = as === 'done' && job.calls !== undefined ? Math.min(calls, failedIn(answer)) : 0
    if (as === 'cancelled') this.#cancelled += calls
    else if (as === 'failed') this.#failed += calls
    else this.#done += calls - failed
    this.#failed += failed
  }

  /** The job was answered where it ran. */
  answered(job: Job, outcome: Outcome<unknown>): void {
    if (outcome.ok) this.ended(job, 'done', outcome.value)
    else this.ended(job, 'failed')
  }
}

/** How many calls the job is. */
export function callsIn({ calls = 1 }: Job): number {
  return calls
}

/**
 * The failed calls in the answer to a chunk (map/packed.ts), which may still be encoded. Nothing of
 * the answer is trusted here; whether it fits the inputs is checked elsewhere.
 */
function failedIn(answer: unknown): number {
  const outcomes = Array.isArray(answer) ? answer : (answer as { outcomes?: unknown } | undefined)?.outcomes
  return Array.isArray(outcomes) ? outcomes.filter(outcome => outcome?.ok === false).length : 0
}
