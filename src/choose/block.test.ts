import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInTurn, without } from './block.ts'

test('time in which others had the core is taken off the items that were held up', () => {
  assert.deepEqual(without(9, [1, 1, 10, 1]), [1, 1, 1, 1])
  assert.deepEqual(without(3, [1, 4, 1, 7]).map(Math.round), [1, 3, 1, 5])
  assert.deepEqual(without(0, [1, 2, 3]), [1, 2, 3])
  assert.deepEqual(without(99, [5]), [0])
})

test('a call that sleeps by itself keeps its time: others are not to blame', async () => {
  const sleep = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 40)
  const { wallMs, cpuMs } = await runInTurn(sleep, [[]])
  assert.ok(wallMs >= 20 && cpuMs < wallMs, `${wallMs}, ${cpuMs}`)
})

test('calls that are timed together only have their results and failures all the same', async () => {
  const half = (n: number) => {
    if (n === 3) throw new RangeError('not three')
    return n / 2
  }
  const block = await runInTurn(half as never, [[2], [3], [4]], { each: false })
  assert.deepEqual([block.values[0], block.values[2]], [1, 2])
  assert.deepEqual([...(block.failures?.keys() ?? [])], [1])
  assert.deepEqual(block.itemsMs, [])
  assert.equal(block.samples.length, 2)
})
