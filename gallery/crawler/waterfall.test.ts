import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waterfall } from './waterfall.ts'

const timings = [
  { host: 'b', status: 500, beganMs: 100, endedMs: 200 },
  { host: 'a', status: 200, beganMs: 0, endedMs: 100 },
]

function colourAt({ width, rgb }: ReturnType<typeof waterfall>, x: number, y: number): string {
  return [...rgb.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)].join()
}

test('bars stand in the order in which requests began, and go as far as they took', () => {
  const picture = waterfall(timings)
  assert.equal(picture.rgb.length, 3 * picture.width * picture.height)
  const [first, second] = [colourAt(picture, 250, 8), colourAt(picture, 750, 10)]
  assert.equal(first, '0,114,178')
  assert.equal(second, '213,37,0')
  assert.equal(colourAt(picture, 750, 8), '255,255,255')
  assert.equal(colourAt(picture, 250, 10), '255,255,255')
})

test('a crawl without a request is an empty picture', () => {
  const { width, height, rgb } = waterfall([])
  assert.equal(rgb.length, 3 * width * height)
})
