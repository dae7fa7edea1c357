import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Job } from './backend.ts'
import { Tally } from './tally.ts'

const one = {} as Job
const chunk = { calls: 5 } as Job

test('each call of a chunk counts for itself, also where the answer is handed on as it came', () => {
  const tally = new Tally()
  const outcomes = [{ ok: true }, { ok: false }, { ok: true }, { ok: false }, { ok: true }]
  tally.ended(chunk, 'done', outcomes)
  assert.deepEqual(tally.counts, { done: 3, failed: 2, cancelled: 0, retried: 0 })
  tally.ended(chunk, 'done', { kind: 'doneChunk', outcomes })
  assert.deepEqual(tally.counts, { done: 6, failed: 4, cancelled: 0, retried: 0 })
  tally.ended(chunk, 'done', { values: new Float64Array(5), special: [], longestMs: 1 })
  assert.deepEqual(tally.counts, { done: 11, failed: 4, cancelled: 0, retried: 0 })
  tally.ended(chunk, 'failed')
  tally.ended(chunk, 'cancelled')
  assert.deepEqual(tally.counts, { done: 11, failed: 9, cancelled: 5, retried: 0 })
})

test('a single call counts once, whatever it returns', () => {
  const tally = new Tally()
  tally.answered(one, { ok: true, value: [{ ok: false }] })
  tally.answered(one, { ok: true, value: undefined })
  tally.answered(one, { ok: false, error: new Error() })
  tally.came({ attempt: 1 } as Job)
  tally.came({ attempt: 2 } as Job)
  assert.deepEqual(tally.counts, { done: 2, failed: 1, cancelled: 0, retried: 1 })
})

test('an answer that does not fit its chunk ends nothing but the count', () => {
  const tally = new Tally()
  const answers = [undefined, null, 7, { outcomes: 7 }, [null, undefined, 3], Array(9).fill({ ok: false })]
  for (const answer of answers) tally.ended(chunk, 'done', answer)
  assert.deepEqual(tally.counts, { done: 25, failed: 5, cancelled: 0, retried: 0 })
})
