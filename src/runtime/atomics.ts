/**
 * The only file that touches `Atomics`. Sync words go through these five, so that a model checker can stand in for them.
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
