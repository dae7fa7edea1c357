/** A task on a thread may stop for the end of a channel that lives on another thread. */
import assert from 'node:assert/strict'
import { test as plainTest } from 'node:test'
import { Channel } from '../channel/channel.ts'
import { processes } from '../processes/processes.ts'
import { Event } from '../sync/event.ts'
import { SharedArray } from '../sync/shared-array.ts'
import { threads } from '../threads/threads.ts'
import * as tasks from './lent-blocking-tasks.ts'
import { until } from './suite/until.ts'

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at)
const test = (name: string, body: () => Promise<void>) => plainTest(name, { timeout: 60_000 }, body)
const closed = { code: 'ATONCE_CHANNEL_CLOSED' }

test('receiveSync gets all items in order, and then the end, for any capacity', async () => {
  await using pool = threads({ workers: 1 })
  for (const capacity of [0, 1, 7, 5_000]) {
    const channel = new Channel<number>(capacity)
    const collecting = pool.run(tasks.collectSync, channel.receiver)
    for (const n of upTo(2_000)) await channel.send(n)
    channel.close()
    assert.deepEqual(await collecting, upTo(2_000))
  }
})

test('what sendSync sends arrives in order, and it waits for room, for any capacity', async () => {
  await using pool = threads({ workers: 1 })
  for (const capacity of [0, 1, 7, 5_000]) {
    const channel = new Channel<number>(capacity)
    const sending = pool.run(tasks.sendAllSync, channel.sender, 2_000)
    assert.deepEqual(await Array.fromAsync(channel), upTo(2_000))
    await sending
  }
})

test('two threads that both stop ask and answer each other', async () => {
  await using pool = threads({ workers: 2 })
  for (const sent of ['blocking', 'awaited'] as const) {
    const [questions, answers] = [new Channel<number>(1), new Channel<number>(0)]
    const answering = pool.run(tasks.answerSync, questions.receiver, answers.sender, 1_000)
    assert.equal(
      await pool.run(tasks.askSync, questions.sender, answers.receiver, 1_000, sent),
      1_000 * 1_001,
    )
    await answering
  }
})

test('on the main thread both are refused at once, with the call that serves there', async () => {
  const channel = new Channel<number>(1)
  await channel.send(1) // It would not even have to wait.
  for (const receiver of [channel, channel.receiver])
    assert.throws(() => receiver.receiveSync(), {
      code: 'ATONCE_SYNC_USE',
      message: /await receiver\.receive\(\)/,
    })
  for (const sender of [channel, channel.sender])
    assert.throws(() => sender.sendSync(2), {
      code: 'ATONCE_SYNC_USE',
      message: /await sender\.send\(value\)/,
    })
  assert.deepEqual([channel.size, channel.tryReceive()], [1, { value: 1 }])
})

test('a process, whose tasks run on its main thread, refuses them too, and nothing is lost', async () => {
  await using pool = processes({ workers: 1 })
  const channel = new Channel<number>(2)
  await channel.send(1)
  await assert.rejects(pool.run(tasks.collectSync, channel.receiver), {
    code: 'ATONCE_SYNC_USE',
    message: /await receiver\.receive\(\)/,
  })
  assert.deepEqual(await channel.receive(), 1)
})

test('a thread does not stop for a channel of its own', async () => {
  await using pool = threads({ workers: 1 })
  const [sending, receiving] = await pool.run(tasks.blockOnOwn)
  assert.match(String(sending), /thread that the channel lives on.*await sender\.send\(value\)/)
  assert.match(String(receiving), /thread that the channel lives on.*await receiver\.receive\(\)/)
  await assert.rejects(pool.run(tasks.lendToOwnThread, new Event()), {
    code: 'ATONCE_SYNC_USE',
    message: /thread that the channel lives on/,
  })
})

