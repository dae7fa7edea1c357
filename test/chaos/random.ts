/** Numbers from 0 to 1 by a seed: Marsaglia, "Xorshift RNGs", 2003. */
export function randomOf(seed: number): () => number {
  let state = Math.imul(seed, 2_654_435_761) >>> 0 || 1
  return () => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 2 ** 32
  }
}
