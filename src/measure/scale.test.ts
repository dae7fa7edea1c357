import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OptionError } from '../errors.ts'
import { add, spin } from './fixtures/tasks.ts'
import { scale } from './scale.ts'
import { usualNumbers } from './usual-numbers.ts'

test('each number of workers is measured beside one worker and a plain loop', async () => {
  const { task, items, rounds, points, loopMs, best, amdahl, usl } = await scale(spin, {
    inputs: [4, 4, 4, 4],
    workers: [2],
    rounds: 3,
    waitMs: 0,
  })
  assert.deepEqual([task, items, rounds], ['spin', 4, 3])
  assert.deepEqual(
    points.map(({ workers, samplesMs }) => [workers, samplesMs.length]),
    [
      [1, 3],
      [2, 3],
    ],
  )
  assert.ok(loopMs.median >= 10 && points.every(({ wallMs }) => wallMs.median > 0))
  assert.equal(points[0]?.speedUp.median, 1)
  assert.ok(best === 1 || best === 2)
  assert.ok(amdahl !== undefined && amdahl.serial.median >= 0 && amdahl.serial.median <= 1)
  assert.equal(usl, undefined)
})

test('where time goes is told of each thread, as parts of the whole', {
  skip: !('threadCpuUsage' in process),
}, async () => {
  const { points } = await scale(spin, { inputs: [20, 1], workers: [2], rounds: 3, waitMs: 0 })
  const losses = points[1]?.losses
  assert.ok(losses !== undefined)
  for (const share of Object.values(losses)) assert.ok(share >= 0 && share <= 1, JSON.stringify(losses))
  // One of two workers has nothing left to do: it idles, whatever the machine does meanwhile.
  assert.ok(losses.tail + losses.waiting > 0.05, JSON.stringify(losses))
})

test('what the task throws rejects, and a wrong option throws in one line', async () => {
  await assert.rejects(scale(add, { inputs: [] }), OptionError)
  await assert.rejects(scale(add, { inputs: [[1, 2]], workers: [0] }), OptionError)
  await assert.rejects(scale(add, { inputs: [[1, 2]], workers: [200, 100] }), /threads together/)
  await assert.rejects(scale(add, { inputs: [[1, 2]], worker: [2] } as never), /workers/)
})

test('usual numbers of workers have enough points for a fit where there are cores', () => {
  assert.deepEqual(usualNumbers(1), [1])
  assert.deepEqual(usualNumbers(2), [1, 2])
  assert.deepEqual(usualNumbers(8), [1, 2, 3, 4, 6, 8])
  assert.deepEqual(usualNumbers(10), [1, 2, 3, 4, 6, 8, 10])
})
