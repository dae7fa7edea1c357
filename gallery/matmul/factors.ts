/**
 * The matrices to multiply: integers, so that every product is exact in whatever order it is
 * summed.
 */
import { MersenneTwister } from '../generators/mersenne-twister.ts'
import { mulberry32 } from '../generators/mulberry32.ts'

/** Two n×n matrices, row-major, and a vector to test their product with. */
export interface Factors {
  readonly n: number
  readonly a: Float64Array<ArrayBuffer>
  readonly b: Float64Array<ArrayBuffer>
  readonly probe: Float64Array
}

/**
 * `gallery`: entries −8…8 from mulberry32(1). `workshop`: entries 0…9, A and B as Python's
 * Random(1) and Random(2) give them.
 */
export type Source = 'gallery' | 'workshop'

const made = new Map<string, Factors>()

/**
 * The factors of that order; made once and kept, so that later runs spend their time on the
 * product.
 */
export function factorsOf(source: Source, n: number): Factors {
  const key = `${source} ${n}`
  const factors = made.get(key) ?? make(source, n)
  made.set(key, factors)
  return factors
}

function make(source: Source, n: number): Factors {
  const draw = mulberry32(1)
  const signed = () => Math.floor(17 * draw()) - 8
  const digitsOf = (random: MersenneTwister) => () => random.below(10)
  const [entryOfA, entryOfB] =
    source === 'gallery'
      ? [signed, signed]
      : [digitsOf(new MersenneTwister(1)), digitsOf(new MersenneTwister(2))]
  const a = filled(n * n, entryOfA)
  const b = filled(n * n, entryOfB)
  return { n, a, b, probe: probeOf(n, draw) }
}

/** Matrices from elsewhere, with a probe. */
export function factorsWith(n: number, a: Float64Array<ArrayBuffer>, b: Float64Array<ArrayBuffer>): Factors {
  return { n, a, b, probe: probeOf(n, mulberry32(1)) }
}

function probeOf(n: number, draw: () => number): Float64Array {
  return filled(n, () => Math.floor(3 * draw()) - 1)
}

function filled(length: number, next: () => number): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length }, next)
}
