/**
 * What the last call was given, and has returned, is let go on both sides, though no other call
 * follows.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coroutines } from '../coroutines/coroutines.ts'
import type { Executor } from '../executor/executor.ts'
import { processes } from '../processes/processes.ts'
import { threads } from '../threads/threads.ts'
import * as tasks from './let-go-tasks.ts'

const kinds: Record<string, () => object> = {
  'a record': () => ({ a: 1 }),
  'a Map': () => new Map([[1, { a: 1 }]]),
  'a large array': () => new Uint8Array(1_000_000),
  'an error': () => new Error('x'),
}

/**
 * Made in a function of its own, so that nothing on the stack of the test holds what it was about.
 */
const ways: Record<string, (executor: Executor, make: () => object) => Promise<WeakRef<object>>> = {
  async run(executor, make) {
    const value = make()
    await executor.run(tasks.take, value)
    return new WeakRef(value)
  },
  async 'run, asynchronous'(executor, make) {
    const value = make()
    await executor.run(tasks.takeLater, value)
    return new WeakRef(value)
  },
  async map(executor, make) {
    const value = make()
    await executor.map(tasks.take, [make(), value], { chunk: 2 })
    return new WeakRef(value)
  },
  async result(executor) {
    return new WeakRef(await executor.run(tasks.make, 1))
  },
}

const models: Record<string, () => Executor> = {
  coroutines: () => coroutines(),
  threads: () => threads({ workers: 1 }),
  processes: () => processes({ workers: 1 }),
}

for (const [model, start] of Object.entries(models)) {
  test(`${model}: what a call was given and has returned is let go when it ends, here and there`, async () => {
    await using executor = start()
    for (const [what, make] of Object.entries(kinds))
      for (const [way, call] of Object.entries(ways)) {
        const given = await call(executor, make)
        assert.equal(await tasks.isThere(given), false, `${what}, ${way}: kept here`)
        assert.equal(await executor.run(tasks.isKept, 0), false, `${what}, ${way}: kept there`)
      }
  })
}
