/** Who has left a loop takes nothing more from a channel. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { realRuntime } from '../runtime/real.ts'
import { Channel } from './channel.ts'

test('return() gives up the next() that waits, and the items go to others', async () => {
  const channel = new Channel<number>(2)
  const loop = channel.values()
  const waiting = [loop.next(), loop.next()]
  assert.equal(channel.receiversWaiting, 2)
  assert.deepEqual(await loop.return?.(), { done: true, value: undefined })
  assert.deepEqual(await Promise.all(waiting), [
    { done: true, value: undefined },
    { done: true, value: undefined },
  ])
  assert.equal(channel.receiversWaiting, 0)
  await channel.send(1)
  assert.deepEqual(await loop.next(), { done: true, value: undefined })
  assert.deepEqual(channel.tryReceive(), { value: 1 })
})

test('an item that was handed over before return() is not lost', async () => {
  const channel = new Channel<number>(2)
  const loop = channel.values()
  const waiting = loop.next()
  await channel.send(1)
  await loop.return?.()
  assert.deepEqual(await waiting, { done: false, value: 1 })
})

test('a stream over a channel that is destroyed leaves every item to others', async () => {
  const channel = new Channel<number>(5)
  const stream = Readable.from(channel).on('error', () => {})
  stream.on('data', () => {})
  while (channel.receiversWaiting === 0) await realRuntime.yieldToLoop()
  stream.destroy()
  while (channel.receiversWaiting > 0) await realRuntime.yieldToLoop()
  await channel.send(1)
  await channel.send(2)
  channel.close()
  assert.deepEqual(await Array.fromAsync(channel), [1, 2])
})
