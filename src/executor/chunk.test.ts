/** The size of chunks follows what calls cost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ChunkSizer } from './chunk.ts'

const many = { adapts: true, total: undefined, workers: 2 }

test('a size that was given is kept, whatever the calls cost', () => {
  const sizer = new ChunkSizer(7, many)
  for (const workMs of [0, 0.001, 1_000]) sizer.learn(7, workMs)
  assert.equal(sizer.size, 7)
})

test('cheap calls travel together: the size begins with one, at most doubles, and ends near 2 ms of work', () => {
  const sizer = new ChunkSizer('auto', many)
  const sizes = [sizer.size]
  for (let round = 0; round < 20; round += 1) {
    sizer.learn(sizer.size, sizer.size * 0.01)
    sizes.push(sizer.size)
  }
  assert.deepEqual(sizes.slice(0, 9), [1, 2, 4, 8, 16, 32, 64, 128, 200])
  assert.equal(sizes.at(-1), 200)
})

test('calls of 2 ms and more travel alone', () => {
  const sizer = new ChunkSizer('auto', many)
  for (let round = 0; round < 5; round += 1) sizer.learn(1, 2.5)
  assert.equal(sizer.size, 1)
})

test('calls that turn out dear shrink the size at once; that they are cheap again counts slowly', () => {
  const sizer = new ChunkSizer('auto', many)
  for (let round = 0; round < 20; round += 1) sizer.learn(sizer.size, sizer.size * 0.001)
  assert.ok(sizer.size > 1_000)
  sizer.learn(1, 10)
  assert.equal(sizer.size, 1)
  sizer.learn(1, 0.001)
  assert.equal(sizer.size, 1)
})

test('with a known number of inputs, every worker gets several chunks', () => {
  for (const [total, workers, most] of [
    [1_000, 4, 32],
    [10, 4, 1],
    [0, 4, 1],
    [1, 1, 1],
  ] as const) {
    const sizer = new ChunkSizer('auto', { adapts: true, total, workers })
    for (let round = 0; round < 20; round += 1) sizer.learn(sizer.size, 0)
    assert.equal(sizer.size, most)
  }
})

test('where nothing is gained by chunks, the size stays one', () => {
  const sizer = new ChunkSizer('auto', { ...many, adapts: false })
  sizer.learn(1, 0)
  assert.equal(sizer.size, 1)
})

test('whatever calls cost, the size is a whole number from 1 to 65,536, and no more than twice the one before', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { maxLength: 50 }),
      fc.option(fc.nat(1e7), { nil: undefined }),
      (costs, total) => {
        const sizer = new ChunkSizer('auto', { adapts: true, total, workers: 3 })
        for (const workMs of costs) {
          const before = sizer.size
          sizer.learn(before, workMs)
          assert.ok(Number.isInteger(sizer.size) && sizer.size >= 1 && sizer.size <= 65_536)
          assert.ok(sizer.size <= before * 2)
        }
      },
    ),
  )
})
