import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onAwait } from './on-await.ts'

const waits: readonly (readonly [string, (promise: Promise<number>) => unknown, boolean])[] = [
  ['await', async promise => await promise, true],
  ['await of a chain', async promise => await promise.then(n => n).finally(() => {}), true],
  ['a chain that an async function returns', promise => (async () => promise.then(n => n))(), true],
  ['resolve(promise)', promise => new Promise(resolve => resolve(promise)), true],
  ['then(resolve)', promise => new Promise(resolve => void promise.then(resolve)), true],
  ['Promise.all', promise => Promise.all([promise]), true],
  ['Promise.race', promise => Promise.race([promise]), true],
  ['Promise.allSettled', promise => Promise.allSettled([promise]), true],
  ['the return of an async function', promise => (async () => promise)(), true],
  ['then', promise => promise.then(() => {}), false],
  [
    'then with both functions',
    promise =>
      promise.then(
        () => {},
        () => {},
      ),
    false,
  ],
  ['catch', promise => promise.catch(() => {}), false],
  ['finally', promise => promise.finally(() => {}).catch(() => {}), false],
  ['void', promise => void promise, false],
]

for (const [how, wait, seen] of waits) {
  test(`${how} ${seen ? 'is noticed' : 'is not a wait'}, and gives what it gives without`, async () => {
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
