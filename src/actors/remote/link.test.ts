/** Numbers and batches of a link. */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { Counter } from '../fixtures/bank.ts'
import { targetIn } from '../ref.ts'
import { spawn } from '../spawn.ts'
import { BatchNames, type BatchReader, BatchWriter } from './batch.ts'
import { Exports } from './exports.ts'

test('a ref that is on its way while its number is released keeps its number', async () => {
  const target = targetIn(await spawn(Counter, []))
  assert.ok(target !== undefined)
  const exports = new Exports({ ended: () => {}, done: () => {} })
  const number = exports.export(target)
  exports.export(target) // Is under way when the other side has let go of the first.
  exports.release(number, 1)
  assert.equal(exports.get(number)?.target, target)
  exports.release(number, 1)
  assert.equal(exports.get(number), undefined)
  assert.notEqual(exports.export(target), number)
})

test('a batch is read as it was written, and what is not a batch is refused', () => {
  const writer = new BatchWriter()
  const flat = [2, 'x', undefined, null, 5n]
  assert.deepEqual([writer.canBeFlat(flat), writer.canBeFlat([{ n: 1 }])], [true, false])
  writer.tell(1, 'add', flat)
  assert.equal(writer.ask(7, 2, 'get', 0, []), true)
  assert.equal(writer.answer(7, true), true)
  writer.item({ op: 'release', of: 3, count: 1 })
  const heard: unknown[] = []
  const reader: BatchReader = {
    tell: (...told) => heard.push(told),
    ask: (...asked) => heard.push(asked),
    answer: (...answered) => heard.push(answered),
    item: item => heard.push(item),
  }
  new BatchNames().read(structuredClone(writer.take()), reader)
  assert.deepEqual(heard, [
    [1, 'add', [2, 'x', undefined, null, 5n]],
    [7, 2, 'get', 0, []],
    [7, true],
    { op: 'release', of: 3, count: 1 },
  ])
  for (const bad of [undefined, {}, [9], [1, 1, 0, 0], [4, 'add', 1, 1, 0, 5, 1]])
    assert.throws(() => new BatchNames().read(bad, reader), TypeError)
})
