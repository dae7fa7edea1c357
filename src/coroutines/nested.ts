/**
 * What a task on a loop sees as its executor: the same loop, for jobs that end with the call that
 * makes them.
 */
import { NotOwnerError } from '../errors.ts'
import type { Backend, Inlet, Job } from '../executor/backend.ts'
import { madeTooLate } from '../executor/refusals.ts'
import { type Pause, type Paused, Pauses } from '../executor/repeat/pauses.ts'
import type { ExecutorStats } from '../executor/stats.ts'
import type { CallContext } from '../task/context.ts'

/** A loop that takes jobs as parts of calls that it runs. */
export interface NestingLoop extends Backend {
  /** Takes the job whatever `queueLimit` says, and while it is closing. */
  submitNested(job: Job): void
}

export class Nested implements Backend {
  readonly model = 'coroutines'
  readonly #loop: NestingLoop
  readonly #call: CallContext
  readonly #open = new Map<Job, Job>()
  readonly #pauses = new Pauses()
  #ended: boolean

  constructor(loop: NestingLoop, call: CallContext, ended: boolean) {
    this.#loop = loop
    this.#call = call
    this.#ended = ended
  }

  get name(): string {
    return this.#loop.name
  }

  get workers(): number {
    return this.#loop.workers
  }

  submit(job: Job): void {
    if (this.#ended) return job.settled({ ok: false, error: madeTooLate(job.task) })
    const made = new MadeHere(job, this.#call, () => this.#open.delete(job))
    this.#open.set(job, made)
    this.#loop.submitNested(made)
  }

  pause(ms: number, paused: Paused): Pause {
    return this.#pauses.begin(ms, paused)
  }

  cancel(job: Job, error: Error): void {
    const made = this.#open.get(job)
    if (made !== undefined) this.#loop.cancel(made, error)
  }

  pull(job: Job, count: number): void {
    const made = this.#open.get(job)
    if (made !== undefined) this.#loop.pull(made, count)
  }

  leave(job: Job, reason: Error): void {
    const made = this.#open.get(job)
    if (made !== undefined) this.#loop.leave(made, reason)
  }

  /** There is room for parts of a call as long as the call runs. */
  async room(): Promise<void> {}

  stats(): ExecutorStats {
    return this.#loop.stats()
  }

  readonly closeGraceMs = 0

  async close(): Promise<void> {
    throw new NotOwnerError(this.name)
  }

  /** The call has ended, and so do all that it made. */
  end(why: Error): void {
    this.#ended = true
    for (const [job, made] of [...this.#open]) {
      this.#open.delete(job)
      if (job.left === undefined) job.settled({ ok: false, error: why })
      else job.left(why)
      this.#loop.cancel(made, why)
    }
    this.#pauses.leave(why)
  }
}

/** A job whose parent is the call, whoever asked for it. */
class MadeHere implements Job {
  readonly #job: Job
  readonly #over: () => boolean
  readonly within: CallContext
  /** The call can't end before it. */
  readonly waitedFor = true

  constructor(job: Job, within: CallContext, over: () => boolean) {
    this.#job = job
    this.within = within
    this.#over = over
  }

  get task(): Job['task'] {
    return this.#job.task
  }

  get args(): Job['args'] {
    return this.#job.args
  }

  get priority(): number {
    return this.#job.priority
  }

  get caller(): Job['caller'] {
    return this.#job.caller
  }

  get attempt(): number {
    return this.#job.attempt ?? 1
  }

  get context(): Job['context'] {
    return this.#job.context
  }

  get stream(): Inlet | undefined {
    return this.#job.stream
  }

  started(): void {
    this.#job.started()
  }

  progressed(done: number, total: number | undefined): void {
    this.#job.progressed(done, total)
  }

  settled(outcome: Parameters<Job['settled']>[0], workMs?: number): void {
    if (this.#over()) this.#job.settled(outcome, workMs)
  }
}
