import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mulberry32 } from './mulberry32.ts'

const firstDraws: readonly [seed: number, draws: number[]][] = [
  [1, [2693262067, 11749833, 2265367787]],
  [7, [50271532, 266108690, 4195786334]],
  [42, [2581720956, 1925393290, 3661312704]],
]

for (const [seed, draws] of firstDraws) {
  test(`mulberry32(${seed}) begins with the published draws`, () => {
    const draw = mulberry32(seed)
    assert.deepEqual(
      [draw(), draw(), draw()],
      draws.map(word => word / 2 ** 32),
    )
  })
}

test('two generators of one seed do not disturb each other', () => {
  const [one, other] = [mulberry32(7), mulberry32(7)]
  one()
  one()
  assert.equal(other(), 50271532 / 2 ** 32)
})
