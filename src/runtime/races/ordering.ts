/**
 * Operations on words that order threads, as the detector sees them.
 *
 *     locks and counters of the library ─▶ runtime/atomics.ts ─▶ LibraryAtomics ─┐
 *     Atomics.add(view, …) of the program ─▶ in place of the platform's ────────┴▶ detector.order
 *
 * Words of the library that have no shadow (rings, claims) order nothing here: what goes through
 * them is a message, which has a clock of its own. Words of the program that have none are taken to
 * be one word: that orders more than there is, so no race is invented.
 */
import type { AtomicsStandIn, Woken } from '../atomics.ts'
import { realRuntime } from '../real.ts'
import type { Detector } from './detector.ts'
import { shadowOf } from './known-shadows.ts'
import { plainAtomics } from './plain-atomics.ts'
import { behindView, nameOf } from './watched-view.ts'

const never = () => false
const always = () => true

/** What the library does with words of shared memory, while races are looked for. */
export class LibraryAtomics implements AtomicsStandIn {
  readonly agent = 0
  readonly agents: Int32Array = new Int32Array(0)
  readonly #detector: Detector

  constructor(detector: Detector) {
    this.#detector = detector
  }

  load(words: Int32Array, at: number): number {
    return this.#order(words, at, () => plainAtomics.load(words, at), never)
  }

  store(words: Int32Array, at: number, value: number): void {
    this.#order(words, at, () => plainAtomics.store(words, at, value), always)
  }

  add(words: Int32Array, at: number, value: number): number {
    return this.#order(words, at, () => plainAtomics.add(words, at, value), always)
  }

  and(words: Int32Array, at: number, value: number): number {
    return this.#order(words, at, () => plainAtomics.and(words, at, value), always)
  }

  or(words: Int32Array, at: number, value: number): number {
    return this.#order(words, at, () => plainAtomics.or(words, at, value), always)
  }

  exchange(words: Int32Array, at: number, value: number): number {
    return this.#order(words, at, () => plainAtomics.exchange(words, at, value), always)
  }

  compareExchange(words: Int32Array, at: number, expected: number, value: number): number {
    return this.#order(
      words,
      at,
      () => plainAtomics.compareExchange(words, at, expected, value),
      before => before === expected,
    )
  }

  /** Whoever wakes looks at the word again: that is what orders it. */
  wait(words: Int32Array, at: number, expected: number, timeoutMs: number): Woken {
    return plainAtomics.wait(words, at, expected, timeoutMs)
  }

  notify(words: Int32Array, at: number, count: number): number {
    return plainAtomics.notify(words, at, count)
  }

  waitAsync(words: Int32Array, at: number, expected: number, timeoutMs: number): Woken | Promise<Woken> {
    return plainAtomics.waitAsync(words, at, expected, timeoutMs).value
  }

  now(): number {
    return realRuntime.now()
  }

  #order<T>(words: Int32Array, at: number, operation: () => T, releases: (result: T) => boolean): T {
    const shadow = shadowOf(words.buffer)
    if (shadow === undefined) return operation()
    return this.#detector.order(shadow, words.byteOffset / 4 + at, operation, true, releases)
  }
}

type Operation = (view: Int32Array, index: number, ...rest: never[]) => unknown

/** What each one of the platform's does to a word. */
const operations: ReadonlyMap<string, 'reads' | 'writes' | 'compares' | 'waits'> = new Map([
  ['load', 'reads'],
  ['store', 'writes'],
  ['add', 'writes'],
  ['sub', 'writes'],
  ['and', 'writes'],
  ['or', 'writes'],
  ['xor', 'writes'],
  ['exchange', 'writes'],
  ['compareExchange', 'compares'],
  ['wait', 'waits'],
  ['waitAsync', 'waits'],
  ['notify', 'waits'],
])

/**
 * Puts functions in place of the platform's `Atomics` that take watched views, and tell the
 * detector what they order. Returns what takes them back.
 */
export function watchPlatformAtomics(detector: Detector): () => void {
  const before: [string, unknown][] = []
  for (const [name, does] of operations) {
    const platform = plainAtomics[name as keyof typeof plainAtomics] as Operation
    before.push([name, (Atomics as unknown as Record<string, unknown>)[name]])
    Reflect.defineProperty(Atomics, name, {
      value: watched(detector, platform, does),
      writable: true,
      configurable: true,
    })
  }
  return () => {
    for (const [name, value] of before)
      Reflect.defineProperty(Atomics, name, { value, writable: true, configurable: true })
  }
}

const atomicRead = { writes: false, atomic: true }
const atomicWrite = { writes: true, atomic: true }

function watched(
  detector: Detector,
  platform: Operation,
  does: 'reads' | 'writes' | 'compares' | 'waits',
): Operation {
  return function operation(view, index, ...rest) {
    const { raw = view, watch } = behindView(view) ?? {}
    const run = () => platform(raw as Int32Array, index, ...rest)
    // What is no shared memory orders nobody, and what is wrong throws as ever.
    if (!ArrayBuffer.isView(raw) || !(raw.buffer instanceof SharedArrayBuffer)) return run()
    if (watch !== undefined && index >= 0 && index < raw.length) {
      const cell = Math.floor(index / watch.perCell)
      const access = does === 'reads' || does === 'waits' ? atomicRead : atomicWrite
      detector.touch(watch.shadow, watch.firstCell + cell, access, () => nameOf(watch, cell), operation)
    }
    const shadow = watch?.shadow ?? shadowOf(raw.buffer)
    const word = raw.byteOffset / raw.BYTES_PER_ELEMENT + Number(index)
    const order = (step: () => unknown, writes: (result: unknown) => boolean) =>
      detector.order(shadow, word, step, true, writes)
    if (does !== 'waits') return order(run, does === 'reads' ? never : writesBy(does, rest))
    // Who notifies lets go on who waits: both are ordered by the word.
    order(() => undefined, always)
    const result = run()
    order(() => undefined, never)
    return result
  }
}

function writesBy(does: 'writes' | 'compares', rest: readonly unknown[]): (result: unknown) => boolean {
  return does === 'writes' ? always : before => Object.is(before, rest[0])
}
