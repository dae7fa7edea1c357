/** The product of a band of rows with a whole matrix: the inner loop of matrix multiplication. */

/**
 * C = A·B for some rows A (each `n` long, row-major) and an n×n matrix B; gives as many rows as A
 * has.
 *
 * The loops run i, k, j, so that B and C are both read along their rows: more than twice as fast as
 * the textbook's i, j, k, which reads B along its columns, and that without any second core
 * (figures in the README). Exact as long as all sums are integers below 2⁵³.
 */
export function multiplyRows(a: Float64Array, b: Float64Array, n: number): Float64Array<ArrayBuffer> {
  const c = new Float64Array(a.length)
  multiplyInto(c, a, b, n, 0, a.length / n)
  return c
}

/** Adds rows `from` to `to` (excluded) of A·B to those of C. */
export function multiplyInto(
  c: Float64Array,
  a: Float64Array,
  b: Float64Array,
  n: number,
  from: number,
  to: number,
): void {
  for (let start = from * n; start < to * n; start += n) {
    for (let k = 0; k < n; k++) {
      const factor = a[start + k] as number
      const rowOfB = k * n
      for (let j = 0; j < n; j++) {
        c[start + j] = (c[start + j] as number) + factor * (b[rowOfB + j] as number)
      }
    }
  }
}
