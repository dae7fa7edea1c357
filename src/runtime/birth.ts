/**
 * When things began, for whoever looks: written down under `ATONCE_DEBUG=1` alone, as a clock that
 * is read at each beginning has its price.
 */
import { debugs } from './debug.ts'
import { runtime } from './runtime.ts'

const births: WeakMap<object, number> | undefined = debugs('1') ? new WeakMap() : undefined
/** When looks have first found things. */
const sightings = new WeakMap<object, number>()

/** How long something has been. */
export interface Age {
  readonly ms: number
  /** Whether it may be older: nobody knows when it began, only when it was first seen. */
  readonly atLeast: boolean
}

/** Called at each beginning; costs one comparison. */
export function noteBirth(thing: object): void {
  if (births !== undefined) births.set(thing, runtime().now())
}

/** How old it is now; undefined if this is the first look at it and its beginning was not noted. */
export function ageOf(thing: object, nowMs: number): Age | undefined {
  const bornMs = births?.get(thing)
  if (bornMs !== undefined) return { ms: Math.max(0, nowMs - bornMs), atLeast: false }
  const seenMs = sightings.get(thing)
  if (seenMs === undefined) sightings.set(thing, nowMs)
  return seenMs === undefined || seenMs >= nowMs ? undefined : { ms: nowMs - seenMs, atLeast: true }
}
