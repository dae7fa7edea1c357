/** One worker's part of a parallel loop, where it runs. */
import { calledAs } from '../executor/address.ts'
import { urlOfCaller } from '../runtime/call-site.ts'
import { context } from '../task/context.ts'
import { nameOf, type Task, task } from '../task/task.ts'
import { isThenable } from '../task/thenable.ts'
import { partOf } from './endings.ts'
import { asItIs, copied } from './kept.ts'
import { type Named, resolve } from './named.ts'
import { type Schedule, sharesOf } from './schedule.ts'

/** The loop, as each worker is told of it. */
export interface LoopPlan {
  readonly body: Named
  readonly combine: Named | undefined
  readonly from: number
  readonly step: number
  readonly schedule: Schedule
  /** Whether what crosses is copied, so that what is kept of a share is, too. */
  readonly copies: boolean
}

/** What one share came to, and its place in the loop. */
export interface ShareValue {
  readonly at: number
  /** Wrapped, if there was a value. */
  readonly part: unknown
}

/** A poll for being cancelled costs as much as a small step of a loop. */
const stepsBetweenPolls = 64

async function parallelPart(
  plan: LoopPlan,
  worker: number,
  args: readonly unknown[],
): Promise<readonly ShareValue[]> {
  const { from: first, step, schedule } = plan
  const body = await resolve(plan.body)
  const combine = plan.combine === undefined ? undefined : await resolve(plan.combine)
  const call = context()
  const values: ShareValue[] = []
  for (const { from, to } of sharesOf(schedule, worker)) {
    const part = combine === undefined ? undefined : partOf('reduce', combine, plan.copies ? copied : asItIs)
    for (let at = from; at < to; at += 1) {
      if (at % stepsBetweenPolls === 0 && call.cancelled) call.throwIfCancelled()
      const result: unknown = body(first + at * step, ...args)
      const value = isThenable(result) ? await result : result
      const done = part?.take(value)
      if (isThenable(done)) await done
    }
    if (call.cancelled) call.throwIfCancelled()
    if (part !== undefined && to > from) values.push({ at: from, part: part.value() })
  }
  return values
}

/** The part of a loop of that body: errors name what the caller gave. */
export function partOfLoop(body: Task, reduce: Task | undefined): Task<typeof parallelPart> {
  return calledAs(loopPart, reduce === undefined ? nameOf(body) : `${nameOf(body)} → ${nameOf(reduce)}`)
}

// Bundled to CommonJS, there is no import.meta.
const loopPart: Task<typeof parallelPart> = task(import.meta.url ?? urlOfCaller(undefined), parallelPart)
