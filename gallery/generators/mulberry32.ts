/** The gallery's own random numbers: small, fast, and the same on every machine. */

/**
 * Draws from [0, 1), in steps of 2⁻³², the same for the same seed; repeats after 2³² draws. Not for
 * secrets.
 *
 * Source: Tommy Ettinger, mulberry32 (2017), public domain.
 *
 * @example
 *     const draw = mulberry32(42)
 *     const die = 1 + Math.floor(6 * draw())
 */
export function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) | 0
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
