/**
 * A typed array on shared memory whose accesses are looked at. It is a Proxy: nothing else sees
 * `view[i]`. So it exists only while races are looked for, and what needs a real typed array (a
 * TextDecoder, a hash) refuses it: give that a copy, `view.slice()`.
 */
import type { Detector } from './detector.ts'
import type { Shadow } from './shadow.ts'

/** Any typed array of numbers on shared memory. */
export type Numbers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array

/** Where the accesses to a view are noted. */
export interface Watch {
  readonly shadow: Shadow
  /** The cell of the first element. */
  readonly firstCell: number
  /** How many elements have one cell together: 1 for numbers, the bytes of a text. */
  readonly perCell: number
  /** How a report names an element: `#` stands for its number. */
  readonly named: string
  /** The number of the first element. */
  readonly firstNumber: number
}

/** What stands behind a watched view. */
export interface Behind {
  readonly raw: Numbers
  readonly watch: Watch
}

const behind = new WeakMap<object, Behind>()

/** What stands behind it, if it is a watched view. */
export function behindView(value: unknown): Behind | undefined {
  return typeof value === 'object' && value !== null ? behind.get(value) : undefined
}

export function watchedView<V extends Numbers>(detector: Detector, raw: V, watch: Watch): V {
  const traps = new Traps(detector, raw, watch)
  const view = new Proxy(raw, traps as ProxyHandler<V>)
  traps.view = view
  behind.set(view, { raw, watch })
  return view
}

/** The name of an element, by its cell counted from the first one. */
export function nameOf({ named, firstNumber }: Watch, cell: number): string {
  return named.replace('#', String(firstNumber + cell))
}

const plainRead = { writes: false, atomic: false }
const plainWrite = { writes: true, atomic: false }

class Traps {
  /** What stands before it: what methods like `fill` return. */
  view: Numbers | undefined
  readonly #detector: Detector
  readonly #raw: Numbers
  readonly #watch: Watch
  readonly #methods = new Map<string | symbol, Function>()

  constructor(detector: Detector, raw: Numbers, watch: Watch) {
    this.#detector = detector
    this.#raw = raw
    this.#watch = watch
  }

  get(raw: Numbers, key: string | symbol): unknown {
    const index = indexOf(key)
    if (index !== undefined) {
      if (index < raw.length) this.#touch(index, index + 1, false, Traps.prototype.get)
      return raw[index]
    }
    if (key === 'buffer') this.#watch.shadow.escape()
    const value: unknown = Reflect.get(raw, key, raw)
    return typeof value === 'function' && key !== 'constructor' ? this.#method(key, value) : value
  }

  set(raw: Numbers, key: string | symbol, value: unknown): boolean {
    const index = indexOf(key)
    if (index !== undefined && index < raw.length) {
      const number = Number(value) // As the platform does: what that runs comes before the write.
      this.#touch(index, index + 1, true, Traps.prototype.set)
      raw[index] = number
      return true
    }
    return Reflect.set(raw, key, value, raw)
  }

  #method(key: string | symbol, method: Function): Function {
    let made = this.#methods.get(key)
    if (made === undefined) {
      made = this.#watched(key, method)
      this.#methods.set(key, made)
    }
    return made
  }

  /** A method of the array, which says beforehand what it reads and writes. */
  #watched(key: string | symbol, method: Function): Function {
    const raw = this.#raw
    const touch = this.#touch.bind(this)
    const view = () => this.view
    if (key === 'subarray')
      return (from?: number, to?: number) => {
        const part = raw.subarray(from, to)
        const first = (part.byteOffset - raw.byteOffset) / raw.BYTES_PER_ELEMENT
        return watchedView(this.#detector, part, partOf(this.#watch, first))
      }
    return function called(...args: unknown[]): unknown {
      const [reads, writes] = rangesOf(key, args, raw.length)
      if (reads !== undefined) touch(...reads, false, called)
      if (writes !== undefined) touch(...writes, true, called)
      const result: unknown = Reflect.apply(method, raw, args)
      return result === raw ? view() : result
    }
  }

  #touch(from: number, to: number, writes: boolean, below: Function): void {
    const watch = this.#watch
    const { shadow, firstCell, perCell } = watch
    const access = writes ? plainWrite : plainRead
    const last = Math.ceil(to / perCell)
    for (let cell = Math.floor(from / perCell); cell < last; cell += 1)
      this.#detector.touch(shadow, firstCell + cell, access, () => nameOf(watch, cell), below)
  }
}

/** The same, seen from an element further on. */
function partOf(watch: Watch, first: number): Watch {
  if (watch.perCell !== 1) return watch // A text is one cell, as a whole.
  const { firstCell, firstNumber } = watch
  return { ...watch, firstCell: firstCell + first, firstNumber: firstNumber + first }
}

type Range = readonly [from: number, to: number]

/** What a method reads, and what it writes; of one that is not listed, it reads all. */
function rangesOf(
  key: string | symbol,
  args: readonly unknown[],
  length: number,
): readonly [reads: Range | undefined, writes: Range | undefined] {
  const all: Range = [0, length]
  const [one, two, three] = args as (number | undefined)[]
  switch (key) {
    case 'at': {
      const index = placeIn(one, 0, length)
      return [[index, Math.min(index + 1, length)], undefined]
    }
    case 'slice':
      return [rangeIn(one, two, length), undefined]
    case 'fill':
      return [undefined, rangeIn(two, three, length)]
    case 'set': {
      const source = args[0] as ArrayLike<unknown> | null | undefined
      const from = Number(two ?? 0)
      return [undefined, [from, Math.min(length, from + (source?.length ?? 0))]]
    }
    case 'copyWithin': {
      const [from, to] = rangeIn(two, three, length)
      const target = placeIn(one, 0, length)
      return [
        [from, to],
        [target, Math.min(length, target + to - from)],
      ]
    }
    case 'reverse':
    case 'sort':
      return [all, all]
    default:
      return [all, undefined]
  }
}

function rangeIn(from: number | undefined, to: number | undefined, length: number): Range {
  const first = placeIn(from, 0, length)
  return [first, Math.max(first, placeIn(to, length, length))]
}

/** As the platform reads an index that may count from the end. */
function placeIn(given: number | undefined, otherwise: number, length: number): number {
  const index = given === undefined ? otherwise : Math.trunc(Number(given)) || 0
  return index < 0 ? Math.max(0, length + index) : Math.min(index, length)
}

/** The index that a key is, if it is one. */
function indexOf(key: string | symbol): number | undefined {
  if (typeof key !== 'string') return undefined
  const first = key.charCodeAt(0)
  if (!(first >= 48 && first <= 57)) return undefined
  const index = Number(key)
  return Number.isInteger(index) && String(index) === key ? index : undefined
}
