/**
 * Items go through once, in order, never more than fit between, and none is lost by one who stops
 * waiting.
 */
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { ChannelClosedError, OptionError, TimeoutError } from '../errors.ts'
import { everyoneParked } from '../runtime/park.ts'
import { simulate } from '../runtime/simulate.ts'
import { Strand, withStrand } from '../runtime/strand.ts'
import { Channel } from './channel.ts'
import { select } from './select.ts'

const failed = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    value => assert.fail(`it resolved to ${String(value)}`),
    error => error,
  )

test('items come out in the order in which they went in, and a closed channel ends the loop', async () => {
  const channel = new Channel<number>(3)
  const received: number[] = []
  const receiving = (async () => {
    for await (const item of channel) received.push(item)
  })()
  for (let item = 0; item < 1_000; item += 1) await channel.send(item)
  channel.close()
  await receiving
  assert.deepEqual(
    received,
    Array.from({ length: 1_000 }, (_, at) => at),
  )
})

test('a send waits while the channel is full, and goes on when an item was received', async () => {
  const channel = new Channel<string>(2)
  await channel.send('a')
  await channel.send('b')
  const order: string[] = []
  const sending = channel.send('c').then(() => order.push('sent'))
  assert.deepEqual([channel.size, channel.sendersWaiting, channel.trySend('d')], [2, 1, false])
  await Promise.resolve()
  order.push('received')
  assert.equal(await channel.receive(), 'a')
  await sending
  assert.deepEqual(order, ['received', 'sent'])
  assert.deepEqual([channel.size, channel.sendersWaiting], [2, 0])
})

test('with a capacity of 0 each send waits for its receiver', async () => {
  const channel = new Channel<number>(0)
  assert.equal(channel.trySend(1), false)
  let sent = false
  const sending = channel.send(2).then(() => {
    sent = true
  })
  await new Promise<void>(resolve => setImmediate(resolve))
  assert.deepEqual([sent, channel.size, channel.sendersWaiting], [false, 0, 1])
  assert.deepEqual(channel.tryReceive(), { value: 2 })
  await sending
  const receiving = channel.receive()
  assert.equal(channel.receiversWaiting, 1)
  assert.equal(channel.trySend(3), true)
  assert.equal(await receiving, 3)
})

test('who waits longest is served first, senders and receivers alike', async () => {
  const channel = new Channel<number>(0)
  const got: string[] = []
  const receivers = ['a', 'b', 'c'].map(name => channel.receive().then(item => got.push(`${name}${item}`)))
  for (const item of [1, 2, 3]) await channel.send(item)
  await Promise.all(receivers)
  assert.deepEqual(got, ['a1', 'b2', 'c3'])
  const senders = [4, 5, 6].map(item => channel.send(item))
  assert.deepEqual([await channel.receive(), await channel.receive(), await channel.receive()], [4, 5, 6])
  await Promise.all(senders)
})

test('undefined is an item like any other', async () => {
  const channel = new Channel<undefined>(1)
  assert.equal(channel.tryReceive(), undefined)
  await channel.send(undefined)
  assert.deepEqual(channel.tryReceive(), { value: undefined })
})

test('a sender and a receiver that never wait leave room for timers and I/O', async () => {
  const channel = new Channel<number>(16)
  let turns = 0
  let ended = false
  const turning = (async () => {
    while (!ended) {
      await new Promise<void>(resolve => setImmediate(resolve))
      turns += 1
    }
  })()
  const receiving = (async () => {
    for await (const _ of channel);
  })()
  for (let item = 0; item < 50_000; item += 1) await channel.send(item)
  channel.close()
  await receiving
  assert.ok(turns >= 10, `${turns} turns`)
  ended = true
  await turning
})

// ── stopping to wait ──

