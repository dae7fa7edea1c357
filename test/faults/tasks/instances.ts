/** Classes whose instances cross, and do harm on the way; and storages that go with calls. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { propagated } from '../../../src/declared/propagated.ts'
import { shareable } from '../../../src/declared/shareable.ts'
import { task } from '../../../src/task/task.ts'
import * as faults from './faults.ts'
import { inArena } from './in-arena.ts'

/** Says how it packs and unpacks itself, on each side. */
export class Parcel {
  readonly #here: string
  readonly #there: string

  constructor(here: string, there: string) {
    this.#here = here
    this.#there = there
  }

  static {
    shareable(import.meta, Parcel, {
      pack: parcel => packings[parcel.#here]?.() ?? parcel.#there,
      unpack: there => (unpackings[there] ?? delivered)(),
    })
  }
}

const packings: Record<string, () => string> = {
  throws: () => {
    throw new RangeError('not packed')
  },
  function: () => (() => {}) as unknown as string,
  itself: () => new Parcel('itself', 'plain') as unknown as string,
  huge: () => 'x'.repeat(3 * 2 ** 20),
}

const unpackings: Record<string, () => Parcel> = {
  throws: () => {
    throw new RangeError('not unpacked')
  },
  throwsNull: () => {
    throw null
  },
  exits: () => process.exit(3),
  spins: () => {
    for (;;);
  },
  other: () => new Date(0) as unknown as Parcel,
  nothing: () => null as unknown as Parcel,
  proxy: () =>
    new Proxy(delivered(), {
      getPrototypeOf() {
        throw new RangeError('no prototype')
      },
    }),
}

function delivered(): Parcel {
  return new Parcel('plain', 'plain')
}

/** Its own data is all there is. */
export class Sack {
  content: unknown
  constructor(content: unknown) {
    this.content = content
  }
}
shareable(import.meta, Sack)

export class Stranger {
  name = 'Ann'
}
/** This side's declaration is missing on the other. */
export class Emigrant {
  name = 'Bob'
}
if (inArena) shareable(import.meta, Stranger)
else shareable(import.meta, Emigrant)

const made: Record<string, () => unknown> = {
  throws: () => new Parcel('plain', 'throws'),
  packThrows: () => new Parcel('throws', 'plain'),
  packFunction: () => new Parcel('function', 'plain'),
  huge: () => new Parcel('huge', 'plain'),
  sack: () => new Sack(new Uint8Array(3 * 2 ** 20)),
  emigrant: () => ({ list: [new Emigrant()] }),
  function: () => new Sack({ callback: () => {} }),
}

export const give = task(import.meta, function give(kind: string): unknown {
  return made[kind]?.()
})

export const echo = task(import.meta, function echo(value: unknown): unknown {
  return faults.echo(value)
})

export const requestId: AsyncLocalStorage<unknown> = propagated(
  import.meta,
  new AsyncLocalStorage<unknown>(),
  'requestId',
)

export const readRequestId = task(import.meta, function readRequestId(_: unknown): unknown {
  return requestId.getStore()
})

/** Leaves something else in the storage, for calls that come after it. */
export const spoilRequestId = task(import.meta, function spoilRequestId(_: unknown): string {
  requestId.enterWith('spoilt')
  return 'done'
})

const undeclared = new AsyncLocalStorage<unknown>()
if (inArena) propagated(import.meta, undeclared, 'undeclared')

/** For the main program: the other side does not know this storage. */
export function withUndeclared<T>(value: unknown, body: () => T): T {
  return undeclared.run(value, body)
}
