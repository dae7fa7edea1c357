/** What a puller makes of a server that does not answer: one of the test's own, in virtual time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../coroutines/time/sleep.ts'
import { simulate } from '../../runtime/simulate.ts'
import type { NatsMessage } from './load.ts'
import { Puller } from './pull.ts'

test('a lane that does not answer is told of as silent, until it answers again', () =>
  simulate(async () => {
    let mute = new Set(['default-p1'])
    const stuck: string[] = []
    let hear = (_: NatsMessage) => {}
    const connection = {
      isClosed: () => false,
      subscribe: (
        subject: string,
        { callback }: { callback: (error: null, message: NatsMessage) => void },
      ) => {
        if (subject.startsWith('inbox')) hear = message => callback(null, message)
        return { unsubscribe() {} }
      },
      publish: (subject: string, _: unknown, { reply }: { reply: string }) => {
        if (mute.has(subject.slice(subject.lastIndexOf('.') + 1))) return
        queueMicrotask(() => hear({ subject: reply, data: new Uint8Array() }))
      },
    }
    const puller = new Puller(
      {
        connection: connection as never,
        stream: 'tasks',
        leaseMs: 1_000,
        inbox: () => 'inbox',
        consumerOf: (queue, lane) => `${queue}-${lane}`,
        readySubject: queue => `ready.${queue}`,
        dueInMs: () => 0,
        unframe: async frame => frame,
        stuck: (queue, lane) => stuck.push(`${queue}-${lane}`),
      },
      { queues: ['default'], places: () => 1, take() {} },
    )
    assert.deepEqual(puller.silent, [])
    while (stuck.length === 0) await sleep(100)
    assert.deepEqual(puller.silent, ['default-p1'])
    assert.deepEqual(stuck, ['default-p1'])
    mute = new Set()
    while (puller.silent.length > 0) await sleep(100)
    await puller.stop()
  }))
