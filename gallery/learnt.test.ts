import assert from 'node:assert/strict'
import { test } from 'node:test'
import { learntFrom } from './learnt.ts'

const reasons = { gains: 'it splits', staysOnOneCore: 'it never waits', busyForNothing: 'they copy' }

test('the fastest model comes first, and one that leaves a core idle gains nothing', () => {
  const rows = [
    { model: 'coroutines', speedUp: 1.01, coresBusy: 1.0 },
    { model: 'processes', speedUp: 1.62, coresBusy: 1.88 },
    { model: 'threads', speedUp: 1.83, coresBusy: 1.94 },
  ]
  assert.equal(
    learntFrom(rows, reasons),
    'Threads are 1.83× as fast (1.9 cores busy), processes are 1.62× as fast (1.9 cores busy): it splits; ' +
      'coroutines gain nothing (1.0 cores busy): it never waits.',
  )
})

test('a model that keeps two cores busy and is slower is said to lose', () => {
  const rows = [{ model: 'processes', speedUp: 0.41, coresBusy: 1.7 }]
  assert.equal(
    learntFrom(rows, reasons),
    'Nothing beats the plain loop; processes lose (0.41×, 1.7 cores busy): they copy.',
  )
})

test('a gain of a few percent is no gain', () => {
  const rows = [{ model: 'threads', speedUp: 1.08, coresBusy: 1.1 }]
  assert.equal(
    learntFrom(rows, reasons),
    'Nothing beats the plain loop; threads gain nothing (1.1 cores busy): it never waits.',
  )
})

test('no rows, no claim', () => {
  assert.equal(learntFrom([], reasons), 'Nothing was compared with the plain loop.')
})
