import assert from 'node:assert/strict'
import { test } from 'node:test'
import { learntFrom } from './learnt.ts'

const reasons = { gains: 'it splits', staysOnOneCore: 'it never waits', busyForNothing: 'they copy' }

test('the fastest model comes first, and one that leaves a core idle gains nothing', () => {
  const rows = [
    { model: 'coroutines', speedUp: 1.01, faster: false, coresBusy: 1.0 },
    { model: 'processes', speedUp: 1.62, faster: true, coresBusy: 1.88 },
    { model: 'threads', speedUp: 1.83, faster: true, coresBusy: 1.94 },
  ]
  assert.equal(
    learntFrom(rows, reasons),
    'Threads are 1.83× as fast (1.9 cores busy), processes are 1.62× as fast (1.9 cores busy): it splits; ' +
      'coroutines gain nothing (1.0 cores busy): it never waits.',
  )
})

test('a model that keeps two cores busy and is slower is said to lose', () => {
  const rows = [{ model: 'processes', speedUp: 0.41, faster: false, coresBusy: 1.7 }]
  assert.equal(
    learntFrom(rows, reasons),
    'Nothing beats the plain loop; processes lose (0.41×, 1.7 cores busy): they copy.',
  )
})

test('a model that spends clearly more CPU time than another is said to, if there is a reason to give', () => {
  const dear = { ...reasons, spendsMore: 'it sends more' }
  const threads = { model: 'threads', speedUp: 1.7, faster: true, coresBusy: 1.9 }
  const processes = { model: 'processes', speedUp: 1.3, faster: true, coresBusy: 1.9 }
  assert.match(
    learntFrom([threads, processes], dear) ?? '',
    /; processes spend 1\.3× the CPU time of threads: it sends more\.$/,
  )
  assert.doesNotMatch(learntFrom([threads, { ...processes, speedUp: 1.6 }], dear) ?? '', /CPU time/)
  assert.doesNotMatch(learntFrom([threads, processes], reasons) ?? '', /CPU time/)
})

test('a gain that its interval does not show is not a gain', () => {
  const rows = [{ model: 'threads', speedUp: 1.08, faster: false, coresBusy: 1.1 }]
  assert.equal(
    learntFrom(rows, reasons),
    'Nothing beats the plain loop; threads gain nothing (1.1 cores busy): it never waits.',
  )
})

test('figures from a machine that others kept busy teach nothing', () => {
  const rows = [
    { model: 'threads', speedUp: 1.28, faster: true, coresBusy: 0.7 },
    { model: 'coroutines', speedUp: 0.85, faster: false, coresBusy: 0.4 },
  ]
  assert.equal(learntFrom(rows, reasons), undefined)
})

test('where the system does not tell CPU time, no cores and no reason are made up', () => {
  const rows = [
    { model: 'threads', speedUp: 1.8, faster: true, coresBusy: 1.9 },
    { model: 'processes', speedUp: 0.5, faster: false, coresBusy: undefined },
  ]
  assert.equal(
    learntFrom(rows, reasons),
    'Threads are 1.80× as fast (1.9 cores busy): it splits; processes lose (0.50×).',
  )
})

test('a small gain that its interval shows is one: the sentence never contradicts the verdict', () => {
  const rows = [{ model: 'threads', speedUp: 1.06, faster: true, coresBusy: 1.9 }]
  assert.equal(learntFrom(rows, reasons), 'Threads are 1.06× as fast (1.9 cores busy): it splits.')
})

test('no rows, no claim', () => {
  assert.equal(learntFrom([], reasons), 'Nothing was compared with the plain loop.')
})
