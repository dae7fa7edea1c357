import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AtomicCounter, Mutex } from '../../src/sync.ts'
import { explore } from '../../src/testing.ts'
import { runBank } from './bank.ts'

test('locks keep the money together, and threads that wait for each other are found and named', {
  timeout: 60_000,
}, async () => {
  const { total, locked, ordered, crossed, deadlock } = await runBank(20_000)
  assert.deepEqual([locked, ordered], [total, total])
  assert.equal(crossed, total) // One transfer was made, the other one was told in time.
  assert.match(deadlock, /waits for account 0, which thread \d holds/)
  assert.match(deadlock, /waits for account 1, which thread \d holds/)
})

test('without a lock there is an order in which money is lost, and with one there is none', () => {
  const program = (locked: boolean) => {
    const [bank, accounts] = [new Mutex(), [new AtomicCounter(10), new AtomicCounter(10)] as const]
    const moves = (from: AtomicCounter, to: AtomicCounter) => () => {
      const guard = locked ? bank.acquireSync() : undefined
      from.value -= 1
      to.value += 1
      guard?.release()
    }
    return {
      threads: () => [moves(accounts[0], accounts[1]), moves(accounts[1], accounts[0])],
      check: () => assert.equal(accounts[0].value + accounts[1].value, 20),
    }
  }
  assert.equal(explore(program(false)).failure?.kind, 'threw')
  assert.deepEqual([explore(program(true)).failure, explore(program(true)).complete], [undefined, true])
})
