/**
 * What the library and the gallery do with shared memory, in small: nothing of it is a race. With
 * `--proxy` it says whether views are watched.
 */
import assert from 'node:assert/strict'
import { types } from 'node:util'
import { transferLocked, transferOrdered } from '../../gallery/bank/tasks.ts'
import { factorsOf } from '../../gallery/matmul/factors.ts'
import { multiplyRows } from '../../gallery/matmul/multiply.ts'
import { multiplySharedRow } from '../../gallery/matmul/tasks.ts'
import { threads } from '../../src/index.ts'
import { parallelFor } from '../../src/parallel.ts'
import { Mutex, ReentrantMutex, RwLock, SharedArray } from '../../src/sync.ts'
import * as sync from '../../src/testing/sync-tasks.ts'

if (process.argv[2] === '--proxy') console.log(types.isProxy(new SharedArray('i32', 1).view))
else await runAll()

async function runAll(): Promise<void> {
  await using pool = threads({ workers: 2 })
  const both = (call: (number: 0 | 1) => PromiseLike<unknown>) => Promise.all([call(0), call(1)])

  const accounts = SharedArray.from('f64', [100, 100])
  const [bank, locks] = [new Mutex(), [new Mutex(), new Mutex()]]
  await both(from => pool.run(transferLocked, accounts, bank, from, 1 - from, 50))
  await both(from => pool.run(transferOrdered, accounts, locks, from, 1 - from, 50))
  assert.deepEqual([...accounts], [100, 100])

  const n = 16
  const { a, b } = factorsOf('gallery', n)
  for (const schedule of ['static', 'dynamic', 'guided'] as const) {
    const product = new SharedArray('f64', n * n)
    await parallelFor(
      pool,
      { to: n, schedule },
      multiplySharedRow,
      SharedArray.from('f64', a),
      SharedArray.from('f64', b),
      product,
      n,
    )
    assert.deepEqual([...product], [...multiplyRows(a, b, n)])
  }

  const numbers = new SharedArray('i32', 2)
  const mutex = new Mutex()
  await Promise.all([
    pool.run(sync.countLocked, mutex, numbers, 50),
    pool.run(sync.countLockedAsync, mutex, numbers, 50),
    sync.countLockedAsync(mutex, numbers, 50),
  ])
  assert.equal(numbers.view[0], 150)
  const reentrant = new ReentrantMutex()
  await both(() => pool.run(sync.countReentered, reentrant, new SharedArray('i32', 1), 20))
  const lock = new RwLock()
  const pair = new SharedArray('i32', 2)
  assert.deepEqual(await both(() => pool.run(sync.readAndWrite, lock, pair, 50)), [0, 0])
}
