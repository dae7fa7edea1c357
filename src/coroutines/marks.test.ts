/** What `move()` marks on an executor that sends nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { task } from '../task/task.ts'
import { markedToMove, move } from '../task/transfer.ts'
import { coroutines } from './coroutines.ts'

const look = task(import.meta, function look(value: unknown): unknown {
  return value
})

test('an argument that is marked is passed as it is, and its mark is gone; so is that of a result', async () => {
  await using loop = coroutines()
  const bytes = move(new Uint8Array(4))
  assert.equal(await loop.run(look, bytes), bytes)
  assert.equal(markedToMove(bytes), undefined)
  const mark = task(import.meta, () => move(bytes))
  assert.equal(await loop.run(mark), bytes)
  assert.equal(markedToMove(bytes), undefined)
  assert.equal(bytes.length, 4)
})

test('a mark that never travels costs other calls nothing: nothing that they are given is looked into', async () => {
  await using loop = coroutines()
  const forgotten = move(new Uint8Array(4))
  let looks = 0
  const watched = new Proxy([1, { deep: forgotten }], {
    get: (on, key) => {
      if (key !== 'then' && key !== 'constructor') looks += 1
      return Reflect.get(on, key)
    },
    ownKeys: on => {
      looks += 1
      return Reflect.ownKeys(on)
    },
  })
  const keep = task(import.meta, (value: { watched: unknown }) => value)
  const given = { watched }
  assert.equal(await loop.run(keep, given), given)
  const [first] = await loop.map(keep, [given])
  assert.equal(first, given)
  await loop.with({ retries: 1 }).run(
    task(import.meta, (value: unknown) => value, { idempotent: true }),
    given,
  )
  assert.equal(looks, 0)
  assert.equal(markedToMove(forgotten), forgotten.buffer)
})
