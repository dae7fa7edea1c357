/**
 * Errors as the caller gets them: the far side's error, whole, with the caller's own frames below the far ones.
 *
 *     NotPrime: 8 is even
 *         at isPrime (…/primes.ts:12:11)              the far side
 *         at Worker.#run (…)
 *         ── called from ──
 *         at main (…/main.ts:7:24)                    the caller
 */
import { runtime } from '../runtime/runtime.ts'
import { lookup } from '../task/registry.ts'
import { decode } from '../wire/codec.ts'
import { classesAreKnown, decodeFailure, type FindClass, type WireFailure } from '../wire/failure.ts'
import type { Job } from './backend.ts'

/** The stack of whoever called the function `below`; costs 2 to 10 µs with ten frames, its text is made only when it is read. */
export function captureCaller(below: Function): { readonly stack?: string } {
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, below)
  return holder
}

/** The far side's failure as the error that the future rejects with. */
export function callerError(failure: WireFailure, job: Job | undefined): Error {
  const error = decodeFailure(failure, decode, classesOf(job?.task.module))
  if (job === undefined) return error
  const frames = job.caller.stack?.split('\n').slice(1).join('\n')
  if (frames) {
    const stack = `${error.stack ?? ''}\n    ── called from ──\n${frames}`
    Object.defineProperty(error, 'stack', {
      value: stack,
      enumerable: false,
      configurable: true,
      writable: true,
    })
  }
  return error
}

/** What the task modules export, as far as somebody asked. */
const exportsOf = new Map<string, Record<string, unknown> | undefined>()

/**
 * Sees to it that the error classes which the task's module exports are known, if one of the failures is of a class that
 * is not. Resolves within two turns of the event loop: a module that is still being evaluated can't be waited for.
 */
export function learnClasses(failures: readonly WireFailure[], job: Job): Promise<void> | undefined {
  const { module } = job.task
  if (exportsOf.has(module) || failures.every(failure => classesAreKnown(failure))) return undefined
  exportsOf.set(module, undefined)
  if (isEvaluatedElsewhere(module)) return undefined
  const imported = import(module)
    .then(found => void exportsOf.set(module, found as Record<string, unknown>))
    .catch(() => {})
  return Promise.race([imported, twoTurns()])
}

async function twoTurns(): Promise<void> {
  await runtime().yieldToLoop()
  await runtime().yieldToLoop()
}

function classesOf(module: string | undefined): FindClass {
  const found = module === undefined ? undefined : exportsOf.get(module)
  return name => {
    const exported = found !== undefined && Object.hasOwn(found, name) ? found[name] : undefined
    return typeof exported === 'function' ? exported : undefined
  }
}

/** A module that a test runner or a development server evaluated by its own means; importing it would evaluate it again. */
function isEvaluatedElsewhere(module: string): boolean {
  const meta = lookup(module)?.meta
  return meta === undefined || 'env' in meta || 'hot' in meta || 'vitest' in meta
}
