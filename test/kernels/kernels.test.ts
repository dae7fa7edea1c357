/** The project's own kernels give the answers that are known, on several threads. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { mulberry32 } from '../../gallery/generators/mulberry32.ts'
import { threads } from '../../src/index.ts'
import { kernel } from '../../src/kernels.ts'
import { root } from '../source-tree.ts'

const limit = { timeout: 120_000 }
const pool = threads({ workers: 2 })
const load = (name: string) => kernel(join(root, 'dist/kernels', `${name}.wasm`))
const sha = (bytes: ArrayBufferView) =>
  createHash('sha256')
    .update(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    .digest('hex')
    .slice(0, 16)

before(async () => {
  if (existsSync(join(root, 'dist/kernels'))) return
  const { buildKernels } = (await import('../../scripts/build-kernels.mjs' as string)) as {
    buildKernels(root: string): void
  }
  buildKernels(root)
})
after(() => pool.close())

test(
  'the product of 512 × 512 matrices has the known fingerprint, whoever does which rows',
  limit,
  async () => {
    const n = 512
    const own = await load('matmul')
    const [a, b, c] = [own.allocate('f64', n * n), own.allocate('f64', n * n), own.allocate('f64', n * n)]
    const draw = mulberry32(1)
    for (const matrix of [a, b])
      for (let at = 0; at < n * n; at += 1) matrix[at] = Math.floor(17 * draw()) - 8
    for (const range of [{ to: n }, { to: n, schedule: 'static' as const }, { to: n, chunk: 7 }]) {
      c.fill(Number.NaN)
      await own.forRange(pool, range, 'multiplyRows', a, b, c, n)
      assert.equal(sha(Int32Array.from(c)), 'ce323a9b3a175ad2')
    }
  },
)

test('products of other orders are those of a plain loop', limit, async () => {
  const own = await load('matmul')
  for (const n of [8, 24, 72]) {
    const [a, b, c] = [own.allocate('f64', n * n), own.allocate('f64', n * n), own.allocate('f64', n * n)]
    const draw = mulberry32(n)
    for (const matrix of [a, b]) for (let at = 0; at < n * n; at += 1) matrix[at] = Math.floor(17 * draw())
    await own.forRange(pool, { to: n, chunk: 3 }, 'multiplyRows', a, b, c, n)
    for (let i = 0; i < n; i += 1)
      for (let j = 0; j < n; j += 1) {
        let sum = 0
        for (let k = 0; k < n; k += 1) sum += (a[i * n + k] as number) * (b[k * n + j] as number)
        assert.equal(c[i * n + j], sum)
      }
  }
})

test('the Mandelbrot set has the known counts, at both sizes', limit, async () => {
  const own = await load('mandelbrot')
  for (const [width, height, iterations, known] of [
    [512, 512, 256, 'f6f6728e774157c0'],
    [1024, 768, 1000, '8f61510a2aa7e702'],
  ] as const) {
    const counts = own.allocate('u16', width * height)
    const view = [width, height, iterations, -2, 2.5, -1.25, 2.5] as const
    await own.forRange(pool, { to: height }, 'countRows', counts, ...view)
    assert.equal(sha(counts), known)
  }
})

test('an odd width of the Mandelbrot set leaves its neighbours alone', limit, async () => {
  const own = await load('mandelbrot')
  const counts = own.allocate('u16', 3 * 5)
  await own.forRange(pool, { to: 5, chunk: 1 }, 'countRows', counts, 3, 5, 50, -2, 2.5, -1.25, 2.5)
  const again = own.allocate('u16', 3 * 5)
  own.exports['countRows']?.(0, 5, again.byteOffset, 3, 5, 50, -2, 2.5, -1.25, 2.5)
  assert.deepEqual([...counts], [...again])
  assert.ok(counts.every(count => count > 0))
})

test('the blurred picture has the known bytes, and those of a plain loop at any width', limit, async () => {
  const own = await load('blur')
  for (const [width, height, known] of [
    [1024, 768, 'ecbce3f088fe13b5'],
    [37, 9, undefined],
    [8, 5, undefined],
    [3, 2, undefined],
  ] as const) {
    const [image, out] = [own.allocate('u8', width * height), own.allocate('u8', width * height)]
    for (let at = 0; at < image.length; at += 1) image[at] = ((at % width) ^ Math.floor(at / width)) & 255
    const scratch = own.allocate('u16', (width + 4) * height)
    await own.forRange(pool, { to: height, chunk: 2 }, 'blurRows', image, out, scratch, width, height)
    if (known !== undefined) assert.equal(sha(out), known)
    assert.deepEqual(out, blurred(image, width, height, own.allocate('u8', width * height)))
  }
})

function blurred(image: Uint8Array, width: number, height: number, out: Uint8Array): Uint8Array {
  const within = (value: number, end: number) => Math.max(0, Math.min(end - 1, value))
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      let sum = 0
      for (let dy = -2; dy <= 2; dy += 1)
        for (let dx = -2; dx <= 2; dx += 1)
          sum += image[within(y + dy, height) * width + within(x + dx, width)] as number
      out[y * width + x] = Math.floor(sum / 25)
    }
  return out
}
