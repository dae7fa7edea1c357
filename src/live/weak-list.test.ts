/** What is listed for tools alone must not live for them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { WeakList } from './weak-list.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

test('what nobody else holds goes, and its places with it', async () => {
  const list = new WeakList<object>()
  const kept = { name: 'kept' }
  list.add(kept)
  for (let round = 0; round < 100; round += 1) {
    for (let n = 0; n < 100; n += 1) list.add({})
    await new Promise(resolve => setImmediate(resolve)) // What was looked at in this turn is held until its end.
    collect()
  }
  assert.deepEqual([...list], [kept])
  assert.ok(list.size < 1_000, `${list.size} places are left of 10,001`)
})
