/** Exactly one of several things is done, any of those that can be. */
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { ChannelClosedError, OptionError, TimeoutError } from '../errors.ts'
import { simulate } from '../runtime/simulate.ts'
import { Channel } from './channel.ts'
import { select } from './select.ts'

test('the case that is ready is done, and no other', async () => {
  const [numbers, words] = [new Channel<number>(1), new Channel<string>(1)]
  await words.send('hello')
  const result: number | string = await select([
    numbers.receiving(n => n + 1),
    words.receiving(word => word.toUpperCase()),
  ])
  assert.equal(result, 'HELLO')
  assert.deepEqual([numbers.size, words.size, numbers.receiversWaiting], [0, 0, 0])
})

test('without a function, a receive gives its item', async () => {
  const numbers = new Channel<number>(1)
  await numbers.send(5)
  const item: number = await select([numbers.receiving()])
  assert.equal(item, 5)
})

test('when none is ready it waits for the first, and leaves the others as they were', async () => {
  const [a, b] = [new Channel<string>(0), new Channel<string>(0)]
  const out = new Channel<number>(0)
  const selecting = select([a.receiving(), b.receiving(), out.sending(7, () => 'sent')])
  assert.deepEqual([a.receiversWaiting, b.receiversWaiting, out.sendersWaiting], [1, 1, 1])
  assert.equal(b.trySend('item'), true)
  assert.deepEqual([a.receiversWaiting, b.receiversWaiting, out.sendersWaiting], [0, 0, 0])
  assert.equal(a.trySend('nobody waits'), false)
  assert.equal(out.tryReceive(), undefined)
  assert.equal(await selecting, 'item')
})

test('a send among the cases is taken by a receiver that comes later', async () => {
  const [a, out] = [new Channel<string>(0), new Channel<number>(0)]
  const selecting = select([a.receiving(), out.sending(7, () => 'sent')])
  assert.equal(await out.receive(), 7)
  assert.equal(await selecting, 'sent')
  assert.equal(a.receiversWaiting, 0)
})

test('two selects meet each other', async () => {
  const [left, right] = [new Channel<number>(0), new Channel<number>(0)]
  const one = select([left.sending(1, () => 'sent left'), right.receiving(n => `got ${n}`)])
  const two = select([left.receiving(n => `got ${n}`), right.sending(2, () => 'sent right')])
  const met = [await one, await two].join(', ')
  assert.ok(['sent left, got 1', 'got 2, sent right'].includes(met), met)
  assert.deepEqual([left.sendersWaiting, right.receiversWaiting], [0, 0])
})

test('a select does not meet itself', async () => {
  const channel = new Channel<number>(0)
  const selecting = select([channel.sending(1, () => 'sent'), channel.receiving(n => `got ${n}`)])
  await new Promise<void>(resolve => setImmediate(resolve))
  assert.deepEqual([channel.sendersWaiting, channel.receiversWaiting], [1, 1])
  assert.equal(await channel.receive(), 1)
  assert.equal(await selecting, 'sent')
})

test('of cases that are always ready none starves, in any seed', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    await simulate(
      async () => {
        const channels = Array.from({ length: 4 }, () => new Channel<number>(400))
        for (const channel of channels) for (let n = 0; n < 400; n += 1) channel.trySend(n)
        const counts = [0, 0, 0, 0]
        for (let round = 0; round < 400; round += 1) {
          const at = await select(channels.map((channel, place) => channel.receiving(() => place)))
          counts[at] = (counts[at] as number) + 1
        }
        for (const count of counts) assert.ok(count > 50 && count < 160, String(counts))
      },
      { seed },
    )
  }
})

test('otherwise is called instead of waiting', async () => {
  const channel = new Channel<number>(1)
  assert.equal(await select([channel.receiving()], { otherwise: () => 'nothing' }), 'nothing')
  await channel.send(3)
  assert.equal(await select([channel.receiving()], { otherwise: () => 'nothing' }), 3)
  assert.equal(channel.receiversWaiting, 0)
})

test('a case that is false or undefined is left out', async () => {
  const [a, b] = [new Channel<number>(1), new Channel<number>(1)]
  await a.send(1)
  await b.send(2)
  const aIsOpen = false as boolean
  assert.equal(await select([aIsOpen && a.receiving(), undefined, b.receiving()]), 2)
  assert.equal(await select([aIsOpen && a.receiving()], { otherwise: () => 'none' }), 'none')
})

test('a case whose channel has ended is ready: its function for the end is called, or it throws', async () => {
  const [open, ended] = [new Channel<number>(1), new Channel<number>(1)]
  ended.close()
  assert.equal(await select([open.receiving(), ended.receiving(undefined, () => 'over')]), 'over')
  await assert.rejects(select([open.receiving(), ended.receiving()]), ChannelClosedError)
  await assert.rejects(select([open.receiving(), ended.sending(1)]), ChannelClosedError)
  const broken = new Channel<number>(1)
  broken.close(new RangeError('broken'))
  await assert.rejects(select([broken.receiving(undefined, () => 'over')]), RangeError)
  assert.equal(open.receiversWaiting, 0)
})

test('a channel that ends while select waits is noticed', async () => {
  const [a, b] = [new Channel<number>(0), new Channel<number>(0)]
  const clean = select([a.receiving(), b.receiving(undefined, () => 'b is over')])
  b.close()
  assert.equal(await clean, 'b is over')
  const failing = select([a.sending(1)])
  a.close()
  await assert.rejects(failing, ChannelClosedError)
})

test('a select that stops waiting has done nothing, and leaves nothing behind', () =>
  simulate(async simulation => {
    const [a, b] = [new Channel<number>(0), new Channel<number>(0)]
    const controller = new AbortController()
    const stopped = select([a.receiving(), b.sending(1)], { signal: controller.signal })
    await Promise.resolve()
    controller.abort(new Error('enough'))
    await assert.rejects(stopped, /enough/)
    await assert.rejects(select([a.receiving()], { signal: controller.signal }), /enough/)
    await assert.rejects(select([a.receiving(), b.sending(1)], { timeoutMs: 10 }), TimeoutError)
    assert.deepEqual([a.receiversWaiting, b.sendersWaiting, b.tryReceive()], [0, 0, undefined])
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
    assert.equal(simulation.timers, 0)
  }))

test('two channels are merged by a loop that leaves out what has ended', async () => {
  const sources = [new Channel<number>(0), new Channel<number>(0)]
  for (const [at, source] of sources.entries())
    void (async () => {
      for (let n = 0; n < 50; n += 1) await source.send(at * 100 + n)
      source.close()
    })()
  const open = new Set(sources)
  const merged: number[] = []
  while (open.size > 0) {
    await select(
      [...open].map(source =>
        source.receiving(
          item => void merged.push(item),
          () => void open.delete(source),
        ),
      ),
    )
  }
  assert.equal(merged.length, 100)
  for (const at of [0, 1]) {
    const own = merged.filter(item => Math.floor(item / 100) === at)
    assert.deepEqual(
      own,
      own.toSorted((one, other) => one - other),
    )
  }
})

test('no case at all is a mistake', () => {
  assert.throws(() => select([]), OptionError)
  assert.throws(() => select([undefined, false]), OptionError)
  assert.throws(() => select([], { otherwise: 5 as never }), OptionError)
})

test('what is no list of cases is refused by what it is', () => {
  for (const cases of [5, undefined, [5], ['a'], [{}]])
    assert.throws(() => select(cases as never), OptionError)
})
