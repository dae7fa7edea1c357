/** The short form of the chaos run; the whole one is `npm run chaos`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noServer } from '../../src/cluster/fixtures/nats-server.ts'
import { chaos } from './chaos.ts'
import { historyOf, type Outcome, violationsOf } from './history.ts'

test('whatever is killed, frozen or cut off: nothing acknowledged is lost, counts twice or hangs', {
  skip: noServer,
  timeout: 120_000,
}, async () => {
  const { violations, acknowledged } = await chaos({
    seed: 1,
    tasks: 800,
    faults: 12,
    workers: 2,
    callers: 1,
    leaseMs: 1_000,
    limitMs: 100_000,
  })
  assert.deepEqual(violations, [])
  assert.ok(acknowledged >= 800)
})

const lines = [
  ['ack', 'a', 'work'],
  ['begin', 'a', 't1'],
  ['end', 'a', 't1'],
  ['begin', 'a', 't2'],
  ['end', 'a', 't2'],
  ['saw', 'a', 't2'],
  ['ack', 'b', 'once'],
  ['begin', 'b', 't3'],
  ['end', 'b', 't3'],
  ['ack', 'c', 'unkept'],
  ['end', 'c', 't4'],
  ['ack', 'd', 'cancellable'],
  ['cancel', 'd'],
]
const outcomes: Record<string, Outcome> = {
  a: { token: 't2' },
  b: { token: 't3' },
  d: { failure: 'ATONCE_ABORTED' },
}

function judged(more: readonly (readonly string[])[], changed: Record<string, Outcome> = {}): string[] {
  return violationsOf(historyOf([...lines, ...more]), id => ({ ...outcomes, ...changed })[id])
}

test('a history in which all is well has no violations, and each wrong turn is told', () => {
  assert.deepEqual(judged([]), [])
  assert.match(judged([], { a: undefined })[0] as string, /is lost/)
  assert.match(judged([], { a: { token: 't1' } })[0] as string, /was told t2, and the store holds t1/)
  assert.match(judged([], { b: { token: 't9' } })[0] as string, /never ended/)
  assert.match(judged([['begin', 'b', 't5']])[0] as string, /may run once, and was begun 2 times/)
  assert.match(judged([['ack', 'e', 'unkept']])[0] as string, /never ran/)
  assert.match(judged([], { d: { token: 't1' } })[0] as string, /though it was cancelled/)
  const given = (runs: number) =>
    judged([['ack', 'e', 'work'], ...Array.from({ length: runs }, (_, run) => ['begin', 'e', `r${run}`])], {
      e: { failure: 'ATONCE_NODE_LOST' },
    })
  assert.match(given(6)[0] as string, /failed with/)
  assert.deepEqual(given(7), [])
})
