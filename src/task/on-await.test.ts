import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onAwait } from './on-await.ts'

const waits: readonly (readonly [string, (promise: Promise<number>) => unknown, boolean])[] = [
  ['await', async promise => await promise, true],
  ['then', promise => promise.then(() => {}), true],
  ['Promise.all', promise => Promise.all([promise]), true],
  ['Promise.race', promise => Promise.race([promise]), true],
  ['Promise.allSettled', promise => Promise.allSettled([promise]), true],
  ['the return of an async function', promise => (async () => promise)(), true],
  ['catch', promise => promise.catch(() => {}), false],
  ['finally', promise => promise.finally(() => {}).catch(() => {}), false],
  ['void', promise => void promise, false],
]

for (const [how, wait, seen] of waits) {
  test(`${how} ${seen ? 'is noticed' : 'is no wait'}, and gives what it gives without`, async () => {
    let noticed = 0
    const promise = Promise.resolve(5)
    onAwait(promise, () => {
      noticed += 1
    })
    const plain = await wait(Promise.resolve(5))
    const watched = wait(promise)
    await new Promise(resolve => setImmediate(resolve))
    assert.equal(noticed > 0, seen)
    assert.deepEqual(await watched, plain)
  })
}
