/** The size of chunks follows what calls cost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ChunkSizer } from './chunk.ts'

const two = { workers: 2 }

/** A sizer that has seen chunks of its own size, `rounds` times, with calls that cost the same. */
function accustomed(costMs: number, rounds = 20): ChunkSizer {
  const sizer = new ChunkSizer('auto', two)
  for (let round = 0; round < rounds; round += 1)
    sizer.learn({ items: sizer.size, workMs: sizer.size * costMs, longestMs: costMs })
  return sizer
}

test('a size that was given is kept, whatever the calls cost and however few inputs are left', () => {
  const sizer = new ChunkSizer(7, two)
  for (const workMs of [0, 0.001, 1_000]) sizer.learn({ items: 7, workMs })
  assert.deepEqual([sizer.size, sizer.next(3), sizer.next(undefined)], [7, 7, 7])
})

/** So that sums of it are exact. */
const cheapMs = 2 ** -7

test('cheap calls travel together: the size begins with one, at most doubles, and ends near 4 ms of work', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20].map(rounds => accustomed(cheapMs, rounds).size),
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512],
  )
})

test('the size grows only when chunks of the present size were measured', () => {
  const sizer = accustomed(0.01, 2)
  assert.equal(sizer.size, 4)
  for (const items of [1, 2, 3]) sizer.learn({ items, workMs: items * 0.01 })
  assert.equal(sizer.size, 4)
  sizer.learn({ items: 4, workMs: 0.04 })
  assert.equal(sizer.size, 8)
})

test('calls of 4 ms and more travel alone, and so do those of more than half of that', () => {
  assert.deepEqual([accustomed(4.5).size, accustomed(2.5).size, accustomed(2).size], [1, 1, 2])
})

test('calls that turn out expensive shrink the size at once; when they are cheap again it grows step by step', () => {
  const sizer = accustomed(0.001)
  assert.equal(sizer.size, 4_000)
  sizer.learn({ items: 100, workMs: 1_000 })
  assert.equal(sizer.size, 1)
  sizer.learn({ items: 1, workMs: 0.001 })
  assert.equal(sizer.size, 2)
})

test('items that differ much go together only as far as a message needs it, and one by one at the end', () => {
  const sizer = new ChunkSizer('auto', two)
  // Nine of ten take 0.02 ms, the tenth 10 ms: 1 ms on average.
  for (let item = 0; item < 400; item += 1) {
    const costMs = item % 10 === 3 ? 10 : 0.02
    sizer.learn({ items: 1, workMs: costMs, longestMs: costMs })
    if (item >= 40) assert.ok(sizer.size <= 4, `${sizer.size} after ${item} items`)
  }
  assert.deepEqual([sizer.next(16), sizer.next(1)], [1, 1])
})

test('one item that takes far longer than its chunk makes chunks small, not so small that messages cost more than 3 %', () => {
  const sizer = accustomed(0.01)
  assert.ok(sizer.size > 390)
  sizer.learn({ items: 400, workMs: 404, longestMs: 400 })
  assert.ok(sizer.size <= 4)
  // Cheap ones again: on average an item now takes 0.06 ms, most of it from the long one.
  for (let round = 0; round < 30; round += 1)
    sizer.learn({ items: sizer.size, workMs: sizer.size * 0.01, longestMs: 0.01 })
  assert.ok(sizer.size >= 4 && sizer.size <= 100, `${sizer.size}`)
})

test('a pause now and then does not make tiny items uneven: chunks of many are alike', () => {
  const sizer = accustomed(0.0001)
  for (let round = 0; round < 100; round += 1) {
    const pauseMs = round % 20 === 0 ? 2 : 0
    const items = sizer.size
    sizer.learn({ items, workMs: items * 0.0001 + pauseMs, longestMs: pauseMs })
  }
  assert.ok(sizer.size > 10_000, `${sizer.size}`)
})

test('when few inputs are left, every worker still gets several chunks, as long as messages stay cheap', () => {
  const sizer = accustomed(cheapMs)
  assert.deepEqual(
    [undefined, 1e9, 1_600, 1_024, 0].map(left => sizer.next(left)),
    [512, 512, 100, 64, 64],
  )
})

test('a chunk does not hold more than a mebibyte, as far as bytes are seen', () => {
  const sizer = accustomed(0.001)
  sizer.learn({ items: 100, workMs: 0.1, bytes: 100 * 64 * 1024 })
  assert.equal(sizer.size, 16)
  sizer.learn({ items: 1, workMs: 0.001, bytes: 2 ** 30 })
  assert.equal(sizer.size, 1)
})

test('whatever calls cost, the size is a whole number from 1 to 65,536, and no more than twice the one before', () => {
  const cost = fc.double({ min: 0, max: 1e9, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(fc.record({ items: fc.integer({ min: 1, max: 1e5 }), workMs: cost, longestMs: cost }), {
        maxLength: 50,
      }),
      fc.option(fc.integer({ min: -5, max: 1e7 }), { nil: undefined }),
      (measures, left) => {
        const sizer = new ChunkSizer('auto', { workers: 3 })
        for (const measure of measures) {
          const before = sizer.size
          sizer.learn(measure)
          const next = sizer.next(left)
          for (const size of [sizer.size, next])
            assert.ok(Number.isInteger(size) && size >= 1 && size <= 65_536, `${size}`)
          assert.ok(sizer.size <= before * 2 && next <= sizer.size)
        }
      },
    ),
  )
})
