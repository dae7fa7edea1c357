/**
 * The tree of calls that tasks make on the pool that runs them: all that stem from one call from
 * outside are a family.
 *
 * A worker helps when all the calls that it has begun wait for nested ones, and only with calls of
 * the same family. So whoever waits, waits for calls that run, or that can be given to its own
 * worker; and a call that kills its worker kills none but its relatives. What a call has made ends
 * with it. How nested calls travel: nested.ts.
 */
import type { ReadyJob } from '../executor/ready-job.ts'
import { makerCancelled, makerEnded } from '../executor/refusals.ts'

export class Families {
  /**
   * The nested jobs that may wait, by the call from outside that all of them stem from; the newest
   * at the end.
   */
  readonly #waiting = new Map<ReadyJob, ReadyJob[]>()

  /** How many families have jobs that may wait. */
  get size(): number {
    return this.#waiting.size
  }

  /** The call `parent` has made this one, under that number, and it waits. */
  add(ready: ReadyJob, parent: ReadyJob, id: number): void {
    const root = rootOf(parent)
    ready.nesting = { id, parent, root }
    parent.nested ??= new Map()
    parent.nested.set(id, ready)
    const waiting = this.#waiting.get(root)
    if (waiting === undefined) this.#waiting.set(root, [ready])
    else waiting.push(ready)
  }

  /** The job has its outcome: whoever made it waits for it no more. */
  settled({ nesting }: ReadyJob): void {
    nesting?.parent.nested?.delete(nesting.id)
  }

  /** The newest that waits: what is deep ends first, so that no more is open than must be. */
  newest(family: ReadyJob): ReadyJob | undefined {
    const waiting = this.#waiting.get(family)
    if (waiting === undefined) return undefined
    for (let ready = waiting.pop(); ready !== undefined; ready = waiting.pop())
      if (ready.waiting) return ready
    this.#waiting.delete(family)
    return undefined
  }

  /**
   * The call has ended, cancelled because of `cause` if it was; each that it has made is ended,
   * with the reason.
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

/** A worker, as far as it is looked at. */
interface SeenWorker {
  readonly isBusy: boolean
  readonly isFull: boolean
  readonly begun: readonly ReadyJob[]
  readonly helping: { readonly allWait: boolean }
}

const none: readonly ReadyJob[] = []

/**
 * The families whose nested calls the worker may run now, since all that it has begun wait for
 * theirs.
 */
export function helpedBy({ isBusy, isFull, begun, helping }: SeenWorker): readonly ReadyJob[] {
  if (!isBusy || !isFull || !begun.every(waits) || !helping.allWait) return none
  return begun.map(rootOf)
}

/** Whether the call has nested ones that it may wait for. */
export function waits(ready: ReadyJob): boolean {
  return !ready.over && ready.nested !== undefined && ready.nested.size > 0
}
