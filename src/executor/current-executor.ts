/**
 * The executor that runs the calling task: how a task splits its work without a pool of its own.
 *
 *     task ─ currentExecutor().run(…) ─▶ its call's owner ─ nest ─▶ Backend of that call
 *         on threads, in processes: worker/far/nested-calls.ts ─┊─▶ nested.ts ─▶ the pool's queue
 *         on coroutines: the same loop                        outside of a task: direct.ts
 */
import { type CallContext, type CallOwner, currentCall } from '../task/context.ts'
import type { Backend } from './backend.ts'
import { createExecutor, type Executor } from './executor.ts'
import { direct } from './here/direct.ts'

/** Runs calls that may make calls of their own. */
export interface NestingOwner extends CallOwner {
  /** Where the calls that `call` makes are run. */
  nest(call: CallContext): Backend
}

/**
 * The executor that runs the task which calls this: a pool, seen from inside of one of its workers.
 * Outside of a task it is one that calls tasks directly, so that a function that uses it can be
 * called and tested like any other.
 *
 * A nested call goes ahead of what waits in the pool. An idle worker takes it; if none is idle, a
 * worker whose calls all wait for nested ones does, this one first of all. So however deep calls
 * nest and however few workers there are, none waits for ever, and no worker is added. Values,
 * errors and progress are as for any call.
 *
 * Nested calls end with the call that made them: when it returns, throws, is cancelled or dies,
 * those still open are cancelled. It can't be closed from here.
 *
 * Costs one round trip to the pool for each call: some 50 µs on threads.
 *
 * @example
 *     export const fib = task(import.meta, async function fib(n: number): Promise<number> {
 *       if (n < 20) return fibHere(n)
 *       const { run } = currentExecutor()
 *       const [a, b] = await Promise.all([run(fib, n - 1), run(fib, n - 2)])
 *       return a + b
 *     })
 */
export function currentExecutor(): Executor {
  const call = currentCall()
  return createExecutor(call === undefined || !nests(call.owner) ? direct : call.owner.nest(call))
}

function nests(owner: CallOwner): owner is NestingOwner {
  return 'nest' in owner
}
