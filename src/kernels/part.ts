/** The calls of a kernel, where they run. */
import { calledAs } from '../executor/address.ts'
import { type Schedule, sharesOf } from '../parallel/schedule.ts'
import { urlOfCaller } from '../runtime/call-site.ts'
import { context } from '../task/context.ts'
import { type Task, task } from '../task/task.ts'
import type { KernelFunctions } from './instances.ts'
import type { WasmFunction } from './webassembly.ts'

/** A kernel, as its parts need it. */
interface Called {
  readonly exports: KernelFunctions
}

type Numbers = readonly (number | bigint)[]

function kernelCall(kernel: Called, name: string, args: Numbers): ReturnType<WasmFunction> {
  return (kernel.exports[name] as WasmFunction)(...args)
}

/** Calls the function with the bounds of each share of this worker. */
function kernelPart(
  kernel: Called,
  name: string,
  first: number,
  schedule: Schedule,
  worker: number,
  args: Numbers,
): void {
  const own = context()
  const fn = kernel.exports[name] as WasmFunction
  for (const { from, to } of sharesOf(schedule, worker)) {
    if (own.cancelled) own.throwIfCancelled()
    if (to > from) fn(first + from, first + to, ...args)
  }
}

// Bundled to CommonJS, there is no import.meta.
const where = import.meta.url ?? urlOfCaller(undefined)
const call: Task<typeof kernelCall> = task(where, kernelCall)
const part: Task<typeof kernelPart> = task(where, kernelPart)

/** The task that calls the kernel's function of that name: errors name the function. */
export function callOf(name: string): Task<typeof kernelCall> {
  return calledAs(call, name)
}

/** The same for shares of a range. */
export function partOf(name: string): Task<typeof kernelPart> {
  return calledAs(part, name)
}