test('a wait that runs out of time ends, and no item is lost or doubled', async () => {
  await using pool = threads({ workers: 1 })
  const channel = new Channel<number>(1)
  const timeout = { code: 'ATONCE_TIMEOUT', timeoutMs: 30 }
  await assert.rejects(pool.run(tasks.receiveOnce, channel.receiver, new Event(), 30), timeout)
  await assert.rejects(pool.run(tasks.receiveOnce, channel.receiver, new Event(), -1), {
    code: 'ATONCE_OPTION',
  })
  await channel.send(7)
  assert.equal(await channel.receive(), 7)
  await assert.rejects(pool.run(tasks.sendOn, channel.sender, new Event(), 30), timeout)
  channel.close()
  const items = await Array.fromAsync(channel)
  assert.deepEqual(items, upTo(items.length))
})

test('a close, an error and a cancel on the other side end a wait', async () => {
  await using pool = threads({ workers: 1 })
  const endings: [(channel: Channel<number>) => void, object, object][] = [
    [channel => channel.close(), closed, closed],
    [channel => channel.close(new RangeError('broke')), RangeError, closed],
    [channel => channel.cancel(new RangeError('enough')), closed, closed],
  ]
  for (const [end, toldReceiver, toldSender] of endings) {
    for (const [task, told] of [
      [tasks.receiveOnce, toldReceiver],
      [tasks.sendOn, toldSender],
    ] as const) {
      const [channel, begun] = [new Channel<number>(1), new Event()]
      const running =
        task === tasks.receiveOnce
          ? pool.run(tasks.receiveOnce, channel.receiver, begun, undefined)
          : pool.run(tasks.sendOn, channel.sender, begun, undefined)
      await begun.wait()
      end(channel)
      await assert.rejects(running, told)
    }
  }
})

test('a cancelled call that stands still ends by itself: its worker lives on', async () => {
  await using pool = threads({ workers: 1, closeGraceMs: 30_000 })
  const thread = await pool.run(tasks.whichThread)
  for (const way of ['receive', 'send'] as const) {
    const [channel, begun] = [new Channel<number>(1), new Event()]
    const running =
      way === 'receive'
        ? pool.run(tasks.receiveOnce, channel.receiver, begun, undefined)
        : pool.run(tasks.sendOn, channel.sender, begun, undefined)
    await begun.wait()
    running.cancel()
    await assert.rejects(running, { code: 'ATONCE_ABORTED' })
  }
  assert.equal(await pool.run(tasks.whichThread), thread)
})

test('sends that wait by await come first: one that would stop the thread before them is refused', async () => {
  await using pool = threads({ workers: 1 })
  const channel = new Channel<number>(1)
  const sending = pool.run(tasks.sendBehindOthers, channel.sender)
  const items: number[] = []
  while (items.at(-1) !== 3) items.push(await channel.receive())
  assert.equal(await sending, 'ATONCE_SYNC_USE')
  assert.deepEqual(items.filter(Boolean), [1, 3])
})

test('what a thread has sent before it died is received, then its death is told', async () => {
  await using pool = threads({ workers: 1 })
  assert.deepEqual(await pool.run(tasks.receiveFromTheDead), [7, 'ATONCE_CHANNEL_CLOSED'])
})

test('the death of the thread that a channel lives on ends the waits for it', async () => {
  await using pool = threads({ workers: 2 })
  assert.equal(new Set(await pool.runOnEach(tasks.whichThread)).size, 2) // So the nested call finds another thread.
  const [told, both] = [new SharedArray('i32', 1), new Event()]
  await assert.rejects(pool.run(tasks.lendAndDie, told, both))
  await until(() => Atomics.load(told.view, 0) === 2)
})

test('what was sent by await leaves before its thread stops for an event', async () => {
  await using pool = threads({ workers: 1 })
  const [channel, heard] = [new Channel<string>(2), new Event()]
  const call = pool.run(tasks.sendThenStop, channel.sender, heard)
  assert.equal(await channel.receive(), 'sent')
  heard.set()
  await call // Else it would have a TimeoutError.
})
