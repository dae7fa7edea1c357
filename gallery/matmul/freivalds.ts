/** Checks a product without computing it again. */
import type { Factors } from './factors.ts'

/**
 * Whether C·v = A·(B·v) for the factors' probe v: n² steps instead of n³. Exact for integers. A
 * wrong C passes only if its error happens to vanish on v.
 *
 * Source: Rūsiņš Freivalds, "Probabilistic machines can use less running time" (1977).
 */
export function provesProduct({ n, a, b, probe }: Factors, c: Float64Array): boolean {
  const expected = times(a, times(b, probe, n), n)
  return times(c, probe, n).every((entry, row) => entry === expected[row])
}

function times(matrix: Float64Array, vector: Float64Array, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, row) => {
    let sum = 0
    for (let k = 0; k < n; k++) sum += (matrix[row * n + k] as number) * (vector[k] as number)
    return sum
  })
}
