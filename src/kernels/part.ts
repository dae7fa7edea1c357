/** The calls of a kernel, where they run. */
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
  const call = context()
  const fn = kernel.exports[name] as WasmFunction
  for (const { from, to } of sharesOf(schedule, worker)) {
    if (call.cancelled) call.throwIfCancelled()
    if (to > from) fn(first + from, first + to, ...args)
  }
}

// Bundled to CommonJS, there is no import.meta.
const where = import.meta.url ?? urlOfCaller(undefined)
export const callTask: Task<typeof kernelCall> = task(where, kernelCall)
export const partTask: Task<typeof kernelPart> = task(where, kernelPart)
