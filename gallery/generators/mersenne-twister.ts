/** Python's random numbers, so that the workshop's programs meet the same inputs here and there. */

const stateWords = 624
const shiftWords = 397

/**
 * MT19937 as `random.Random(seed)` of CPython seeds and reads it, for seeds of one 32-bit word.
 *
 * Source: Makoto Matsumoto, Takuji Nishimura, "Mersenne Twister: a 623-dimensionally
 * equidistributed uniform pseudo-random number generator" (1998), with the array initialisation of
 * 2002.
 *
 * @example
 *     const random = new MersenneTwister(1)
 *     random.below(10)   // 2, as random.Random(1).randrange(10)
 */
export class MersenneTwister {
  readonly #state: Uint32Array = new Uint32Array(stateWords)
  #next: number = stateWords

  constructor(seed: number) {
    seedState(this.#state, seed)
  }

  /** The next 32 bits: `getrandbits(32)`. */
  word(): number {
    if (this.#next === stateWords) {
      twist(this.#state)
      this.#next = 0
    }
    return temper(this.#state[this.#next++] as number)
  }

  /** The next `count` bits, 1 to 32: `getrandbits(count)`. */
  bits(count: number): number {
    return this.word() >>> (32 - count)
  }

  /**
   * An integer in [0, limit), each as likely: `randrange(limit)`. Draws again while the bits drawn
   * are too many.
   */
  below(limit: number): number {
    const width = 32 - Math.clz32(limit)
    for (;;) {
      const drawn = this.bits(width)
      if (drawn < limit) return drawn
    }
  }

  /** `randbytes(count)`, for counts that are multiples of four. */
  bytes(count: number): Uint8Array {
    const view = new DataView(new ArrayBuffer(count))
    for (let at = 0; at < count; at += 4) view.setUint32(at, this.word(), true)
    return new Uint8Array(view.buffer)
  }

  /**
   * `count` different integers from [from, to): `sample(range(from, to), count)`, for counts far
   * below the range's length.
   */
  sample(from: number, to: number, count: number): number[] {
    const taken = new Set<number>()
    while (taken.size < count) taken.add(from + this.below(to - from))
    return [...taken]
  }
}

/** `init_by_array([seed])`. */
function seedState(state: Uint32Array, seed: number): void {
  fillFrom(state, 19650218)
  const at = (index: number) => state[index] as number
  const mixed = (index: number) => at(index - 1) ^ (at(index - 1) >>> 30)
  let index = 1
  const step = () => {
    index += 1
    if (index < stateWords) return
    state[0] = at(stateWords - 1)
    index = 1
  }
  for (let round = 0; round < stateWords; round++) {
    state[index] = (at(index) ^ Math.imul(mixed(index), 1664525)) + seed
    step()
  }
  for (let round = 1; round < stateWords; round++) {
    state[index] = (at(index) ^ Math.imul(mixed(index), 1566083941)) - index
    step()
  }
  state[0] = 0x80000000
}

/** `init_genrand(seed)`. */
function fillFrom(state: Uint32Array, seed: number): void {
  state[0] = seed
  for (let index = 1; index < stateWords; index++) {
    const before = state[index - 1] as number
    state[index] = Math.imul(before ^ (before >>> 30), 1812433253) + index
  }
}

/** Makes the next 624 words of the state. */
function twist(state: Uint32Array): void {
  for (let index = 0; index < stateWords; index++) {
    const upper = (state[index] as number) & 0x80000000
    const lower = (state[(index + 1) % stateWords] as number) & 0x7fffffff
    const both = upper | lower
    const shifted = state[(index + shiftWords) % stateWords] as number
    state[index] = shifted ^ (both >>> 1) ^ (both & 1 ? 0x9908b0df : 0)
  }
}

function temper(word: number): number {
  word ^= word >>> 11
  word ^= (word << 7) & 0x9d2c5680
  word ^= (word << 15) & 0xefc60000
  return (word ^ (word >>> 18)) >>> 0
}
