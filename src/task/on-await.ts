/** Tells when somebody begins to wait for a promise. */

/**
 * Calls `noticed` at each `await promise`, `promise.then(…)`, `Promise.all([promise])` and their like; not for `catch` or
 * `finally` alone, which are how a program says that it does not wait. Only for promises that must be watched: they are
 * slower than others by some 100 ns.
 *
 * `await` of a promise calls no method; but it reads the promise's `constructor`, to see whether it must be wrapped
 * (ECMA-262, PromiseResolve, step 1.a), and so do the others.
 */
export function onAwait(promise: Promise<unknown>, noticed: () => void): void {
  let aside = false
  const quietly =
    (name: 'catch' | 'finally') =>
    (listener: never): Promise<unknown> => {
      aside = true
      try {
        return Promise.prototype[name].call(promise, listener)
      } finally {
        aside = false
      }
    }
  Object.defineProperties(promise, {
    constructor: {
      get() {
        if (!aside) noticed()
        return Promise
      },
    },
    catch: { value: quietly('catch') },
    finally: { value: quietly('finally') },
  })
}
