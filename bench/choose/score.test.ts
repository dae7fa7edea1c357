import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Forced, Played } from './played.ts'
import { intervalOfShare, scoreOf, shareOf } from './score.ts'

function played(
  way: string,
  concurrency: number,
  predictedMs: number,
  forced: readonly [string, number[]][],
): Played {
  const one = { way, concurrency, ms: { median: predictedMs, low: 0, high: 1e9 } }
  return {
    items: 100,
    nextMs: 25,
    choice: {
      ...one,
      predictions: [one],
      profile: { firstMs: 5, returnsPromise: true, trialMs: 20 },
    } as unknown as Played['choice'],
    forced: forced.map(([key, samplesMs]): Forced => {
      const [, name = key, number] = /^(.*?)(?: (\d+))?$/.exec(key) ?? []
      return { key, way: name, concurrency: Number(number ?? 1), samplesMs }
    }),
  } as unknown as Played
}

const forced: [string, number[]][] = [
  ['plain loop', [100, 101, 102]],
  ['coroutines 64', [9, 10, 11]],
  ['threads', [49, 50, 51]],
  ['auto', [12, 12, 12]],
]

test('regret is the time of the chosen way over that of the best, with the rules on the same figures', () => {
  const scored = scoreOf(played('threads', 1, 100, forced), 2)
  assert.equal(scored.regret, 5)
  assert.equal(scored.right, false)
  assert.deepEqual([scored.timeError, scored.nextError], [1, 2])
  assert.equal(scored.auto, 1.2)
  assert.equal(scored.rules['always the plain loop'], 10.1)
  assert.equal(scored.rules['always coroutines × 64'], 1)
  assert.equal(scored.rules['one cold call ÷ cores'], 1)
  assert.equal(scored.rules['joblib: processes'], Number.POSITIVE_INFINITY)
})

test('a choice within the interval of the best is right', () => {
  const near: [string, number[]][] = [['plain loop', [11.4, 11.5, 11.6]], ...forced.slice(1)]
  assert.equal(scoreOf(played('plain loop', 1, 11, near), 2).right, true)
})

test('a share has its exact interval', () => {
  const { low, high } = intervalOfShare(23, 24)
  assert.deepEqual([low.toFixed(3), high.toFixed(3)], ['0.789', '0.999'])
  assert.equal(intervalOfShare(24, 24).high, 1)
  assert.equal(
    shareOf([1, 2, 3, 4], n => n > 1),
    0.75,
  )
})
