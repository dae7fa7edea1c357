/** The ends of a channel work on another thread as they do here: in order, bounded, none lost, none doubled. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Channel } from '../channel/channel.ts'
import { ChannelClosedError, SerializationError, WorkerExitedError } from '../errors.ts'
import { processes } from '../processes/processes.ts'
import { load } from '../runtime/atomics.ts'
import { threads } from '../threads/threads.ts'
import * as tasks from './lent-tasks.ts'

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at)
const turn = () => new Promise<void>(resolve => setImmediate(resolve))
async function until(state: () => boolean): Promise<void> {
  while (!state()) await turn()
}
const failed = (promise: PromiseLike<unknown>): Promise<Error> =>
  Promise.resolve(promise).then(
    value => assert.fail(`it resolved to ${String(value)}`),
    (error: Error) => error,
  )
async function rest(channel: Channel<number>): Promise<number[]> {
  channel.close()
  const items: number[] = []
  for await (const item of channel) items.push(item)
  return items
}

test('items go to a receiver on a thread, in order, and the end after them, for any capacity', async () => {
  await using pool = threads({ workers: 1 })
  for (const capacity of [0, 1, 7, 5_000]) {
    const channel = new Channel<number>(capacity)
    const collecting = pool.run(tasks.collect, channel.receiver)
    for (const n of upTo(3_000)) await channel.send(n)
    channel.close()
    assert.deepEqual(await collecting, upTo(3_000))
  }
})

test('items come from a sender on a thread, in order, and the end after them, for any capacity', async () => {
  await using pool = threads({ workers: 1 })
  for (const capacity of [0, 1, 7, 5_000]) {
    const channel = new Channel<unknown>(capacity)
    const sending = pool.run(tasks.sendNumbers, channel.sender, 0, 3_000, 'close')
    const items: unknown[] = []
    for await (const item of channel) items.push(item)
    assert.deepEqual(items, upTo(3_000))
    await sending
  }
})

test('items of any kind cross: large ones, instances of built-in classes, undefined', async () => {
  await using pool = threads({ workers: 1 })
  const channel = new Channel<unknown>(3)
  const collecting = pool.run(tasks.collect, channel.receiver)
  const items = [undefined, new Map([[1, new Date(5)]]), 'x'.repeat(50_000), new Float64Array(9_000), 12n]
  for (const item of items) await channel.send(item)
  channel.close()
  assert.deepEqual(await collecting, items)
})

test('a pipeline goes through a thread and back, with select and drained on the far side', async () => {
  await using pool = threads({ workers: 1 })
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
})

test('several threads share the items of one channel, and several send into one', async () => {
  await using pool = threads({ workers: 2 })
  const channel = new Channel<number>(8)
  const summing = [0, 1].map(() => pool.run(tasks.sumUp, channel.receiver))
  for (const n of upTo(2_000)) await channel.send(n)
  channel.close()
  const [one, other] = await Promise.all(summing)
  assert.equal((one as number) + (other as number), (2_000 * 1_999) / 2)
  const joined = new Channel<unknown>(8)
  const sending = [0, 1].map(at => pool.run(tasks.sendNumbers, joined.sender, at * 1_000, at * 1_000 + 1_000))
  const items: unknown[] = []
  while (items.length < 2_000) items.push(await joined.receive())
  await Promise.all(sending)
  assert.deepEqual(
    items.toSorted((a, b) => Number(a) - Number(b)),
    upTo(2_000),
  )
})

test('each input of a map may hold an end of its own, in a chunk too', async () => {
  await using pool = threads({ workers: 1 })
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
})

test('a channel that is closed once its far sender has returned has all that was sent', async () => {
  await using pool = threads({ workers: 1 })
  for (let round = 0; round < 20; round += 1) {
    const channel = new Channel<unknown>(1_000)
    assert.equal(await pool.run(tasks.sendNumbers, channel.sender, 0, 300), 300)
    channel.close()
    const items: unknown[] = []
    for await (const item of channel) items.push(item)
    assert.deepEqual(items, upTo(300))
  }
})

test('an error that either side closes with comes to the other one, after the items', async () => {
  await using pool = threads({ workers: 1 })
  const from = new Channel<unknown>(2)
  const sending = pool.run(tasks.sendNumbers, from.sender, 0, 2, 'fail')
  assert.deepEqual([await from.receive(), await from.receive()], [0, 1])
  const error = await failed(from.receive())
  assert.ok(error instanceof RangeError)
  assert.equal(error.message, 'the far source broke')
  await sending
  const to = new Channel<number>(2)
  const collecting = pool.run(tasks.collect, to.receiver)
  await to.send(1)
  to.close(new RangeError('the near source broke'))
  assert.match(String(await failed(collecting)), /RangeError: the near source broke/)
})

test('a far receiver that cancels ends the channel, and a near one that cancels or closes stops a far sender', async () => {
  await using pool = threads({ workers: 1 })
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
})

test('an end whose channel is closed before its call begins, or before it is sent, tells the call so', async () => {
  await using pool = threads({ workers: 1 })
  for (const close of ['before', 'while it waits'] as const) {
    const [from, to] = [new Channel<number>(2), new Channel<number>(2)]
    await to.send(5)
    const ahead = new Channel<number>(1)
    const blockers = upTo(20).map(() => pool.run(tasks.collect, ahead.receiver))
    const end = () => {
      from.close(new RangeError('no longer'))
      to.close()
    }
    if (close === 'before') end()
    const sending = pool.run(tasks.sendUntilRefused, from.sender)
    const collecting = pool.run(tasks.collect, to.receiver)
    for (let count = 0; count < 5; count += 1) await turn()
    if (close !== 'before') end()
    await turn()
    ahead.close()
    await Promise.all(blockers)
    assert.deepEqual(await sending, ['ChannelClosedError', 'RangeError: no longer'])
    assert.deepEqual(await collecting, [5])
  }
})

// ── back-pressure ──

test('a far sender is never more ahead than the capacity of the channel, and as much again on its way', async () => {
  await using pool = threads({ workers: 1 })
  const channel = new Channel<number>(5)
  const sent = new Int32Array(new SharedArrayBuffer(4))
  const sending = pool.run(tasks.sendForEver, channel.sender, sent)
  await until(() => channel.size === 5 && channel.sendersWaiting === 1)
  for (let count = 0; count < 100; count += 1) await turn()
  assert.ok(load(sent, 0) <= 10)
  assert.equal(channel.size, 5)
  for (const n of upTo(200)) {
    assert.equal(await channel.receive(), n)
    assert.ok(load(sent, 0) <= n + 11)
  }
  channel.cancel()
  assert.ok((await failed(sending)) instanceof ChannelClosedError)
  const tried = new Channel<number>(7)
  assert.equal(await pool.run(tasks.trySendAll, tried.sender), 7)
})

test('a far receiver that takes nothing lets as many be sent as fit here and are on their way', async () => {
  await using pool = threads({ workers: 1 })
  const channel = new Channel<number>(5)
  const taken = new Int32Array(new SharedArrayBuffer(400))
  const taking = pool.run(tasks.takeThen, channel.receiver, 1, taken, 'wait')
  await channel.send(0)
  await until(() => load(taken, 0) === 1)
  let sent = 1
  for (let idle = 0; idle < 100; idle += 1) {
    if (channel.trySend(sent)) {
      sent += 1
      idle = 0
    }
    await turn()
  }
  assert.ok(sent <= 11, `${sent} were sent`)
  taking.cancel()
  await failed(taking)
  await until(() => channel.size === sent - 1)
  assert.deepEqual(await rest(channel), upTo(sent).slice(1))
})

// ── ends of calls and of threads ──

test('what a call has not taken comes back to the channel when the call returns, is cancelled, or its thread exits', async () => {
  await using pool = threads({ workers: 1 })
  for (const then of ['return', 'wait', 'exit'] as const) {
    for (const most of [0, 1, 30]) {
      const channel = new Channel<number>(100)
      for (const n of upTo(80)) await channel.send(n)
      const taken = new Int32Array(new SharedArrayBuffer(400))
      const taking = pool.run(tasks.takeThen, channel.receiver, most, taken, then)
      void Promise.allSettled([taking]) // Its thread may be gone before the state below is seen.
      await until(() => load(taken, 0) === most)
      if (then === 'wait') taking.cancel()
      if (then === 'return') await taking
      else if (then === 'wait') await failed(taking)
      else assert.ok((await failed(taking)) instanceof WorkerExitedError)
      await until(() => channel.size === 80 - most)
      assert.deepEqual([...taken.subarray(1, most + 1)], upTo(most))
      assert.deepEqual(await rest(channel), upTo(80).slice(most))
    }
  }
})

test('what a thread that is ended by force has not taken comes back', async () => {
  const pool = threads({ workers: 1 })
  const channel = new Channel<number>(100)
  for (const n of upTo(80)) await channel.send(n)
  const taken = new Int32Array(new SharedArrayBuffer(400))
  const taking = failed(pool.run(tasks.takeThen, channel.receiver, 20, taken, 'hang'))
  await until(() => load(taken, 0) === 20)
  await pool.close({ graceMs: 0 })
  await taking
  await until(() => channel.size === 60)
  assert.deepEqual(await rest(channel), upTo(80).slice(20))
})

test('what a thread sent before it died is received, and the channel stays open to others', async () => {
  await using pool = threads({ workers: 1 })
  const channel = new Channel<unknown>(200)
  assert.ok((await failed(pool.run(tasks.sendThenExit, channel.sender, 150))) instanceof WorkerExitedError)
  for (const n of upTo(150)) assert.equal(await channel.receive(), n)
  assert.equal(channel.closed, false)
  const sending = pool.run(tasks.sendNumbers, channel.sender, 0, 3, 'close')
  const items: unknown[] = []
  for await (const item of channel) items.push(item)
  await sending
  assert.deepEqual(items, [0, 1, 2])
})

test('a lent end leaves nobody waiting at the channel once its call is over', async () => {
  await using pool = threads({ workers: 1 })
  const channel = new Channel<number>(3)
  const taking = pool.run(tasks.collect, channel.receiver)
  await until(() => channel.receiversWaiting === 1)
  taking.cancel()
  await failed(taking)
  await until(() => channel.receiversWaiting === 0)
  assert.equal(channel.trySend(1), true)
  assert.deepEqual(await rest(channel), [1])
})

// ── what can't cross ──

test('an item that can not cross is refused: to its far sender at once, to a far receiver instead of it', async () => {
  await using pool = threads({ workers: 1 })
  const from = new Channel<unknown>(5)
  await pool.run(tasks.sendFunction, from.sender)
  assert.equal(await from.receive(), 'first')
  assert.match(String(await from.receive()), /item\[1\] is a function/)
  assert.equal(await from.receive(), 'last')
  const to = new Channel<unknown>(5)
  const bad = () => 1
  await to.send('fine')
  await to.send({ deep: [bad] })
  await to.send('after')
  const error = await failed(pool.run(tasks.collect, to.receiver))
  assert.ok(error instanceof SerializationError)
  assert.match(error.message, /item\[1\]\.deep\[0\] is a function/)
  await until(() => to.size === 2)
  assert.deepEqual(to.tryReceive(), { value: { deep: [bad] } })
})

test('a channel as a whole, an end in a result, and an end to another process are refused by their path', async () => {
  await using pool = threads({ workers: 1 })
  const channel = new Channel<number>(1)
  const whole = await failed(pool.run(tasks.giveBackEnd, channel))
  assert.match(whole.message, /args\[0\] is an instance of Channel\. .*channel\.sender/)
  const back = await failed(pool.run(tasks.giveBackEnd, channel.receiver))
  assert.match(back.message, /can neither be returned nor lent on/)
  await using others = processes({ workers: 1 })
  for (const end of [channel.sender, channel.receiver]) {
    const error = await failed(others.run(tasks.giveBackEnd, { end }))
    assert.ok(error instanceof SerializationError)
    assert.match(error.message, /args\[0\]\.end .*another process\. Use threads\(\)/)
  }
})

test('whatever is sent, taken, cancelled or killed: each item is received once, in order', async () => {
  await using pool = threads({ workers: 1 })
  const step = fc.record({
    send: fc.nat(30),
    most: fc.nat(30),
    then: fc.constantFrom('return', 'wait', 'exit') as fc.Arbitrary<'return' | 'wait' | 'exit'>,
  })
  await fc.assert(
    fc.asyncProperty(fc.nat(40), fc.array(step, { minLength: 1, maxLength: 4 }), async (room, steps) => {
      const channel = new Channel<number>(room + 200)
      let sent = 0
      const received: number[] = []
      for (const { send, most, then } of steps) {
        for (let left = send; left > 0; left -= 1) {
          await channel.send(sent)
          sent += 1
        }
        const count = Math.min(most, sent - received.length)
        const taken = new Int32Array(new SharedArrayBuffer(400))
        const taking = pool.run(tasks.takeThen, channel.receiver, count, taken, then)
        const settled = Promise.allSettled([taking])
        await until(() => load(taken, 0) === count)
        if (then === 'wait') taking.cancel()
        await settled
        received.push(...taken.subarray(1, count + 1))
        await until(() => channel.size === sent - received.length)
      }
      received.push(...(await rest(channel)))
      assert.deepEqual(received, upTo(sent))
    }),
    { numRuns: 10 },
  )
})
