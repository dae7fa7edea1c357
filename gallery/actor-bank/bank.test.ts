import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { type Executor, processes, threads } from '../../src/index.ts'
import { expected, runBank } from './bank.ts'
import { payByActors, payByLocks } from './compare.ts'
import { runKilled } from './kill.ts'

const places: readonly (readonly [string, () => Executor | undefined])[] = [
  ['here', () => undefined],
  ['on threads', () => threads({ workers: 2 })],
  ['in processes', () => processes({ workers: 2 })],
]
for (const [where, place] of places)
  test(`the money of a bank whose accounts are actors ${where} stays together`, async () => {
    const on = place()
    const { balances } = await runBank({ ...(on === undefined ? {} : { on }), transfers: 42 })
    assert.deepEqual(balances, expected(4, 42))
    await on?.close()
  })

test('who pays more often than it is paid has less', () => {
  assert.deepEqual(expected(4, 4), [100, 100, 100, 100])
  assert.deepEqual(expected(4, 5), [99, 101, 100, 100])
  assert.deepEqual(
    expected(4, 42),
    [100, 100, 100, 100].map((all, n) => (n === 0 ? all - 1 : n === 2 ? all + 1 : all)),
  )
})

test('a bug in an account loses no money', async () => {
  const { balances } = await runBank({
    transfers: 42,
    at(number, point, account) {
      if (number % 5 === 0 && point === 'sent') account.tell.fail()
    },
  })
  assert.deepEqual(balances, expected(4, 42))
})

test('kill -9 of a worker at any of 30 points loses and doubles nothing', async () => {
  const { killed, repeats } = await runKilled(30)
  assert.equal(killed, 30)
  assert.ok(repeats > 0)
})

test('by locks and by actors, two accounts that pay each other have what they had', async () => {
  await using pool = threads({ workers: 2 })
  for (const pay of [payByLocks, payByActors]) await pay(pool, 40)
  await assert.rejects(payByLocks(pool, 41), /instead of/) // Half a transfer is not made.
})
