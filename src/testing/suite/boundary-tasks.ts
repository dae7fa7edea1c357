/**
 * The tasks, storages and classes of the behaviours at the boundary; a module of its own, as
 * workers must import it.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { propagated } from '../../declared/propagated.ts'
import { shareable } from '../../declared/shareable.ts'
import * as namespace from '../../errors.ts'
import { context } from '../../task/context.ts'
import { task } from '../../task/task.ts'

// ── context propagation ──

export const requestId = propagated(import.meta, new AsyncLocalStorage<unknown>(), 'requestId')
export const tenant = propagated(import.meta, new AsyncLocalStorage<unknown>(), 'tenant')

/** What its propagated storages hold, after an await too. */
export const storesOf = task(import.meta, async function storesOf(_: unknown): Promise<unknown[]> {
  const before = [requestId.getStore(), tenant.getStore()]
  await nextTurn()
  return [...before, requestId.getStore(), tenant.getStore()]
})

/** What the storage holds here; leaves something else behind. */
export const storeLeft = task(import.meta, function storeLeft(_: unknown): unknown {
  const here = requestId.getStore()
  requestId.enterWith('left behind')
  return here
})

// ── classes that keep their class ──

/** Its own data is all there is. */
export class Point {
  x: number
  y: number
  next: unknown

  constructor(x: number, y: number) {
    this.x = x
    this.y = y
    made += 1
  }

  get length(): number {
    return Math.hypot(this.x, this.y)
  }
}
let made = 0
shareable(import.meta, Point)

/** Says itself how it crosses. */
export class Money {
  readonly #cents: number

  constructor(cents: number) {
    this.#cents = cents
  }

  get cents(): number {
    return this.#cents
  }

  static {
    shareable(import.meta, Money, { pack: money => money.#cents, unpack: cents => new Money(cents) })
  }
}

/** An error that no module exports. */
class Refused extends RangeError {
  readonly price: Money

  constructor(price: Money) {
    super(`${price.cents} cents are too many`)
    this.price = price
  }
}
export const RefusedClass: typeof Refused = shareable(import.meta, Refused)

/** Crosses in one direction only: what can't be made on the other side is the caller's error. */
export class OneWay {
  readonly how: 'throws' | 'returns nothing' | 'is asked for a secret'

  constructor(how: OneWay['how']) {
    this.how = how
  }

  static {
    shareable(import.meta, OneWay, {
      pack({ how }) {
        if (how === 'is asked for a secret') throw new Error('it stays where it is')
        return how
      },
      unpack(how): OneWay {
        if (how === 'throws') throw new RangeError('not here')
        return undefined as never
      },
    })
  }
}

/** Keeps items of its own beside those of the platform's class. */
export class Tags extends Set<string> {
  static {
    shareable(import.meta, Tags, { pack: tags => [...tags], unpack: (tags: string[]) => new Tags(tags) })
  }
}

export const giveBack = task(import.meta, function giveBack(value: unknown): unknown {
  return value
})

export const lengthOf = task(import.meta, function lengthOf(point: Point): [number, boolean] {
  return [point.length, point instanceof Point]
})

/** The number of points that a constructor has made here. */
export const pointsMade = task(import.meta, function pointsMade(_: unknown): number {
  return made
})

export const doubled = task(import.meta, function doubled(price: Money): Money {
  return new Money(price.cents * 2)
})

export const refuse = task(import.meta, function refuse(price: Money): never {
  throw new RefusedClass(price)
})

export const failDeep = task(import.meta, function failDeep(n: number): number {
  if (n === 0) return 0
  throw new Error(`outer ${n}`, {
    cause: new TypeError('inner', { cause: new AggregateError([new RangeError('part')]) }),
  })
})

/** Something that the caller can't make, for an odd number. */
export const giveOneWay = task(import.meta, function giveOneWay(n: number): unknown {
  return n % 2 === 1 ? new OneWay('throws') : n
})

/** Things that no copy can be made of, though they look plain. */
export function uncopyable(what: string): unknown {
  if (what === 'function') return () => {}
  if (what === 'namespace') return namespace
  return what === 'arguments' ? given(1) : undefined
}

function given(..._: unknown[]): IArguments {
  // biome-ignore lint/complexity/noArguments: that is what it is about
  return arguments
}

export const giveUncopyable = task(import.meta, function giveUncopyable(what: string): unknown {
  return { deep: { it: uncopyable(what) } }
})

const scratch = { n: 0, bytes: new Uint8Array(4), rows: new Map([['row', [0]]]) }

/** Fills and returns the same thing each time. */
export const fillAgain = task(import.meta, function fillAgain(n: number): typeof scratch {
  scratch.n = n
  scratch.bytes.fill(n)
  scratch.rows.get('row')?.fill(n)
  return scratch
})

/** Tells its progress `times` times. */
export const tell = task(import.meta, async function tell(times: number): Promise<void> {
  for (let time = 1; time <= times; time += 1) context().progress(time, times)
  await nextTurn()
})

/**
 * What the storages hold in calls that it makes on this loop and on a thread. Both models are
 * imported here only: the other tasks' workers start sooner without them.
 */
export const nested = task(import.meta, async function nested(_: unknown): Promise<unknown[]> {
  const { coroutines } = await import('../../coroutines/coroutines.ts')
  const { threads } = await import('../../threads/threads.ts')
  await using loop = coroutines()
  await using pool = threads({ workers: 1 })
  return [await loop.run(storesOf, 0), await pool.run(storesOf, 0)]
})

/** Holds one inside of another. */
export class Wrap {
  readonly inner: unknown

  constructor(inner: unknown) {
    this.inner = inner
  }

  static {
    shareable(import.meta, Wrap, {
      pack: wrap => ({ inner: wrap.inner }),
      unpack: ({ inner }) => new Wrap(inner),
    })
  }
}

/** Tells its progress before each value. */
export const tellEach = task(import.meta, function* tellEach(count: number): Generator<number> {
  for (let n = 1; n <= count; n += 1) {
    context().progress(n, count)
    yield n
  }
})

/** Fails the first time. */
export const secondTime = task(
  import.meta,
  function secondTime(_: number): number {
    const { attempt } = context()
    if (attempt === 1) throw new Error('once more')
    return attempt
  },
  { idempotent: true },
)
