/** The trace of whoever submits a task, as the node's events tell it. */
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { test } from 'node:test'
import { coroutines } from '../coroutines/coroutines.ts'
import { threads } from '../threads/threads.ts'
import type { CallEndEvent } from '../trace.ts'
import { type Cluster, cluster } from './cluster.ts'
import * as tasks from './fixtures/tasks.ts'
import { childOf, isTraceparent, traceparentFrom } from './trace-context.ts'

const trace = '0af7651916cd43dd8448eb211c80319c'
const span = 'b7ad6b7169203331'
const parent = `00-${trace}-${span}-01`

/** The traces of all calls that end meanwhile. */
async function tracesOf(body: () => Promise<unknown>): Promise<(string | undefined)[]> {
  const told: (string | undefined)[] = []
  const hear = (event: unknown) => {
    told.push((event as CallEndEvent).traceparent)
  }
  subscribe('atonce.call.end', hear)
  try {
    await body()
  } finally {
    unsubscribe('atonce.call.end', hear)
  }
  return told
}

function checkChild(told: string | undefined): void {
  assert.ok(isTraceparent(told))
  const [version, of, own, flags] = told.split('-')
  assert.deepEqual([version, of, flags], ['00', trace, '01'])
  assert.notEqual(own, span)
}

for (const [name, on] of [
  ['coroutines', coroutines],
  ['threads', () => threads({ workers: 1 })],
] as const)
  test(`a run on ${name} is a span of its caller's trace, each run one of its own`, async () => {
    await using jobs = cluster({ on: on(), traceparent: () => parent })
    const told = await tracesOf(async () => {
      await jobs.run(tasks.double, 1, 1)
      await (await jobs.submit(tasks.double, [2, 1])).result()
      await jobs.map(tasks.same, [3])
      for await (const _ of jobs.stream(tasks.countTo, 1));
    })
    assert.equal(told.length, 4)
    told.forEach(checkChild)
    assert.equal(new Set(told).size, 4)
  })

test('without a trace, with one that is none, and with one that can not be told, the call runs all the same', async () => {
  const ways: (Cluster | undefined)[] = [
    cluster({ on: coroutines() }),
    cluster({ on: coroutines(), traceparent: () => undefined }),
    cluster({ on: coroutines(), traceparent: () => '00-1-2-3' }),
    cluster({
      on: coroutines(),
      traceparent: () => {
        throw new Error('no tracer')
      },
    }),
  ]
  for (const jobs of ways) {
    const told = await tracesOf(async () => assert.equal(await jobs?.run(tasks.double, 1, 1), 2))
    assert.deepEqual(told, [undefined])
    await jobs?.close()
  }
  assert.throws(() => cluster({ traceparent: parent as never }), { code: 'ATONCE_OPTION' })
})

test('what is no traceparent is known', () => {
  assert.ok(isTraceparent(parent))
  for (const none of [
    `ff-${trace}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-${span}-01`,
    `${parent}\r\nInjected: 1`,
    '',
    undefined,
  ])
    assert.equal(isTraceparent(none), false)
  assert.equal(traceparentFrom(undefined), undefined)
  assert.notEqual(childOf(parent), childOf(parent))
})
