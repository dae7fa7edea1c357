/**
 * Failures that show who waited for them.
 *
 *     Error: boom
 *         at inner (…/main.ts:3:9)
 *         at async main (…/main.ts:7:3)        whoever awaits what atonce gave out
 *
 * A promise that is settled by hand, as every wait of atonce is, ends the stack of what failed: V8
 * follows promises, not the functions that settle them. But it follows them from a reaction that
 * leads to the promise, too. So a failure is thrown once more in one, where the frames of whoever
 * waits can be read. That costs some microseconds for each failure, and nothing else.
 *
 * Benedikt Meurer, Yang Guo: "Zero-cost async stack traces", design document of V8, 2018.
 */
import { isError } from '../thrown.ts'

const { Promise: PlatformPromise } = globalThis
const { then: promiseThen } = PlatformPromise.prototype
const { captureStackTrace } = Error
/** A stack that is longer is left as it is: one error may be passed on by many. */
const mostLines = 60

/**
 * Rejects a promise by its own function, after the frames of whoever awaits it were put below those
 * of the error.
 */
export function rejectTo(
  reject: (error: unknown) => void,
  resolve: (value: any) => void,
  error: unknown,
): void {
  const thrown = promiseThen.call(PlatformPromise.resolve(), () => {
    addAwaiters(error)
    throw error
  })
  // Both of the promise's own functions: by them V8 finds the promise, and who awaits that.
  promiseThen.call(thrown, resolve, reject)
}

function addAwaiters(error: unknown): void {
  if (!isError(error)) return
  const here: { stack?: unknown } = {}
  try {
    captureStackTrace(here, addAwaiters)
    const { stack } = error
    if (typeof here.stack !== 'string' || typeof stack !== 'string') return
    const frames = here.stack.split('\n').filter(line => line.startsWith('    at async '))
    const known = stack.split('\n')
    const more = frames.filter(line => !known.includes(line))
    if (more.length === 0 || known.length > mostLines) return
    Object.defineProperty(error, 'stack', {
      value: [stack, ...more].join('\n'),
      enumerable: false,
      configurable: true,
      writable: true,
    })
  } catch {
    // A frozen error, or a hook of the program's: the stack stays as it is.
  }
}
