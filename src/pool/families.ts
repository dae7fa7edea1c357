/**
 * The tree of calls that tasks make on the pool that runs them. A call from outside and all that
 * stem from it are a family.
 *
 * A worker helps when all the calls that it has begun wait for nested ones, and it takes only calls
 * of the same family. So a call that waits is waiting for calls that run, or that its own worker
 * can run; and a call that kills its worker kills only calls of its family. When a call ends, the
 * calls that it made end too. How nested calls travel: nested.ts.
 */
import type { ReadyJob } from '../executor/ready-job.ts'
import { makerCancelled, makerEnded } from '../executor/refusals.ts'

export class Families {
  /**
   * The nested jobs that may wait, by the outside call of their family; the newest is at the end.
   */
  readonly #waiting = new Map<ReadyJob, ReadyJob[]>()

  /** How many families have jobs that may wait. */
  get size(): number {
    return this.#waiting.size
  }

  /** Adds a job that the call `parent` has made under that number. */
  add(ready: ReadyJob, parent: ReadyJob, id: number): void {
    const root = rootOf(parent)
    ready.nesting = { id, parent, root }
    parent.nested ??= new Map()
    parent.nested.set(id, ready)
    const waiting = this.#waiting.get(root)
    if (waiting === undefined) this.#waiting.set(root, [ready])
    else waiting.push(ready)
  }

  /** The job has its outcome: its maker no longer waits for it. */
  settled({ nesting }: ReadyJob): void {
    nesting?.parent.nested?.delete(nesting.id)
  }

  /**
   * The newest job that waits. The deepest calls end first, so that as few as possible are open.
   */
  newest(family: ReadyJob): ReadyJob | undefined {
    const waiting = this.#waiting.get(family)
    if (waiting === undefined) return undefined
    for (let ready = waiting.pop(); ready !== undefined; ready = waiting.pop())
      if (ready.waiting) return ready
    this.#waiting.delete(family)
    return undefined
  }

  /**
   * The call has ended; `cause` says why if it was cancelled. Calls `end` with each call that it
   * made, and the reason.
   */
  leave(parent: ReadyJob, cause: Error | undefined, end: (ready: ReadyJob, why: Error) => void): void {
    const { nested } = parent
    if (nested === undefined) return
    if (parent.nesting === undefined) this.#waiting.delete(parent)
    for (const ready of [...nested.values()]) {
      end(ready, cause === undefined ? makerEnded(parent.task) : makerCancelled(parent.task, cause))
    }
  }
}

/** The call from outside that the job stems from. */
export function rootOf(ready: ReadyJob): ReadyJob {
  return ready.nesting?.root ?? ready
}

/** What is looked at of a worker. */
interface SeenWorker {
  readonly isBusy: boolean
  readonly isFull: boolean
  readonly begun: readonly ReadyJob[]
  readonly helping: { readonly allWait: boolean }
}

const none: readonly ReadyJob[] = []

/**
 * The families whose nested calls the worker may run now, because all the calls that it has begun
 * wait for theirs.
 */
export function helpedBy({ isBusy, isFull, begun, helping }: SeenWorker): readonly ReadyJob[] {
  if (!isBusy || !isFull || !begun.every(waits) || !helping.allWait) return none
  return begun.map(rootOf)
}

/** Whether the call may be waiting for nested ones. */
export function waits(ready: ReadyJob): boolean {
  return !ready.over && ready.nested !== undefined && ready.nested.size > 0
}
