/**
 * The wire carries data and names: nothing that comes in makes a node load or run anything but its
 * own tasks.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { coroutines } from '../coroutines/coroutines.ts'
import { sleep } from '../coroutines/time/sleep.ts'
import { identityOf } from '../executor/address.ts'
import { simulate } from '../runtime/simulate.ts'
import { task } from '../task/task.ts'
import { Catalogue } from './catalogue.ts'
import { clusterWith } from './cluster.ts'
import { EmbeddedEngine } from './embedded.ts'
import { machines } from './fixtures/machines.ts'
import * as tasks from './fixtures/tasks.ts'
import { type Envelope, readEnding, readEnvelope, readNews, readOrder, writeMessage } from './messages.ts'
import { Node } from './node.ts'

const folders = [import.meta.dirname, join(import.meta.dirname, '../wire/portable')]

test('no file of the cluster can load or make code', () => {
  const found = folders.flatMap(folder =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.includes('fixtures'))
      .flatMap(name => {
        const code = readFileSync(join(folder, name), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
        const words = [
          ...code.matchAll(
            /\beval\b|\bnew Function\b|node:vm|node:v8|\bWebAssembly\b|\bcreateRequire\b|\brequire\(|\bimport\(\s*(?!'@nats-io\/)[^)]*/g,
          ),
        ]
        return words.map(([word]) => `${name}: ${word}`)
      }),
  )
  assert.deepEqual(found, [])
})

const envelope: Envelope = {
  kind: 'task',
  id: 'a-1',
  form: 'run',
  task: identityOf(tasks.double),
  args: [1, 0],
  special: false,
  stores: [],
  idempotent: true,
  attempt: 1,
  to: '',
  keep: 'results',
  retries: 0,
  retryDelayMs: 0,
  untilMs: Number.POSITIVE_INFINITY,
  credit: 0,
  key: undefined,
}

test('a task names its package, path and name: no file URL and no time stamp of a machine goes along', () => {
  const { module, name, nth } = identityOf(tasks.double)
  assert.deepEqual([module, name, nth], ['package:atonce/src/cluster/fixtures/tasks', 'double', 0])
  const text = Buffer.from(writeMessage(envelope)).toString('latin1')
  assert.doesNotMatch(text, /file:|mtime/)
  assert.ok(!text.includes(process.cwd()))
})

test('garbled messages are none, whichever side reads them', () => {
  const whole = writeMessage(envelope)
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }), changes => {
      const bytes = whole.slice()
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      for (const read of [readEnvelope, readEnding, readNews, readOrder]) read(bytes)
    }),
    { numRuns: 20_000 },
  )
  for (const read of [readEnding, readNews, readOrder]) assert.equal(read(whole), undefined)
  assert.deepEqual(readEnvelope(whole), envelope)
})

test('an envelope with anything out of its range is none', () => {
  const wrong: Record<string, unknown>[] = [
    { id: '' },
    { id: 'x'.repeat(101) },
    { form: 'eval' },
    { task: { ...envelope.task, module: 5 } },
    { task: { ...envelope.task, nth: -1 } },
    { args: 'text' },
    { special: 1 },
    { stores: [{ place: {}, value: 1, special: false }] },
    { keep: 'for ever' },
    { retries: 0.5 },
    { retryDelayMs: Number.NaN },
    { credit: -1 },
    { attempt: Number.POSITIVE_INFINITY },
  ]
  for (const part of wrong)
    assert.equal(
      readEnvelope(writeMessage({ ...envelope, ...part } as Envelope)),
      undefined,
      JSON.stringify(part),
    )
})

test('what is not a task, or no task of this node, harms nobody and is counted or said', () =>
  simulate(async () => {
    const all = machines(1)
    const [first] = all.nodes
    const send = (id: string, bytes: Uint8Array) =>
      all.store.submit({ queue: 'default', id, bytes, priority: 0, delayMs: 0, outlives: true })
    await send('junk', Buffer.from('import("file:///etc/passwd")'))
    await send('other-id', writeMessage(envelope))
    for (const [id, name] of [
      ['b', '__proto__'],
      ['c', 'constructor'],
      ['d', 'fs'],
    ] as const)
      await send(id, writeMessage({ ...envelope, id, task: { ...envelope.task, name } }))
    await send(
      'e',
      writeMessage({ ...envelope, id: 'e', task: { ...envelope.task, module: 'file:///etc/passwd' } }),
    )
    await send('f', writeMessage({ ...envelope, id: 'f', task: { ...envelope.task, digest: '1-0' } }))
    for (const id of ['b', 'c', 'd', 'e', 'f'])
      await assert.rejects(all.jobs.result(id), { code: 'ATONCE_UNKNOWN_TASK' })
    assert.equal(first?.node.counts.forged, 1)
    assert.equal(await all.jobs.run(tasks.double, 4, 0), 8)
    assert.deepEqual(tasks.begun.get(1), undefined)
    await all.close()
  }))

test('a node runs only what it was told to run, though its program knows more', () =>
  simulate(async () => {
    const store = new EmbeddedEngine()
    const node = new Node({
      id: 'node',
      engine: store,
      on: coroutines(),
      queues: ['default'],
      catalogue: new Catalogue([tasks.double]),
    })
    node.start()
    const jobs = clusterWith(store, { nodes: [node], queue: 'default', name: 'cluster', ownsEngine: true })
    assert.equal(await jobs.run(tasks.double, 1, 0), 2)
    await assert.rejects(jobs.run(tasks.charge, 1, 0), { code: 'ATONCE_UNKNOWN_TASK' })
    await sleep(10)
    await jobs.close()
  }))

test('a task of a test file is refused before it is sent', () =>
  simulate(async () => {
    const all = machines(0)
    const own = task(import.meta, function own() {})
    assert.throws(() => all.jobs.run(own), { code: 'ATONCE_INVALID_TASK' })
    await all.close()
  }))
