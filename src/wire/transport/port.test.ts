/** A MessagePort as a transport. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { portTransport } from './port.ts'
import type { Receiver } from './transport.ts'

const deaf: Receiver = { message() {}, garbled() {}, closed() {} }

test('messages arrive in their order, and what moves is gone here', async () => {
  const { port1, port2 } = new MessageChannel()
  const heard: unknown[] = []
  const { promise: all, resolve } = Promise.withResolvers<void>()
  const far = portTransport(port2, {
    ...deaf,
    message: message => {
      heard.push(message)
      if (heard.length === 3) resolve()
    },
  })
  const near = portTransport(port1, deaf)
  const bytes = Uint8Array.of(1, 2)
  near.send('first')
  near.send({ bytes }, [bytes.buffer])
  near.send(new Map([[1n, undefined]]))
  await all
  assert.deepEqual(heard, ['first', { bytes: Uint8Array.of(1, 2) }, new Map([[1n, undefined]])])
  assert.equal(bytes.length, 0)
  far.close()
})

test('each end hears that the other has closed', async () => {
  const { port1, port2 } = new MessageChannel()
  const ends: string[] = []
  const near = portTransport(port1, { ...deaf, closed: () => ends.push('near') })
  portTransport(port2, { ...deaf, closed: () => ends.push('far') })
  const both = Promise.all([once(port1, 'close'), once(port2, 'close')])
  near.close()
  await both
  assert.deepEqual(ends.sort(), ['far', 'near'])
})

test('drain delivers at once what has arrived, and only once', async () => {
  const { port1, port2 } = new MessageChannel()
  const heard: unknown[] = []
  const far = portTransport(port2, { ...deaf, message: message => heard.push(message) })
  const near = portTransport(port1, deaf)
  near.send(1)
  near.send(2)
  far.drain()
  assert.deepEqual(heard, [1, 2])
  const closed = once(port2, 'close')
  near.close()
  await closed
  assert.deepEqual(heard, [1, 2])
})

test('a message that can’t be copied is refused by its sender, with nothing sent', async () => {
  const { port1, port2 } = new MessageChannel()
  const heard: unknown[] = []
  const far = portTransport(port2, { ...deaf, message: message => heard.push(message) })
  const near = portTransport(port1, deaf)
  assert.throws(() => near.send({ before: 1, fn: () => {} }), /could not be cloned/)
  near.send('after')
  far.drain()
  assert.deepEqual(heard, ['after'])
  far.close()
})
