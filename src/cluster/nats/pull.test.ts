/** What a puller makes of what a server answers: one of the test's own, in virtual time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../coroutines/time/sleep.ts'
import { simulate } from '../../runtime/simulate.ts'
import type { NatsMessage } from './load.ts'
import { Puller, type PullParts } from './pull.ts'

/** A puller with one place; `status` is what a lane's pull is answered with, undefined: nothing. */
function pullerOn(
  status: (lane: string) => number | undefined,
  { onReady, ...more }: Partial<PullParts> & { onReady?(tell: (lane: string) => void): void },
): Puller {
  let hear = (_: NatsMessage) => {}
  type Callback = { callback: (error: null, message: NatsMessage) => void }
  const connection = {
    isClosed: () => false,
    isDraining: () => false,
    subscribe: (subject: string, { callback }: Callback) => {
      if (subject.startsWith('inbox')) hear = message => callback(null, message)
      else onReady?.(lane => callback(null, { subject, data: Buffer.from(lane) }))
      return { unsubscribe() {} }
    },
    publish: (subject: string, _: unknown, { reply }: { reply: string }) => {
      const code = status(subject.slice(subject.lastIndexOf('.') + 1))
      if (code === undefined) return
      const headers = { code, get: () => '' }
      queueMicrotask(() => hear({ subject: reply, data: new Uint8Array(), headers }))
    },
  }
  return new Puller(
    {
      connection: connection as never,
      stream: 'tasks',
      leaseMs: 1_000,
      inbox: () => 'inbox',
      consumerOf: (queue, lane) => `${queue}-${lane}`,
      readySubject: queue => `ready.${queue}`,
      dueInMs: () => 0,
      bytesIn: frame => frame,
      unanswered: () => {},
      stuck: () => assert.fail('each pull is answered'),
      gone: () => assert.fail('each lane is there'),
      ...more,
    },
    {
      queues: ['default'],
      places: () => 1,
      take() {},
      gone: async () => {},
      isOver: async () => false,
      mayRunAgain: () => false,
      isAlone: async () => false,
    },
  )
}

test('a lane that does not answer is told of as silent, until it answers again', () =>
  simulate(async () => {
    let mute = new Set(['default-p1'])
    const stuck: string[] = []
    const puller = pullerOn(lane => (mute.has(lane) ? undefined : 404), {
      stuck: (queue, lane) => stuck.push(`${queue}-${lane}`),
    })
    assert.deepEqual(puller.silent, [])
    while (puller.silent.length === 0) await sleep(100)
    assert.deepEqual(puller.silent, ['default-p1'])
    assert.deepEqual(stuck, ['default-p1'])
    mute = new Set()
    while (puller.silent.length > 0) await sleep(100)
    await puller.stop()
  }))

test('a lane is silent, too, where somebody else is always to have what there is', () =>
  simulate(async () => {
    const told: string[] = []
    const puller = pullerOn(lane => (lane === 'default-p1' ? 408 : 404), {
      stuck: (_, lane) => told.push(lane),
    })
    while (puller.silent.length === 0) await sleep(100)
    assert.deepEqual([puller.silent, told], [['default-p1'], ['p1']])
    await puller.stop()
  }))

test('a lane that nobody at the server knows is told of as gone', () =>
  simulate(async () => {
    const gone: string[] = []
    const puller = pullerOn(lane => (lane === 'default-later' ? 503 : 404), {
      gone: queue => gone.push(queue),
    })
    while (gone.length < 3) await sleep(100)
    assert.deepEqual(gone.slice(0, 3), ['default', 'default', 'default'])
    await puller.stop()
  }))

test('a hint about one lane makes none of the empty ones be asked', () =>
  simulate(async () => {
    const asked: string[] = []
    let tell = (_: string) => {}
    const puller = pullerOn(
      lane => {
        asked.push(lane)
        return 404
      },
      { onReady: hear => (tell = hear) },
    )
    await sleep(10)
    assert.equal(asked.length, 4) // Once each.
    for (let n = 0; n < 5; n += 1) {
      tell('p1')
      await sleep(10)
    }
    assert.deepEqual(asked.slice(4), Array(5).fill('default-p1'))
    await puller.stop()
  }))

test('a hint that comes with the answer "nothing there" is not forgotten', () =>
  simulate(async () => {
    const asked: string[] = []
    let tell = (_: string) => {}
    const puller = pullerOn(
      lane => {
        asked.push(lane)
        if (asked.length === 2) queueMicrotask(() => tell('p1')) // Just after the server has looked.
        return 404
      },
      { onReady: hear => (tell = hear) },
    )
    await sleep(10)
    assert.deepEqual(asked, ['default-p0', 'default-p1', 'default-p2', 'default-later', 'default-p1'])
    await puller.stop()
  }))
