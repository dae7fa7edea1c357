/**
 * How everything in atonce waits: it parks, with a reason and the thing it waits for, until somebody unparks it.
 *
 * So at any moment one can ask who waits for what, and a test or a checker can decide who goes first.
 */

/** Somebody who waits. */
export interface Parked<T> {
  /** What it waits for, in words: `a free place in the queue`. */
  readonly reason: string
  /** The object it waits for. */
  readonly resource: object
  /** Settles when it is unparked or failed. */
  readonly promise: Promise<T>
  /** Lets it go on with `value`; only the first `unpark` or `fail` counts. */
  unpark(value: T): void
  /** Makes its wait throw. */
  fail(error: unknown): void
}

const waiting = new Set<Parked<any>>()

/** Waits, until `unpark` or `fail` is called on what it returns. */
export function park<T>(reason: string, resource: object): Parked<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const parked: Parked<T> = {
    reason,
    resource,
    promise,
    unpark(value) {
      if (waiting.delete(parked)) resolve(value)
    },
    fail(error) {
      if (waiting.delete(parked)) reject(error)
    },
  }
  waiting.add(parked)
  return parked
}

/** All who wait now, oldest first. */
export function everyoneParked(): readonly Parked<unknown>[] {
  return [...waiting]
}
