/**
 * The only file that touches `Atomics`. Sync words go through these, so that a model checker can
 * stand in for them. All are sequentially consistent (ECMAScript, "Memory Model").
 *
 *     load(words, 0) ─▶ stand-in in force? ── no, always in production ─▶ Atomics.load
 *                                          └─ yes, in `withAtomics` ────▶ the stand-in's
 *
 * Asking costs one comparison with a variable of this module (`npm --prefix bench run sync` shows
 * what that is).
 */
import { realRuntime } from './real.ts'

export type Woken = 'ok' | 'not-equal' | 'timed-out'

/** What may stand in for the platform's shared memory, and for the thread that uses it. */
export interface AtomicsStandIn {
  load(words: Int32Array, at: number): number
  store(words: Int32Array, at: number, value: number): void
  add(words: Int32Array, at: number, value: number): number
  and(words: Int32Array, at: number, value: number): number
  or(words: Int32Array, at: number, value: number): number
  exchange(words: Int32Array, at: number, value: number): number
  compareExchange(words: Int32Array, at: number, expected: number, value: number): number
  wait(words: Int32Array, at: number, expected: number, timeoutMs: number): Woken
  notify(words: Int32Array, at: number, count: number): number
  waitAsync(words: Int32Array, at: number, expected: number, timeoutMs: number): Woken | Promise<Woken>
  /** The time that a blocked thread measures. */
  now(): number
  /**
   * The number of the agent that runs (see agents.ts), and the words in which agents are listed.
   */
  readonly agent: number
  readonly agents: Int32Array
}

let standIn: AtomicsStandIn | undefined
/** What stands in, and plays nothing: it looks on. */
let onlooker: AtomicsStandIn | undefined

/** What plays the platform's shared memory here, if anything does. */
export function atomicsInForce(): AtomicsStandIn | undefined {
  return standIn === undefined || standIn === onlooker ? undefined : standIn
}

/** Puts what looks on between this thread and the platform's shared memory, for good. */
export function putBeneath(looksOn: AtomicsStandIn): void {
  if (standIn !== undefined) return
  onlooker = looksOn
  standIn = looksOn
}

/** Runs `body`, which must not await, with other atomics in place of the platform's. */
export function withAtomics<T>(replacement: AtomicsStandIn, body: () => T): T {
  const before = standIn
  standIn = replacement
  try {
    return body()
  } finally {
    standIn = before
  }
}

/** Reads a word; pairs with `store` and `exchange` on the other side. */
export function load(words: Int32Array, at: number): number {
  return standIn === undefined ? Atomics.load(words, at) : standIn.load(words, at)
}

/** Writes a word. */
export function store(words: Int32Array, at: number, value: number): void {
  if (standIn === undefined) Atomics.store(words, at, value)
  else standIn.store(words, at, value)
}

/** Adds to a word and returns what was there before. */
export function add(words: Int32Array, at: number, value: number): number {
  return standIn === undefined ? Atomics.add(words, at, value) : standIn.add(words, at, value)
}

/** Keeps the bits of `value` and returns what was there before. */
export function and(words: Int32Array, at: number, value: number): number {
  return standIn === undefined ? Atomics.and(words, at, value) : standIn.and(words, at, value)
}

/** Sets the bits of `value` and returns what was there before. */
export function or(words: Int32Array, at: number, value: number): number {
  return standIn === undefined ? Atomics.or(words, at, value) : standIn.or(words, at, value)
}

/** Writes a word and returns what was there before. */
export function exchange(words: Int32Array, at: number, value: number): number {
  return standIn === undefined ? Atomics.exchange(words, at, value) : standIn.exchange(words, at, value)
}

/** Writes a word if it holds `expected`; returns what it held. */
export function compareExchange(words: Int32Array, at: number, expected: number, value: number): number {
  return standIn === undefined
    ? Atomics.compareExchange(words, at, expected, value)
    : standIn.compareExchange(words, at, expected, value)
}

/** Stops this thread while the word holds `expected`, until it is notified or the time is over. */
export function waitOn(words: Int32Array, at: number, expected: number, timeoutMs: number): Woken {
  return standIn === undefined
    ? Atomics.wait(words, at, expected, timeoutMs)
    : standIn.wait(words, at, expected, timeoutMs)
}

/**
 * Wakes up to `count` of those who wait for a word, the longest waiting first; returns how many.
 */
export function notify(words: Int32Array, at: number, count: number): number {
  return standIn === undefined ? Atomics.notify(words, at, count) : standIn.notify(words, at, count)
}

/**
 * As `wait`, without stopping the thread. It can't be taken back: one that nobody wants any more
 * still counts among those whom `notify` wakes. Nothing is kept alive by it (nodejs/node#61941).
 */
export function waitAsync(
  words: Int32Array,
  at: number,
  expected: number,
  timeoutMs: number,
): Woken | Promise<Woken> {
  return standIn === undefined
    ? Atomics.waitAsync(words, at, expected, timeoutMs).value
    : standIn.waitAsync(words, at, expected, timeoutMs)
}

/**
 * The clock of a thread that blocks: virtual time can't pass while nothing runs, so it is the real
 * one.
 */
export function blockingNow(): number {
  return standIn === undefined ? realRuntime.now() : standIn.now()
}

/**
 * Stops this thread for so long: only where nothing else could go on, and an answer is sure to
 * come.
 */
export function sleepSync(ms: number): void {
  Atomics.wait(nobodyWakes, 0, 0, ms)
}

const nobodyWakes = new Int32Array(new SharedArrayBuffer(4))

/**
 * Tells the processor that this thread looks at a word again and again; nothing where the platform
 * has no word for it (before Node 24).
 */
export const pause: () => void = (Atomics as { pause?: () => void }).pause ?? (() => {})
