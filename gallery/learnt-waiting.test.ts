import assert from 'node:assert/strict'
import { test } from 'node:test'
import { learntFromWaiting } from './learnt-waiting.ts'

const reasons = { gains: 'they wait together', gainsLess: 'one at a time', gainsNothing: 'no wait' }

test('models of the same class share a reason, the fastest first', () => {
  const rows = [
    { model: 'processes', speedUp: 0.9, faster: false, coresBusy: 1.2 },
    { model: 'threads', speedUp: 1.96, faster: true, coresBusy: undefined },
    { model: 'coroutines', speedUp: 19.84, faster: true, coresBusy: 0.44 },
  ]
  assert.equal(
    learntFromWaiting(rows, reasons),
    'Coroutines are 19.8× as fast (0.4 cores busy): they wait together; threads are 1.96× as fast: one at a time; ' +
      'processes are 0.90× as fast (1.2 cores busy): no wait.',
  )
})

test('a reason is given only where the figures show what it explains', () => {
  const rows = [
    { model: 'threads', speedUp: 4.8, faster: true, coresBusy: 0.4 },
    { model: 'coroutines', speedUp: 5, faster: true, coresBusy: 0.1 },
  ]
  assert.equal(
    learntFromWaiting(rows, reasons),
    'Coroutines are 5.00× as fast (0.1 cores busy), threads are 4.80× as fast (0.4 cores busy): they wait together.',
  )
  assert.equal(
    learntFromWaiting([{ model: 'threads', speedUp: 1.05, faster: false, coresBusy: 0.1 }], reasons),
    'Threads are 1.05× as fast (0.1 cores busy): no wait.',
  )
})

test('no rows, no claim', () => {
  assert.equal(learntFromWaiting([], reasons), 'Nothing was compared with the plain loop.')
})
