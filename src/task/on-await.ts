/** Tells when a promise is awaited for the first time. */

const { then: promiseThen, finally: promiseFinally } = Promise.prototype
const { toString: textOf } = Function.prototype

/**
 * Calls `noticed` at each `await promise`, `Promise.all([promise])`, `resolve(promise)`,
 * `return promise` of an async function and their like. A chain, as `then(save, report)`, `catch`
 * or `finally`, is not a wait; its own promise is watched in turn. Only for promises that must be
 * watched: they are slower than others by some 100 ns.
 *
 * `await` of a promise calls no method; but it reads the promise's `constructor`, to see whether it
 * must be wrapped (ECMA-262, PromiseResolve, step 1.a), and so do the others. A promise that
 * resolves to another one calls its `then` with its own resolving functions
 * (NewPromiseResolveThenableJob).
 */
export function onAwait<T>(promise: Promise<T>, noticed: () => void): Promise<T> {
  let aside = false
  const quietly = <R>(chain: () => R): R => {
    const before = aside
    aside = true
    try {
      return chain()
    } finally {
      aside = before
    }
  }
  return Object.defineProperties(promise, {
    constructor: {
      get() {
        if (!aside) noticed()
        return Promise
      },
      configurable: true,
    },
    then: {
      value: (onDone?: (value: T) => unknown, onFailed?: (error: unknown) => unknown) => {
        const next = quietly(() => promiseThen.call(promise, onDone as never, onFailed))
        // `finally` comes with functions of the platform's, too.
        if (aside || !isResolver(onDone)) return onAwait(next, noticed)
        noticed()
        return next
      },
      configurable: true,
      writable: true,
    },
    // `catch` comes through `then`; so does `finally`, but it looks at the constructor before.
    finally: {
      value: (onEnded?: () => void) => quietly(() => promiseFinally.call(promise, onEnded)),
      configurable: true,
      writable: true,
    },
  })
}

let resolverText = ''
new Promise<void>(resolve => {
  resolverText = textOf.call(resolve)
  resolve()
})

/**
 * Whether it is one of the functions by which a promise follows another: the platform's own, and
 * nameless.
 */
export function isResolver(fn: unknown): boolean {
  return typeof fn === 'function' && fn.name === '' && textOf.call(fn) === resolverText
}
