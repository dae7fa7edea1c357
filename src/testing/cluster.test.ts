/** The cluster, on the engine in this program, does what every executor does. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { cluster } from '../cluster/cluster.ts'
import { threads } from '../threads/threads.ts'
import { executorConformance } from './suite/conformance.ts'
import * as tasks from './suite/conformance-tasks.ts'

/** What is otherwise here, and why. */
const limits: ReadonlyMap<string, string> = new Map([
  [
    'a task can’t close its own executor, and runs nothing on it once it has ended',
    'a task is told the model of the executor that its node runs it on',
  ],
  [
    'nested calls end with the call that made them: when it returns, and when it is cancelled',
    'nested calls are counted by the executor of the node',
  ],
  ['runOnEach runs a task once on every worker, started or not, busy or not', 'workers belong to nodes'],
  [
    'runOnEach rejects with the first failure, and can be cancelled; its workers go on',
    'workers belong to nodes',
  ],
])

executorConformance(
  {
    name: 'cluster',
    start: ({ queueLimit, ...rest }) =>
      cluster({ on: threads(rest), ...(queueLimit === undefined ? {} : { queueLimit }) }),
    copies: true,
    lends: false,
  },
  (name, body) => limits.has(name.replace('cluster: ', '')) || test(name, { timeout: 30_000 }, body),
  after,
)

test('cluster: what is not held to the suite is in it', () => {
  const names = new Set<string>()
  executorConformance({ name: '', start: () => cluster(), copies: true }, name => names.add(name.slice(2)))
  assert.deepEqual(
    [...limits.keys()].filter(name => !names.has(name)),
    [],
  )
})

test('cluster: runOnEach is refused with the way to ready the workers of a node', async () => {
  await using executor = cluster({ on: threads({ workers: 1 }) })
  assert.throws(() => executor.runOnEach(tasks.square, 1), /threads\(\{ initialize \}\)/)
})

test('cluster: nested calls run on the executor of the node, and end with the call that made them', async () => {
  await using executor = cluster({ on: threads({ workers: 2 }) })
  assert.equal(await executor.run(tasks.closeOwn), 'NotOwnerError threads 2')
  assert.equal(await executor.run(tasks.leaveOpen), 'returned')
  await executor.run(tasks.runLate)
  assert.equal(await executor.with({ timeoutMs: 10_000 }).run(tasks.square, 4), 16)
  assert.deepEqual([executor.stats().running, executor.stats().crashes], [0, 0])
})
