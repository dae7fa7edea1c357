/** The Mandelbrot set, row by row: how many steps each point takes to escape. */
import { imaginaryAt, largestNormInside, realAt, type View } from './view.ts'

/**
 * The counts of rows `from` to `to` (excluded), row-major; `view.iterations` means inside.
 *
 * Plain float64 in one fixed order of operations: a fused multiply-add would give other counts at
 * the border. Costs about 4 ns for each step; a row through the middle of the set takes a thousand
 * times as long as one at the edge.
 */
export function escapeCounts(view: View, from: number, to: number): Uint16Array<ArrayBuffer> {
  const { width } = view
  const columns = Float64Array.from({ length: width }, (_, x) => realAt(x, view))
  const counts = new Uint16Array(width * (to - from))
  for (let y = from; y < to; y++) {
    const row = counts.subarray((y - from) * width, (y - from + 1) * width)
    countRow(row, columns, imaginaryAt(y, view), view.iterations, largestNormInside(view))
  }
  return counts
}

function countRow(
  row: Uint16Array,
  columns: Float64Array,
  ci: number,
  iterations: number,
  largestNorm: number,
): void {
  for (let x = 0; x < row.length; x++) {
    const cr = columns[x] as number
    let [zr, zi, steps] = [0, 0, 0]
    while (steps < iterations) {
      const a = zr * zr
      const b = zi * zi
      if (a + b > largestNorm) break
      zi = 2 * zr * zi + ci
      zr = a - b + cr
      steps += 1
    }
    row[x] = steps
  }
}
