/** Matrix multiplication on memory that threads share: each call does some rows. AssemblyScript. */

/**
 * How many columns of B, and of its rows, are worked on at a time: 64 × 64 numbers of B are 32 KiB,
 * as large as the fastest cache.
 */
const columnsAtOnce: i32 = 64
const depthAtOnce: i32 = 64

/**
 * Rows `from` to `to` (excluded) of C = A·B. All are n × n, of f64, row by row; `a`, `b`, `c` are
 * their addresses. n must be a multiple of 8.
 *
 * Four rows of C are done at once, so that each number of B that is loaded is used four times, with
 * two columns in each register. Sums are in the order of k within a block, so integers below 2⁵³
 * are exact.
 *
 * Source of the blocking: Kazushige Goto, Robert van de Geijn, "Anatomy of high-performance matrix
 * multiplication" (2008).
 */
export function multiplyRows(from: i32, to: i32, a: usize, b: usize, c: usize, n: i32): void {
  const rowBytes = (<usize>n) << 3
  memory.fill(c + <usize>from * rowBytes, 0, <usize>(to - from) * rowBytes)
  for (let k0 = 0; k0 < n; k0 += depthAtOnce) {
    const k1 = min(k0 + depthAtOnce, n)
    for (let j0 = 0; j0 < n; j0 += columnsAtOnce) {
      const j1 = min(j0 + columnsAtOnce, n)
      let i = from
      for (; i + 4 <= to; i += 4) fourRows(i, k0, k1, j0, j1, a, b, c, rowBytes)
      for (; i < to; i++) oneRow(i, k0, k1, j0, j1, a, b, c, rowBytes)
    }
  }
}

function fourRows(
  i: i32,
  k0: i32,
  k1: i32,
  j0: i32,
  j1: i32,
  a: usize,
  b: usize,
  c: usize,
  rowBytes: usize,
): void {
  const a0 = a + <usize>i * rowBytes
  const a1 = a0 + rowBytes
  const a2 = a1 + rowBytes
  const a3 = a2 + rowBytes
  for (let j = j0; j < j1; j += 4) {
    const c0 = c + <usize>i * rowBytes + ((<usize>j) << 3)
    const c1 = c0 + rowBytes
    const c2 = c1 + rowBytes
    const c3 = c2 + rowBytes
    let s00 = v128.load(c0)
    let s01 = v128.load(c0, 16)
    let s10 = v128.load(c1)
    let s11 = v128.load(c1, 16)
    let s20 = v128.load(c2)
    let s21 = v128.load(c2, 16)
    let s30 = v128.load(c3)
    let s31 = v128.load(c3, 16)
    let bAt = b + <usize>k0 * rowBytes + ((<usize>j) << 3)
    for (let k = k0; k < k1; k++) {
      const b0 = v128.load(bAt)
      const b1 = v128.load(bAt, 16)
      const at = (<usize>k) << 3
      let factor = v128.load64_splat(a0 + at)
      s00 = f64x2.add(s00, f64x2.mul(factor, b0))
      s01 = f64x2.add(s01, f64x2.mul(factor, b1))
      factor = v128.load64_splat(a1 + at)
      s10 = f64x2.add(s10, f64x2.mul(factor, b0))
      s11 = f64x2.add(s11, f64x2.mul(factor, b1))
      factor = v128.load64_splat(a2 + at)
      s20 = f64x2.add(s20, f64x2.mul(factor, b0))
      s21 = f64x2.add(s21, f64x2.mul(factor, b1))
      factor = v128.load64_splat(a3 + at)
      s30 = f64x2.add(s30, f64x2.mul(factor, b0))
      s31 = f64x2.add(s31, f64x2.mul(factor, b1))
      bAt += rowBytes
    }
    v128.store(c0, s00)
    v128.store(c0, s01, 16)
    v128.store(c1, s10)
    v128.store(c1, s11, 16)
    v128.store(c2, s20)
    v128.store(c2, s21, 16)
    v128.store(c3, s30)
    v128.store(c3, s31, 16)
  }
}

function oneRow(
  i: i32,
  k0: i32,
  k1: i32,
  j0: i32,
  j1: i32,
  a: usize,
  b: usize,
  c: usize,
  rowBytes: usize,
): void {
  const rowOfA = a + <usize>i * rowBytes
  for (let j = j0; j < j1; j += 2) {
    const at = c + <usize>i * rowBytes + ((<usize>j) << 3)
    let sum = v128.load(at)
    let bAt = b + <usize>k0 * rowBytes + ((<usize>j) << 3)
    for (let k = k0; k < k1; k++) {
      const factor = v128.load64_splat(rowOfA + ((<usize>k) << 3))
      sum = f64x2.add(sum, f64x2.mul(factor, v128.load(bAt)))
      bAt += rowBytes
    }
    v128.store(at, sum)
  }
}
