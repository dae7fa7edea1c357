/** Waiting for whatever a function of the user's has returned. */
const { Promise: PlatformPromise } = globalThis

/**
 * Whether a value is to be waited for, as `await` sees it: an object or a function with a `then` to
 * call. Where looking for that throws, so does waiting, and the value is told as a failure then.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false
  try {
    return typeof (value as { then?: unknown }).then === 'function'
  } catch {
    return true
  }
}

/** Calls one of the two later, once, whatever `then` the value has. */
export function onSettled<T>(
  value: PromiseLike<T>,
  succeeded: (value: Awaited<T>) => void,
  failed: (error: unknown) => void,
): void {
  let promise: Promise<Awaited<T>>
  try {
    promise = PlatformPromise.resolve(value) as Promise<Awaited<T>>
  } catch (error) {
    promise = PlatformPromise.reject(error) // A promise may have a `constructor` that throws.
  }
  promise.then(succeeded, failed)
}
