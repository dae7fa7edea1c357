/**
 * Errors as the caller gets them: the far side's error, whole, with the caller's own frames below
 * the far ones.
 *
 *     NotPrime: 8 is even
 *         at isPrime (…/primes.ts:12:11)              the far side
 *         at Worker.#run (…)
 *         ── called from ──
 *         at main (…/main.ts:7:24)                    the caller
 */
import { type CommonJsModule, type Evaluation, isCommonJs } from '../declared/where.ts'
import { AtonceError } from '../errors.ts'
import { runtime } from '../runtime/runtime.ts'
import { lookup } from '../task/registry.ts'
import type { Task } from '../task/task.ts'
import { MessageDecoding } from '../wire/codec.ts'
import type { FindClass } from '../wire/error-classes.ts'
import { classesAreKnown, decodeFailure, type WireFailure } from '../wire/failure.ts'
import { stackText } from '../wire/stack-text.ts'
import type { Caller, Job } from './backend.ts'
import { exportsElsewhere, isEvaluatedElsewhere } from './evaluated.ts'

/**
 * How many stacks may be taken in a second, and at once. One costs 2 to 10 µs, more than the rest
 * of a call.
 */
const stacksPerMs = 1
const mostStacks = 100
/** With none left, only every nth call reads the clock, since that costs too. */
const callsPerLook = 8

let stacksLeft = mostStacks
let countedAtMs = 0
let calls = 0
const lastOf = new WeakMap<Task, Caller>()
/** The newest of these. */
let latest: { readonly task: Task; readonly caller: Caller } | undefined

/**
 * The stack of the caller of the function `below`. It is exact for up to about a thousand calls a
 * second. Of a task that is called more often, the stacks of some calls stand for those of the
 * others.
 */
export function captureCaller(task: Task, below: Function): Caller {
  if (stacksLeft < 1) {
    calls += 1
    if (calls % callsPerLook === 0) earnStacks()
  }
  if (stacksLeft < 1) {
    const last = latest?.task === task ? latest.caller : lastOf.get(task)
    if (last !== undefined) return last
  }
  stacksLeft -= 1
  const exact: { stack?: string } = {}
  Error.captureStackTrace(exact, below)
  const caller: Caller = {
    get stack() {
      return exact.stack ?? ''
    },
    sampled: true,
  }
  lastOf.set(task, caller)
  latest = { task, caller }
  return exact
}

/**
 * The caller of a task on its own event loop: the task's error comes as it was thrown, with no
 * frames below it.
 */
export const callerHere: Caller = {}

function earnStacks(): void {
  const nowMs = runtime().now()
  stacksLeft = Math.min(mostStacks, stacksLeft + (nowMs - countedAtMs) * stacksPerMs)
  countedAtMs = nowMs
}

/** The far side's failure as the error that the future rejects with; never throws. */
export function callerError(failure: WireFailure, job: Job | undefined): Error {
  const error = decodeFailure(failure, new MessageDecoding({ findClass: classesOf(job?.task.module) }))
  if (job !== undefined) addFrames(error, job.caller)
  return error
}

/** Errors that have a caller's frames already. */
const placed = new WeakSet<Error>()

/**
 * Adds the caller's frames to an error that the executor has made for a call; leaves any other one
 * as it is.
 */
export function withCaller<E>(error: E, caller: Caller): E {
  if (error instanceof AtonceError && !placed.has(error)) addFrames(error, caller)
  return error
}

function addFrames(error: Error, caller: Caller): void {
  placed.add(error)
  const frames = framesOf(caller)
  const [nearest = ''] = frames.split('\n', 1)
  const own = stackText(`${error.name}: ${error.message}`, () => error.stack)
  // It was made before the call had returned, so it has them.
  if (nearest === '' || own.includes(nearest)) return
  const how = caller.sampled ? ' (or another place: one of many calls was looked at)' : ''
  try {
    const value = `${own}\n    ── called from${how} ──\n${frames}`
    Object.defineProperty(error, 'stack', { value, enumerable: false, configurable: true, writable: true })
  } catch {} // Frozen errors stay as they are.
}

/** The stack without its first line, which names the error. */
function framesOf(caller: Caller): string {
  const stack = stackText('', () => caller.stack)
  return stack.slice(stack.indexOf('\n') + 1 || stack.length)
}

/** The exports of task modules that were asked for. */
const exportsOf = new Map<string, Record<string, unknown> | undefined>()

/**
 * Learns the error classes that the task's module exports, if one of the failures is of an unknown
 * class. Resolves within two turns of the event loop: it can't wait for a module that is still
 * being evaluated.
 */
export function learnClasses(failures: readonly WireFailure[], job: Job): Promise<void> | undefined {
  const { module } = job.task
  return learnClassesOf(failures, module, lookup(module)?.evaluation)
}

/**
 * The modules whose exports are being asked for. Other failures meanwhile wait for the same answer.
 */
const learning = new Map<string, Promise<void>>()

/**
 * The same for a module that was evaluated in this way; a module of which nothing is known is not
 * imported.
 */
export function learnClassesOf(
  failures: readonly WireFailure[],
  module: string,
  evaluation: Evaluation | undefined,
): Promise<void> | undefined {
  if (failures.every(failure => classesAreKnown(failure))) return undefined
  if (exportsOf.has(module)) return learning.get(module)
  exportsOf.set(module, undefined)
  if (evaluation === undefined || isCommonJs(evaluation) || isEvaluatedElsewhere(evaluation)) return undefined
  const imported = import(/* webpackIgnore: true */ /* @vite-ignore */ module)
    .then(found => void exportsOf.set(module, found as Record<string, unknown>))
    .catch(() => {})
  const learnt = Promise.race([imported, twoTurns()]).finally(() => void learning.delete(module))
  learning.set(module, learnt)
  return learnt
}

async function twoTurns(): Promise<void> {
  await runtime().yieldToLoop()
  await runtime().yieldToLoop()
}

/** The error classes that the module exports, as far as they were learnt. */
export function classesOf(module: string | undefined): FindClass {
  const found = module === undefined ? undefined : exportsKnown(module)
  return name => {
    if (found === undefined) return undefined
    if (Object.hasOwn(found, name)) return exportedClass(found, name)
    // A minifier may have given the class another name than its export.
    for (const key of Object.keys(found)) {
      const exported = exportedClass(found, key)
      if (exported?.name === name) return exported
    }
    return undefined
  }
}

function exportsKnown(module: string): Record<string, unknown> | undefined {
  const learnt = exportsOf.get(module)
  if (learnt !== undefined) return learnt
  const evaluation = lookup(module)?.evaluation
  if (evaluation === undefined || !isCommonJs(evaluation)) return exportsElsewhere(module)
  // CommonJS's `module` holds them itself: to import its file could evaluate it once more.
  const { exports } = evaluation.identity as CommonJsModule
  return typeof exports === 'object' && exports !== null ? (exports as Record<string, unknown>) : undefined
}

function exportedClass(found: Record<string, unknown>, key: string): Function | undefined {
  try {
    const exported = found[key]
    return typeof exported === 'function' ? exported : undefined
  } catch {
    return undefined // Its declaration has not run yet.
  }
}
