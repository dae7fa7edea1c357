import assert from 'node:assert/strict'
import { test } from 'node:test'
import { factorsOf } from './factors.ts'
import { provesProduct } from './freivalds.ts'
import { multiplyRows } from './multiply.ts'
import { matmul } from './workload.ts'

test('the product of two small matrices is what one finds by hand', () => {
  const a = Float64Array.of(1, 2, 3, 4)
  const b = Float64Array.of(5, 6, 7, 8)
  assert.deepEqual(multiplyRows(a, b, 2), Float64Array.of(19, 22, 43, 50))
})

test('some rows of A give those rows of C', () => {
  const { a, b, n } = factorsOf('workshop', 50)
  const whole = multiplyRows(a, b, n)
  assert.deepEqual(multiplyRows(a.slice(10 * n, 13 * n), b, n), whole.slice(10 * n, 13 * n))
})

test('times the identity, a matrix stays as it is', () => {
  const { a, n } = factorsOf('workshop', 50)
  const identity = new Float64Array(n * n)
  for (let i = 0; i < n; i++) identity[i * n + i] = 1
  assert.deepEqual(multiplyRows(a, identity, n), a)
})

test('the factors begin as published', () => {
  assert.deepEqual([...factorsOf('gallery', 512).a.slice(0, 8)], [2, -8, 0, 8, 8, -4, 2, 4])
  assert.deepEqual([...factorsOf('workshop', 100).a.slice(0, 10)], [2, 9, 1, 4, 1, 7, 7, 7, 6, 3])
  assert.deepEqual([...factorsOf('workshop', 100).b.slice(0, 10)], [0, 1, 1, 5, 2, 4, 4, 9, 3, 9])
})

test('512 × 512 has the known trace, sum and fingerprint', async () => {
  const size = matmul.sizes.M
  const verdict = matmul.check(await matmul.serial(size), size)
  assert.equal(verdict.shows, verdict.expected)
  assert.ok(verdict.ok)
})

test('a product with one wrong entry passes neither the probe nor the check', async () => {
  const size = matmul.sizes.S
  const factors = factorsOf('gallery', 256)
  const [product] = (await matmul.serial(size)) as [Float64Array]
  assert.ok(provesProduct(factors, product))
  // Where the probe has a zero it cannot see an error, so the wrong entry stands where it has none.
  const column = factors.probe.findIndex(entry => entry !== 0)
  product[3 * 256 + column] = (product[3 * 256 + column] as number) + 1
  assert.ok(!provesProduct(factors, product))
  assert.equal(matmul.check([product], size).ok, false)
})
