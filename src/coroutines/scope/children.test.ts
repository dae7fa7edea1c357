/** What comes of children: chains of promises, and waiting for many of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { realRuntime } from '../../runtime/real.ts'
import { simulate } from '../../runtime/simulate.ts'
import { asCompleted, wait } from '../../task/wait.ts'
import { sleep } from '../time/sleep.ts'
import type { Child } from './child.ts'
import { scope } from './scope.ts'

/** What Node would report while `body` runs. */
async function unhandled(body: () => Promise<unknown>): Promise<string[]> {
  const found: string[] = []
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  const note = (error: unknown) => void found.push(String(error))
  process.on('unhandledRejection', note)
  await body()
  await realRuntime.yieldToLoop()
  await realRuntime.yieldToLoop()
  process.removeListener('unhandledRejection', note)
  for (const other of others) process.on('unhandledRejection', other)
  return found
}

const failing = async () => {
  throw new Error('x')
}

test('a chain on a failed child that nobody awaits is not a unhandled rejection, however long', async () => {
  const chains: readonly ((child: Child<never>) => unknown)[] = [
    child => child.then(() => {}),
    child => child.finally(() => {}),
    child => child.finally(() => {}).finally(() => {}),
    child =>
      child
        .then(() => {})
        .then(() => {})
        .finally(() => {}),
    child => child.catch(() => {}).finally(() => {}),
  ]
  for (const chain of chains)
    assert.deepEqual(
      await unhandled(() =>
        assert.rejects(
          scope(s => void chain(s.spawn(failing))),
          { message: 'x' },
        ),
      ),
      [],
    )
})

test('what a function in such a chain throws itself is reported, as for any promise', async () => {
  const broken = () => {
    throw new Error('of the chain')
  }
  assert.deepEqual(await unhandled(() => scope(s => void s.spawn(() => 1).then(broken))), [
    'Error: of the chain',
  ])
  assert.deepEqual(
    await unhandled(() =>
      assert.rejects(
        scope(
          s =>
            void s
              .spawn(failing)
              .catch(() => {})
              .then(broken),
        ),
        { message: 'x' },
      ),
    ),
    ['Error: of the chain'],
  )
})

test('children can be waited for as futures can: each as it ends, the first, within a time', () =>
  simulate(async () => {
    await scope(async s => {
      const children = [30, 10, 20].map(ms => s.spawn(() => sleep(ms).then(() => ms)))
      const { settled, pending } = await wait(children, { until: 'first' })
      assert.deepEqual([[...settled].map(child => children.indexOf(child)), pending.size], [[1], 2])
      const order: number[] = []
      for await (const { future, index } of asCompleted(children)) {
        order.push(index)
        assert.equal(future.state, 'done')
      }
      assert.deepEqual(order, [1, 2, 0])
      const patient = s.spawn(() => sleep(60_000))
      assert.equal((await wait([patient], { timeoutMs: 5 })).pending.size, 1)
      await assert.rejects(asCompleted([patient], { timeoutMs: 5 }).next(), { code: 'ATONCE_TIMEOUT' })
      s.cancel()
    })
  }))

test('a failed child is handed over by asCompleted, and its failure is still the scope’s', async () => {
  const states: string[] = []
  await assert.rejects(
    scope(async s => {
      for await (const { future } of asCompleted([s.spawn(failing)])) states.push(future.state)
    }),
    { message: 'x' },
  )
  assert.deepEqual(states, ['failed'])
})