test('a receiver that stops waiting takes no item: the next one gets it', async () => {
  const channel = new Channel<string>(0)
  const controller = new AbortController()
  const first = channel.receive({ signal: controller.signal })
  const second = channel.receive()
  const reason = new Error('enough')
  controller.abort(reason)
  await channel.send('item')
  assert.equal(await failed(first), reason)
  assert.equal(await second, 'item')
})

test('many receivers that stop waiting leave the line of the others as it was', async () => {
  const channel = new Channel<number>(0)
  const controllers = Array.from({ length: 9 }, () => new AbortController())
  const receivers = controllers.map(({ signal }) => channel.receive({ signal }))
  for (const at of [0, 4, 3, 8]) controllers[at]?.abort()
  const stopped = await Promise.all([0, 4, 3, 8].map(at => failed(receivers[at] as Promise<number>)))
  assert.ok(stopped.every(error => (error as Error).name === 'AbortError'))
  assert.equal(channel.receiversWaiting, 5)
  for (const item of [10, 20, 30, 40, 50]) await channel.send(item)
  assert.deepEqual(await Promise.all([1, 2, 5, 6, 7].map(at => receivers[at])), [10, 20, 30, 40, 50])
})

test('a sender that stops waiting takes its item along', async () => {
  const channel = new Channel<string>(1)
  await channel.send('a')
  const controller = new AbortController()
  const stopped = channel.send('b', { signal: controller.signal })
  const patient = channel.send('c')
  controller.abort(new Error('enough'))
  assert.match(String(await failed(stopped)), /enough/)
  assert.deepEqual([await channel.receive(), await channel.receive()], ['a', 'c'])
  await patient
})

test('an item that was handed over is received, though its receiver is told to stop in the same turn', async () => {
  const channel = new Channel<string>(0)
  const controller = new AbortController()
  const receiving = channel.receive({ signal: controller.signal })
  assert.equal(channel.trySend('item'), true)
  controller.abort()
  assert.equal(await receiving, 'item')
})

test('a receiver that was told to stop in the same turn, before the item came, does not get it', async () => {
  const channel = new Channel<string>(0)
  const controller = new AbortController()
  const receiving = channel.receive({ signal: controller.signal })
  controller.abort()
  assert.equal(channel.trySend('item'), false)
  assert.equal(((await failed(receiving)) as Error).name, 'AbortError')
})

test('whoever runs in something that is cancelled waits no more, and neither sends nor receives', async () => {
  const channel = new Channel<number>(0)
  const strand = new Strand('cancelled', undefined)
  const reason = new Error('over')
  const early = withStrand(strand, () => channel.receive())
  strand.stop(reason)
  assert.equal(await failed(early), reason)
  for (const wait of [
    () => channel.receive(),
    () => channel.send(1),
    () => channel.values().next(),
    () => select([channel.receiving(), channel.sending(2)]),
  ])
    assert.equal(await failed(withStrand<Promise<unknown>>(strand, wait)), reason)
  assert.deepEqual([channel.sendersWaiting, channel.receiversWaiting, strand.held.length], [0, 0, 0])
})

test('a wait ends after its time', () =>
  simulate(async ({ now }) => {
    const channel = new Channel<number>(0)
    assert.ok((await failed(channel.receive({ timeoutMs: 20 }))) instanceof TimeoutError)
    assert.equal(now(), 20)
    assert.ok((await failed(channel.send(1, { timeoutMs: 20 }))) instanceof TimeoutError)
    assert.ok((await failed(channel.values({ timeoutMs: 5 }).next())) instanceof TimeoutError)
    assert.deepEqual([now(), channel.sendersWaiting, channel.receiversWaiting], [45, 0, 0])
  }))

test('a signal that has aborted already ends a wait before anything was sent or received', async () => {
  const channel = new Channel<number>(2)
  await channel.send(1)
  const signal = AbortSignal.abort(new Error('too late'))
  for (const operation of [
    () => channel.send(2, { signal }),
    () => channel.receive({ signal }),
    () => channel.values({ signal }).next(),
    () => channel.drained({ signal }),
  ])
    assert.match(String(await failed(operation())), /too late/)
  assert.equal(channel.size, 1)
})

