/**
 * The only file that touches `Atomics`. Sync words go through these, so that a model checker can stand in for them.
 * All are sequentially consistent (ECMAScript, "Memory Model").
 */

/** Reads a word; pairs with `store` and `exchange` on the other side. */
export function load(words: Int32Array, at: number): number {
  return Atomics.load(words, at)
}

/** Writes a word. */
export function store(words: Int32Array, at: number, value: number): void {
  Atomics.store(words, at, value)
}

/** Writes a word and returns what was there before. */
export function exchange(words: Int32Array, at: number, value: number): number {
  return Atomics.exchange(words, at, value)
}

/** Stops this thread for so long: only where nothing else could go on, and an answer is sure to come. */
export function sleepSync(ms: number): void {
  Atomics.wait(nobodyWakes, 0, 0, ms)
}

const nobodyWakes = new Int32Array(new SharedArrayBuffer(4))

/** Tells the processor that this thread looks at a word again and again; nothing where the platform has no word for it (before Node 24). */
export const pause: () => void = (Atomics as { pause?: () => void }).pause ?? (() => {})

/** Writes a word if it holds `expected`; returns what it held. */
export function compareExchange(words: Int32Array, at: number, expected: number, value: number): number {
  return Atomics.compareExchange(words, at, expected, value)
}
