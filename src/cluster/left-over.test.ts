import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EmbeddedEngine } from './embedded.ts'
import { isSettled, mayRunAgain } from './left-over.ts'
import { type Envelope, writeMessage } from './messages.ts'

test('a task is settled by its ending, wherever that is kept, and not by its beginning', async () => {
  const engine = new EmbeddedEngine()
  const settled = { kind: 'settled', id: 'a', workMs: 0, node: 'n', attempt: 1, batches: 0 } as const
  const ending = writeMessage({ ...settled, reply: { kind: 'done', value: 1, special: false } })
  await engine.records('results').create('kept', ending)
  await engine.records('calls').create('called', ending)
  await engine.records('calls').create('begun', writeMessage({ kind: 'begun', node: 'n', attempt: 1 }))
  const ids = ['kept', 'called', 'begun', 'unknown']
  assert.deepEqual(await Promise.all(ids.map(id => isSettled(engine, id))), [true, true, false, false])
})

test('what may run once is given again only as long as its record would be there', () => {
  const envelope = (more: Partial<Envelope>): Uint8Array =>
    writeMessage({
      ...{ kind: 'task', id: 'a', form: 'run', args: [], special: false, stores: [], attempt: 1, to: '' },
      ...{
        task: { module: 'package:p/m.ts', name: 'f', digest: 'd', version: '1', nth: 0 },
        retries: 0,
        retryDelayMs: 1,
      },
      ...{ untilMs: Number.POSITIVE_INFINITY, credit: 0, key: undefined, keep: 'none', idempotent: false },
      ...more,
    } as Envelope)
  const minute = 60_000
  assert.equal(mayRunAgain(envelope({ idempotent: true }), 9e9), true)
  assert.equal(mayRunAgain(envelope({}), minute), true)
  assert.equal(mayRunAgain(envelope({}), 9 * minute), false)
  assert.equal(mayRunAgain(envelope({ keep: 'results' }), 9 * minute), true)
  assert.equal(mayRunAgain(envelope({ keep: 'results' }), 24 * 60 * minute), false)
  assert.equal(mayRunAgain(Buffer.from('no task'), 0), false)
})