test('no wait leaves a listener, a timer or a parked one behind', () =>
  simulate(async simulation => {
    const channel = new Channel<number>(0)
    const { signal } = new AbortController()
    const stopped = new AbortController()
    for (let round = 0; round < 10; round += 1) {
      const receiving = channel.receive({ signal, timeoutMs: 1_000 })
      await channel.send(round, { signal, timeoutMs: 1_000 })
      await receiving
    }
    const left = [
      channel.receive({ signal: stopped.signal, timeoutMs: 1_000 }),
      channel.values({ signal: stopped.signal, timeoutMs: 1_000 }).next(),
    ]
    stopped.abort()
    await Promise.allSettled(left)
    const drained = channel.drained({ signal, timeoutMs: 1_000 })
    await drained
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    assert.equal(getEventListeners(stopped.signal, 'abort').length, 0)
    assert.equal(simulation.timers, 0)
    assert.deepEqual(
      everyoneParked().filter(({ resource }) => resource === channel),
      [],
    )
  }))

test('who waits at a channel can be seen, with its name', async () => {
  const channel = new Channel<number>(0, { name: 'jobs' })
  const receiving = channel.receive()
  assert.deepEqual(
    everyoneParked()
      .filter(({ resource }) => resource === channel)
      .map(({ reason }) => reason),
    ['an item of jobs'],
  )
  await channel.send(1)
  await receiving
})

// ── closing ──

test('a closed channel gives what it has, then ends', async () => {
  const channel = new Channel<number>(2)
  await channel.send(1)
  await channel.send(2)
  channel.close()
  assert.ok(channel.closed)
  assert.equal(await channel.receive(), 1)
  assert.deepEqual(channel.tryReceive(), { value: 2 })
  assert.ok((await failed(channel.receive())) instanceof ChannelClosedError)
  assert.throws(() => channel.tryReceive(), ChannelClosedError)
  assert.deepEqual(await channel.values().next(), { done: true, value: undefined })
})

test('a closed channel takes no more items, by any way', async () => {
  const channel = new Channel<number>(2)
  channel.close()
  const error = (await failed(channel.send(1))) as ChannelClosedError
  assert.ok(error instanceof ChannelClosedError)
  assert.equal(error.code, 'ATONCE_CHANNEL_CLOSED')
  assert.throws(() => channel.trySend(1), ChannelClosedError)
  assert.equal(channel.size, 0)
})

test('closing tells all who wait: loops end, receivers and senders get the error, and senders keep their items', async () => {
  const empty = new Channel<number>(0)
  const waits = [failed(empty.receive()), empty.values().next(), empty[Symbol.asyncIterator]().next()]
  empty.close()
  assert.ok((await waits[0]) instanceof ChannelClosedError)
  assert.deepEqual(await waits[1], { done: true, value: undefined })
  assert.deepEqual(await waits[2], { done: true, value: undefined })
  const full = new Channel<number>(1)
  await full.send(1)
  const sending = full.send(2)
  full.close()
  assert.ok((await failed(sending)) instanceof ChannelClosedError)
  assert.equal(await full.receive(), 1)
  assert.ok((await failed(full.receive())) instanceof ChannelClosedError)
})

test('an error that a channel is closed with comes after its items, to every receiver; senders get it as the cause', async () => {
  const channel = new Channel<number>(2)
  const broken = new RangeError('the source broke')
  await channel.send(1)
  await channel.send(2)
  const sending = channel.send(3)
  channel.close(broken)
  channel.close(new Error('only the first counts'))
  const received: number[] = []
  const error = await failed(
    (async () => {
      for await (const item of channel) received.push(item)
    })(),
  )
  assert.deepEqual(received, [1, 2])
  assert.equal(error, broken)
  assert.equal(await failed(channel.receive()), broken)
  assert.throws(() => channel.tryReceive(), broken)
  assert.equal(((await failed(sending)) as Error).cause, broken)
})

