import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MersenneTwister } from './mersenne-twister.ts'

test('below(10) draws what randrange(10) of Python draws', () => {
  const ones = new MersenneTwister(1)
  assert.deepEqual(
    Array.from({ length: 10 }, () => ones.below(10)),
    [2, 9, 1, 4, 1, 7, 7, 7, 6, 3],
  )
  const twos = new MersenneTwister(2)
  assert.deepEqual(
    Array.from({ length: 10 }, () => twos.below(10)),
    [0, 1, 1, 5, 2, 4, 4, 9, 3, 9],
  )
})

test('bits(8) draws what getrandbits(8) of Python draws', () => {
  const random = new MersenneTwister(7)
  assert.deepEqual(
    Array.from({ length: 8 }, () => random.bits(8)),
    [82, 242, 38, 101, 166, 12, 18, 210],
  )
})

test('word() draws the bytes of randbytes of Python', () => {
  const random = new MersenneTwister(5)
  const bytes = new Uint8Array(new Uint32Array([random.word(), random.word()]).buffer)
  assert.equal(Buffer.from(bytes).toString('hex'), '457c769f39d86441')
})

test('the ten thousandth word is that of Python, far past the first 624', () => {
  const random = new MersenneTwister(5489)
  let word = 0
  for (let drawn = 0; drawn < 10_000; drawn++) word = random.word()
  assert.equal(word, 2_375_762_794)
})

test('bytes(count) draws randbytes(count) of Python', () => {
  assert.equal(Buffer.from(new MersenneTwister(5).bytes(8)).toString('hex'), '457c769f39d86441')
})

test('a sample is that of Python, and has no number twice', () => {
  const random = new MersenneTwister(5)
  for (let word = 0; word < (400 * 262_144) / 4; word++) random.word()
  const sample = random.sample(10, 1_000_000, 1_000)
  assert.deepEqual(sample.slice(0, 5), [476677, 710338, 452774, 986702, 354685])
  assert.equal(new Set(sample).size, 1_000)
})
