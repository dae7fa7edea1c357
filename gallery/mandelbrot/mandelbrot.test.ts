import assert from 'node:assert/strict'
import { test } from 'node:test'
import { escapeCounts } from './escape.ts'
import type { View } from './view.ts'
import { mandelbrot } from './workload.ts'

const small: View = { width: 60, height: 44, iterations: 100, plane: 'centred' }

test('1024 × 768 with 1000 iterations has the known counts; its four equal strips are 3, 47, 47 and 3 % of the work', async () => {
  const size = mandelbrot.sizes.M
  const counts = await mandelbrot.serial(size)
  const verdict = mandelbrot.check(counts, size)
  assert.equal(verdict.shows, verdict.expected)
  const strip = counts.length / 4
  const percents = [0, 1, 2, 3].map(i => {
    const steps = counts.subarray(i * strip, (i + 1) * strip).reduce((sum, count) => sum + count, 0)
    return Math.round((100 * steps) / size.known.sum)
  })
  assert.deepEqual(percents, [3, 47, 47, 3])
})

test('the known counts give the area of the set within one percent', () => {
  const { known, view } = mandelbrot.sizes.L
  const area = (known.inside / (view.width * view.height)) * 6.25
  assert.ok(Math.abs(area - 1.5066) < 0.015, `${area}`)
})

test('a band has the same counts as those rows of the whole picture', () => {
  const whole = escapeCounts(small, 0, small.height)
  const band = escapeCounts(small, 17, 30)
  assert.deepEqual(band, whole.slice(17 * small.width, 30 * small.width))
})

test('one wrong pixel does not pass the check', async () => {
  const size = mandelbrot.sizes.S
  const counts = await mandelbrot.serial(size)
  assert.equal(mandelbrot.check(counts, size).ok, true)
  counts[0] = (counts[0] as number) + 1
  assert.equal(mandelbrot.check(counts, size).ok, false)
})

test('the picture has three bytes for each pixel, and its inside is black', async () => {
  const size = mandelbrot.sizes.S
  const counts = await mandelbrot.serial(size)
  const picture = mandelbrot.picture?.(counts, size)
  assert.equal(picture?.rgb.length, 3 * 512 * 512)
  const inside = counts.indexOf(256)
  assert.deepEqual([...(picture?.rgb.subarray(3 * inside, 3 * inside + 3) ?? [])], [0, 0, 0])
})

test('the workshop size has the workshop colours', () => {
  const size = mandelbrot.sizes.workshop
  const counts = new Uint16Array(size.view.width * size.view.height).fill(1000)
  counts[0] = 13
  const rgb = mandelbrot.picture?.(counts, size).rgb ?? []
  assert.deepEqual([...rgb.slice(0, 6)], [5 * 32, 13 * 16, 13 * 8, 0, 8 * 16, 8 * 8])
})
