/** The plain JavaScript beside the kernels. */
import { escapeCounts } from '../../gallery/mandelbrot/escape.ts'
import type { View } from '../../gallery/mandelbrot/view.ts'
import { task } from '../../src/index.ts'

const block = 64

/** Rows of C = A·B, in blocks that fit the fastest cache: the best that plain JavaScript does. */
export const multiplyBlocked = task(
  import.meta,
  (from: number, to: number, a: Float64Array, b: Float64Array, c: Float64Array, n: number) => {
    c.fill(0, from * n, to * n)
    for (let k0 = 0; k0 < n; k0 += block)
      for (let j0 = 0; j0 < n; j0 += block)
        for (let i = from; i < to; i += 1)
          for (let k = k0; k < k0 + block; k += 1) {
            const factor = a[i * n + k] as number
            for (let j = j0; j < j0 + block; j += 1)
              c[i * n + j] = (c[i * n + j] as number) + factor * (b[k * n + j] as number)
          }
  },
)

export const countEscapes = task(import.meta, (from: number, to: number, counts: Uint16Array, view: View) =>
  counts.set(escapeCounts(view, from, to), from * view.width),
)

export const blurRows = task(
  import.meta,
  (from: number, to: number, image: Uint8Array, out: Uint8Array, width: number, height: number) => {
    const columns = new Uint16Array(width + 4)
    for (let y = from; y < to; y += 1) {
      for (let x = 0; x < width; x += 1) {
        let sum = 0
        for (let dy = -2; dy <= 2; dy += 1)
          sum += image[Math.max(0, Math.min(height - 1, y + dy)) * width + x] as number
        columns[x + 2] = sum
      }
      columns.fill(columns[2] as number, 0, 2)
      columns.fill(columns[width + 1] as number, width + 2)
      for (let x = 0; x < width; x += 1) {
        let sum = 0
        for (let dx = 0; dx < 5; dx += 1) sum += columns[x + dx] as number
        out[y * width + x] = sum / 25
      }
    }
  },
)

/** k · i stays exact in a double: i is below 2⁵³ / modulus. */
export const factorial = task(import.meta, (n: number, modulus: number) => {
  let k = 1
  for (let i = 2; i <= n; i += 1) k = (k * i) % modulus
  return k
})
