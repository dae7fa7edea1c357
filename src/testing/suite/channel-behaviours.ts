/**
 * What every executor must do with the ends of channels that are arguments of tasks: items in
 * order, each once, and the end after them.
 */
import { strict as assert } from 'node:assert'
import { Channel } from '../../channel/channel.ts'
import { ChannelClosedError } from '../../errors.ts'
import type { Executor } from '../../executor/executor.ts'
import * as tasks from './channel-tasks.ts'

type Body = (start: (options: { workers: number }) => Executor) => Promise<void>

export const channelBehaviours: readonly (readonly [string, Body, 'alone'?])[] = [
  [
    'items go to a receiver, in order, and the end after them, for any capacity',
    async start => {
      const pool = start({ workers: 1 })
      for (const capacity of [0, 1, 7, 5_000]) {
        const channel = new Channel<number>(capacity)
        const collecting = pool.run(tasks.collect, channel.receiver)
        for (const n of upTo(3_000)) await channel.send(n)
        channel.close()
        assert.deepEqual(await collecting, upTo(3_000))
      }
    },
  ],

  [
    'items come from a sender, in order, and the end after them, for any capacity',
    async start => {
      const pool = start({ workers: 1 })
      for (const capacity of [0, 1, 7, 5_000]) {
        const channel = new Channel<unknown>(capacity)
        const sending = pool.run(tasks.sendNumbers, channel.sender, 0, 3_000, 'close')
        const items: unknown[] = []
        for await (const item of channel) items.push(item)
        assert.deepEqual(items, upTo(3_000))
        await sending
      }
    },
  ],

  [
    'items of any kind cross: large ones, instances of built-in classes, undefined',
    async start => {
      const pool = start({ workers: 1 })
      const channel = new Channel<unknown>(3)
      const collecting = pool.run(tasks.collect, channel.receiver)
      const items = [undefined, new Map([[1, new Date(5)]]), 'x'.repeat(50_000), new Float64Array(9_000), 12n]
      for (const item of items) await channel.send(item)
      channel.close()
      assert.deepEqual(await collecting, items)
    },
  ],

  [
    'a pipeline goes there and back, with select and drained in the task',
    async start => {
      const pool = start({ workers: 1 })
      const [there, back] = [new Channel<number>(4), new Channel<number>(4)]
      const doubling = pool.run(tasks.doubleAll, there.receiver, back.sender)
      const sending = (async () => {
        for (const n of upTo(500)) await there.send(n)
        there.close()
      })()
      const items: number[] = []
      for await (const item of back) items.push(item)
      await Promise.all([doubling, sending])
      assert.deepEqual(
        items,
        upTo(500).map(n => 2 * n),
      )
    },
  ],

  [
    'several workers share the items of one channel, and several send into one',
    async start => {
      const pool = start({ workers: 2 })
      const channel = new Channel<number>(8)
      const summing = [0, 1].map(() => pool.run(tasks.sumUp, channel.receiver))
      for (const n of upTo(2_000)) await channel.send(n)
      channel.close()
      const [one, other] = await Promise.all(summing)
      assert.equal((one as number) + (other as number), (2_000 * 1_999) / 2)
      const joined = new Channel<unknown>(8)
      const sending = [0, 1].map(at =>
        pool.run(tasks.sendNumbers, joined.sender, at * 1_000, at * 1_000 + 1_000),
      )
      const items: unknown[] = []
      while (items.length < 2_000) items.push(await joined.receive())
      await Promise.all(sending)
      assert.deepEqual(
        items.toSorted((a, b) => Number(a) - Number(b)),
        upTo(2_000),
      )
    },
  ],

  [
    'each input of a map may hold an end of its own, in a chunk too',
    async start => {
      const pool = start({ workers: 1 })
      const channels = upTo(4).map(() => new Channel<number>(10))
      for (const [at, channel] of channels.entries()) {
        await channel.send(at)
        channel.close()
      }
      const collected = await pool.map(
        tasks.collect,
        channels.map(({ receiver }) => [receiver] as const),
        { chunk: 4 },
      )
      assert.deepEqual(collected, [[0], [1], [2], [3]])
    },
  ],

  [
    'a channel that is closed once its sender has returned has all that was sent',
    async start => {
      const pool = start({ workers: 1 })
      for (let round = 0; round < 20; round += 1) {
        const channel = new Channel<unknown>(1_000)
        assert.equal(await pool.run(tasks.sendNumbers, channel.sender, 0, 300), 300)
        channel.close()
        const items: unknown[] = []
        for await (const item of channel) items.push(item)
        assert.deepEqual(items, upTo(300))
      }
    },
  ],

  [
    'what a call has not received of a closed channel is first in line when it has ended',
    async start => {
      const pool = start({ workers: 1 })
      for (let round = 0; round < 20; round += 1) {
        const channel = new Channel<number>(10)
        for (const n of upTo(10)) channel.trySend(n)
        channel.close()
        assert.deepEqual(await pool.run(tasks.collect, channel.receiver, 3), [0, 1, 2])
        assert.deepEqual(channel.tryReceive(), { value: 3 })
        assert.deepEqual(await pool.run(tasks.collect, channel.receiver), upTo(10).slice(4))
        assert.deepEqual(await Array.fromAsync(channel), [])
      }
    },
  ],

  [
    'what a call has not received is before all that is sent after the call has ended',
    async start => {
      const pool = start({ workers: 1 })
      for (let round = 0; round < 20; round += 1) {
        const channel = new Channel<number>(10)
        for (const n of upTo(9)) channel.trySend(n)
        await pool.run(tasks.collect, channel.receiver, 3)
        channel.trySend(9)
        channel.close()
        assert.deepEqual(await Array.fromAsync(channel), upTo(10).slice(3))
      }
    },
  ],

  [
    'of several calls that share a closed channel, those that loop on get what one that fails has left',
    async start => {
      const pool = start({ workers: 2 })
      for (let round = 0; round < 5; round += 1) {
        const channel = new Channel<number>(50)
        for (const n of upTo(40)) channel.trySend(n)
        channel.close()
        const failing = Promise.resolve(pool.run(tasks.failAfter, channel.receiver, 3)).catch(() => 3)
        const collecting = pool.run(tasks.collect, channel.receiver)
        assert.equal((await failing) + (await collecting).length, 40)
      }
    },
  ],

  [
    'an error that either side closes with comes to the other one, after the items',
    async start => {
      const pool = start({ workers: 1 })
      const from = new Channel<unknown>(2)
      const sending = pool.run(tasks.sendNumbers, from.sender, 0, 2, 'fail')
      assert.deepEqual([await from.receive(), await from.receive()], [0, 1])
      const error = await failed(from.receive())
      assert.ok(error instanceof RangeError)
      assert.equal(error.message, 'the source there broke')
      await sending
      const to = new Channel<number>(2)
      const collecting = pool.run(tasks.collect, to.receiver)
      await to.send(1)
      to.close(new RangeError('the near source broke'))
      assert.match(String(await failed(collecting)), /RangeError: the near source broke/)
    },
  ],

  [
    'a receiver that cancels ends the channel, and the other side that cancels or closes stops a sender',
    async start => {
      const pool = start({ workers: 1 })
      const to = new Channel<number>(2)
      const cancelling = pool.run(tasks.cancelAfter, to.receiver, 3)
      const error = await failed(
        (async () => {
          for (;;) await to.send(1)
        })(),
      )
      assert.ok(error instanceof ChannelClosedError)
      await cancelling
      const from = new Channel<number>(2)
      const sending = pool.run(tasks.sendUntilRefused, from.sender)
      await from.receive()
      from.cancel('enough')
      const [name, cause] = await sending
      assert.equal(name, 'ChannelClosedError')
      assert.match(cause, /enough/)
      const closed = new Channel<number>(2)
      const stopped = pool.run(tasks.sendUntilRefused, closed.sender)
      await closed.receive()
      closed.close()
      assert.equal((await stopped)[0], 'ChannelClosedError')
      const dropped = new Channel<number>(2)
      const told = pool.run(tasks.collect, dropped.receiver)
      await dropped.send(1)
      dropped.cancel('no use')
      assert.ok((await failed(told)) instanceof ChannelClosedError)
    },
  ],
]

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at)
}

function failed(promise: PromiseLike<unknown>): Promise<Error> {
  return Promise.resolve(promise).then(
    value => assert.fail(`it resolved to ${String(value)}`),
    (error: Error) => error,
  )
}
