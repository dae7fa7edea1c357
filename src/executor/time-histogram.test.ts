import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TimeHistogram } from './time-histogram.ts'

test('a percentile is at most an eighth above the time that stands there, whatever the times', () => {
  const time = fc.oneof(
    fc.double({ min: 0.001, max: 10, noNaN: true }),
    fc.double({ min: 1, max: 1e9, noNaN: true }),
  )
  fc.assert(
    fc.property(fc.array(time, { minLength: 1, maxLength: 300 }), all => {
      const histogram = new TimeHistogram()
      for (const ms of all) histogram.add(ms)
      const sorted = all.toSorted((one, other) => one - other)
      const { count, min, mean, max, ...percentiles } = histogram.times
      assert.deepEqual([count, min, max], [all.length, sorted[0], sorted.at(-1)])
      assert.ok(Math.abs(mean - all.reduce((sum, ms) => sum + ms, 0) / all.length) <= 1e-6 * max)
      for (const [part, told] of [
        [0.5, percentiles.p50],
        [0.9, percentiles.p90],
        [0.99, percentiles.p99],
        [0.999, percentiles.p999],
      ] as const) {
        const exact = sorted[Math.max(0, Math.ceil(part * all.length) - 1)] as number
        assert.ok(told >= exact && told <= exact * 1.126 + 0.000_13, `${told} for ${exact}`)
      }
    }),
  )
})

test('times that are added together count as often', () => {
  const histogram = new TimeHistogram()
  histogram.add(2, 3)
  histogram.add(100)
  const { count, mean, p50 } = histogram.times
  assert.deepEqual([count, mean], [4, 26.5])
  assert.ok(p50 >= 2 && p50 <= 2.25)
})

test('without any call all is 0', () => {
  assert.deepEqual(new Set(Object.values(new TimeHistogram().times)), new Set([0]))
})