test('a cancelled channel drops its items and says so to both sides', async () => {
  const channel = new Channel<number>(1)
  await channel.send(1)
  const sending = channel.send(2)
  const drained = channel.drained()
  channel.cancel('enough found')
  await drained
  for (const error of [await failed(sending), await failed(channel.receive()), await failed(channel.send(3))])
    assert.ok(error instanceof ChannelClosedError)
  assert.equal(((await failed(channel.receive())) as Error).cause, 'enough found')
  assert.equal(channel.size, 0)
})

test('a channel that was closed can still be cancelled: what is left is dropped, and receivers are told', async () => {
  const channel = new Channel<number>(1)
  await channel.send(1)
  channel.close()
  channel.cancel()
  assert.ok((await failed(channel.receive())) instanceof ChannelClosedError)
  const ended = new Channel<number>(1)
  ended.close()
  ended.cancel()
  assert.deepEqual(await ended.values().next(), { done: true, value: undefined })
})

test('drained waits until everything sent was received, the items of waiting senders too', async () => {
  const channel = new Channel<number>(1)
  await channel.drained()
  await channel.send(1)
  const sending = channel.send(2)
  let drained = false
  const waiting = channel.drained().then(() => {
    drained = true
  })
  await channel.receive()
  await sending
  await new Promise<void>(resolve => setImmediate(resolve))
  assert.equal(drained, false)
  await channel.receive()
  await waiting
})

test('leaving a loop leaves the channel open, and the rest to others', async () => {
  const channel = new Channel<number>(3)
  for (const item of [1, 2, 3]) await channel.send(item)
  for await (const item of channel) if (item === 2) break
  assert.equal(channel.closed, false)
  assert.equal(await channel.receive(), 3)
})

test('items that are put back come first again, in their order, and wake those who wait', async () => {
  const channel = new Channel<number>(1)
  await channel.send(3)
  const sending = channel.send(4)
  channel.putBack([1, 2])
  assert.equal(channel.size, 3)
  const received: number[] = []
  for (let count = 0; count < 4; count += 1) received.push(await channel.receive())
  await sending
  assert.deepEqual(received, [1, 2, 3, 4])
  const waiting = [channel.receive(), channel.receive()]
  channel.putBack([5, 6, 7])
  assert.deepEqual(await Promise.all(waiting), [5, 6])
  assert.equal(await channel.receive(), 7)
})

// ── ends ──

test('each end can do what it is for, and nothing else', async () => {
  const channel = new Channel<number>(1)
  const { sender, receiver } = channel
  assert.equal(channel.sender, sender)
  assert.ok(!('receive' in sender) && !('send' in receiver) && !('putBack' in sender))
  await sender.send(1)
  assert.deepEqual([sender.size, sender.capacity, sender.trySend(2)], [1, 1, false])
  assert.equal(await receiver.receive(), 1)
  assert.equal(receiver.tryReceive(), undefined)
  const sending = sender.send(3)
  sender.close()
  const items: number[] = []
  for await (const item of receiver) items.push(item)
  await sending
  await sender.drained()
  assert.deepEqual([items, sender.closed, receiver.closed], [[3], true, true])
  const other = new Channel<number>(1)
  await other.sender.send(1)
  other.receiver.cancel()
  assert.ok(other.sender.closed)
})

test('what can’t be is refused at the call', () => {
  for (const capacity of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1' as never])
    assert.throws(() => new Channel(capacity), OptionError, String(capacity))
  const channel = new Channel<number>(1)
  assert.throws(() => channel.send(1, { timeoutMs: -1 }), OptionError)
  assert.throws(() => channel.receive({ timeoutMs: Number.NaN }), OptionError)
  assert.throws(() => channel.values({ signal: {} as never }), OptionError)
  assert.throws(() => channel.close('broken' as never), OptionError)
  assert.equal(channel.closed, false)
})
