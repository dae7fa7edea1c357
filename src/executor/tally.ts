/**
 * How many calls of an executor have ended, and how, for `stats()`: each call of a chunk counts, so
 * that a map says the same on every model.
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

  /** It has ended so; `answer` is what a chunk has brought, if it has. */
  ended(job: Job, as: Ending, answer?: unknown): void {
    const calls = callsIn(job)
    const failed = as === 'done' && job.calls !== undefined ? Math.min(calls, failedIn(answer)) : 0
    if (as === 'cancelled') this.#cancelled += calls
    else if (as === 'failed') this.#failed += calls
    else this.#done += calls - failed
    this.#failed += failed
  }

  /** It was answered where it ran. */
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
 * Of the answer to a chunk (map/packed.ts), also of one that is handed on as it came. Whether it
 * fits its inputs is looked at elsewhere: here nothing is believed of it.
 */
function failedIn(answer: unknown): number {
  const outcomes = Array.isArray(answer) ? answer : (answer as { outcomes?: unknown } | undefined)?.outcomes
  return Array.isArray(outcomes) ? outcomes.filter(outcome => outcome?.ok === false).length : 0
}
