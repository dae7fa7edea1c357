import assert from 'node:assert/strict'
import { test } from 'node:test'
import { factorialByBigInt, factorialByDoubles, factorialByParts, modulus } from './factorial.ts'
import { factorials } from './workload.ts'

test('parts agree with BigInt, for every small n and for a large one', () => {
  for (let n = 0; n < 300; n += 1) assert.equal(factorialByParts(n), factorialByBigInt(n), `${n}!`)
  assert.equal(factorialByParts(1_000_000), factorialByBigInt(1_000_000))
  assert.equal(factorialByParts(1_000_000), 641_102_369)
})

test('doubles are exact up to 5,000,000 and wrong for 10,000,000, without a word', () => {
  assert.equal(factorialByDoubles(5_000_000), 974_067_448)
  assert.equal(factorialByParts(5_000_000), 974_067_448)
  assert.equal(factorialByParts(10_000_000), 682_498_929)
  assert.notEqual(factorialByDoubles(10_000_000), factorialByParts(10_000_000))
})

test('a product of any two remainders is reduced right, at the edges too', () => {
  // One step of the loop from a known product: (p−1)! ≡ −1 by Wilson’s theorem is out of reach, so
  // the edges are made by hand.
  const times = (a: number, b: number) => Number((BigInt(a) * BigInt(b)) % BigInt(modulus))
  for (const n of [9_007_199, 9_007_200, 16_777_216]) {
    const before = factorialByParts(n - 1)
    assert.equal(factorialByParts(n), times(before, n))
  }
})

test('a wrong answer does not pass the check', () => {
  const { S } = factorials.sizes
  const answer = factorials.serial(S) as number[]
  assert.equal(factorials.check(answer, S).ok, true)
  assert.equal(factorials.check([1, ...answer.slice(1)], S).ok, false)
  assert.equal(factorials.check([], S).ok, false)
})
