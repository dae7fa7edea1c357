import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decide, estimate, estimateRatio } from './estimate.ts'

const length = fc.double({ min: 0.001, max: 1e6, noNaN: true })

test('the median lies in its interval, and the interval within the samples when there are enough to resample', () => {
  fc.assert(
    fc.property(fc.array(length, { minLength: 6, maxLength: 30 }), samples => {
      const { median, low, high } = estimate(samples)
      assert.ok(low <= median && median <= high)
      assert.ok(low >= Math.min(...samples) && high <= Math.max(...samples))
    }),
    { numRuns: 30 },
  )
})

test('few samples have a wider interval than their range, for their range does not hold 95 %', () => {
  const { low, high } = estimate([10, 11, 12])
  assert.ok(low < 10 && high > 12, `[${low}, ${high}]`)
})

test('fewer than three samples leave the interval open', () => {
  const open = { low: 0, high: Number.POSITIVE_INFINITY }
  assert.deepEqual(estimate([5]), { median: 5, ...open })
  assert.deepEqual(estimate([5, 7]), { median: 6, ...open })
  assert.ok(estimate([5, 6, 7]).high < Number.POSITIVE_INFINITY)
})

test('the same samples give the same interval', () => {
  const samples = [3, 1, 4, 1, 5, 9, 2, 6]
  assert.deepEqual(estimate(samples), estimate(samples))
})

test('a disturbance that both runs of a round share leaves their ratio alone', () => {
  const drift = [1, 3, 2, 7, 1.5, 4]
  const ratio = estimateRatio(
    drift.map(slow => 200 * slow),
    drift.map(slow => 100 * slow),
  )
  assert.deepEqual(ratio, { median: 2, low: 2, high: 2 })
})

test('no side is called while the interval holds 1', () => {
  assert.equal(decide({ median: 1.5, low: 1.01, high: 2 }), 'above')
  assert.equal(decide({ median: 1.5, low: 1, high: 2 }), 'undecided')
  assert.equal(decide({ median: 1, low: 0.8, high: 1.1 }), 'not above')
  assert.equal(decide({ median: 0.8, low: 0.7, high: 0.99 }), 'below')
})
