/**
 * The ends of a channel work on another thread, and in another process, as they do here: in order,
 * bounded, none lost, none doubled.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test as plainTest } from 'node:test'
import { serialize } from 'node:v8'
import fc from 'fast-check'
import { Channel } from '../channel/channel.ts'
import { select } from '../channel/select.ts'
import { ChannelClosedError, ProtocolError, SerializationError, WorkerExitedError } from '../errors.ts'
import { processes } from '../processes/processes.ts'
import { threads } from '../threads/threads.ts'
import * as tasks from './lent-tasks.ts'
import { until } from './suite/until.ts'

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at)
const turn = () => new Promise<void>(resolve => setImmediate(resolve))
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

const folder = mkdtempSync(join(tmpdir(), 'atonce-lent-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0
/** An empty file for a task's notes. */
function notes(): string {
  files += 1
  const path = join(folder, String(files))
  writeFileSync(path, '')
  return path
}

/**
 * What all must do to whom ends are lent. `deaths` are the ways in which a task there can end its
 * worker.
 */
function lending(
  name: string,
  start: (options: { workers: number }) => ReturnType<typeof threads>,
  deaths: readonly tasks.Then[],
): void {
  const test = (what: string, body: () => Promise<void>) =>
    plainTest(`${name}: ${what}`, { timeout: 60_000 }, body)

  test('an end whose channel is closed before its call begins, or before it is sent, tells the call so', async () => {
    await using pool = start({ workers: 1 })
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
    await using pool = start({ workers: 1 })
    const channel = new Channel<number>(5)
    const sent = notes()
    const sending = pool.run(tasks.sendForEver, channel.sender, sent)
    await until(() => channel.size === 5 && channel.sendersWaiting === 1)
    for (let count = 0; count < 100; count += 1) await turn()
    assert.ok(tasks.noted(sent).length <= 10)
    assert.equal(channel.size, 5)
    for (const n of upTo(200)) {
      assert.equal(await channel.receive(), n)
      assert.ok(tasks.noted(sent).length <= n + 11)
    }
    channel.cancel()
    assert.ok((await failed(sending)) instanceof ChannelClosedError)
    const tried = new Channel<number>(7)
    assert.equal(await pool.run(tasks.trySendAll, tried.sender), 7)
  })

  test('a far receiver that takes nothing lets as many be sent as fit here and are on their way', async () => {
    await using pool = start({ workers: 1 })
    const channel = new Channel<number>(5)
    const taken = notes()
    const taking = pool.run(tasks.takeThen, channel.receiver, 1, taken, 'wait')
    await channel.send(0)
    await until(() => tasks.noted(taken).length === 1)
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

  test('what a call has not taken comes back to the channel when the call returns, is cancelled, or its worker ends by itself', async () => {
    await using pool = start({ workers: 1 })
    for (const then of ['return', 'wait', ...deaths] as const) {
      for (const most of [0, 1, 30]) {
        const channel = new Channel<number>(100)
        for (const n of upTo(80)) await channel.send(n)
        const taken = notes()
        const taking = pool.run(tasks.takeThen, channel.receiver, most, taken, then)
        void Promise.allSettled([taking]) // Its worker may be gone before the state below is seen.
        await until(() => tasks.noted(taken).length === most)
        if (then === 'wait') taking.cancel()
        if (then === 'return') await taking
        else await failed(taking)
        await until(() => channel.size === 80 - most)
        assert.deepEqual(tasks.noted(taken), upTo(most), then)
        assert.deepEqual(await rest(channel), upTo(80).slice(most), then)
      }
    }
  })

  test('a channel has neither ended nor is it drained while a call has items that it does not take', async () => {
    await using pool = start({ workers: 2 })
    const channel = new Channel<number>(50)
    for (const n of upTo(40)) channel.trySend(n)
    channel.close()
    const taken = notes()
    const holding = pool.run(tasks.takeThen, channel.receiver, 3, taken, 'wait')
    await until(() => tasks.noted(taken).length === 3)
    const loop = channel.values()
    const drained = channel.drained().then(() => channel.size)
    const [looped, chosen] = [loop.next(), select([channel.receiving()])]
    assert.equal(channel.tryReceive(), undefined)
    const collecting = pool.run(tasks.collect, channel.receiver)
    for (let count = 0; count < 100; count += 1) await turn()
    holding.cancel()
    await failed(holding)
    assert.deepEqual(await looped, { value: 3, done: false })
    assert.equal(await chosen, 4)
    assert.deepEqual(await collecting, upTo(40).slice(5))
    assert.equal(await drained, 0)
    assert.deepEqual(await loop.next(), { value: undefined, done: true })
  })

  test('what comes back is there before anybody learns how the call has ended, though its worker dies', async () => {
    await using pool = start({ workers: 1 })
    for (const then of ['return', ...deaths] as const) {
      const channel = new Channel<number>(50)
      for (const n of upTo(9)) channel.trySend(n)
      channel.close()
      await Promise.allSettled([pool.run(tasks.takeThen, channel.receiver, 3, notes(), then)])
      assert.deepEqual(channel.tryReceive(), { value: 3 }, then)
      assert.deepEqual(await Array.fromAsync(channel), upTo(9).slice(4), then)
    }
  })

  test('a channel is drained once a call has taken all, though that goes on and has room for more', async () => {
    await using pool = start({ workers: 2 })
    for (const when of ['before', 'while', 'after'] as const) {
      const channel = new Channel<number>(50)
      for (const n of upTo(5)) channel.trySend(n)
      const taken = notes()
      const early = when === 'before' ? channel.drained() : undefined
      const taking = pool.run(tasks.takeThen, channel.receiver, 5, taken, 'wait')
      await until(() => when !== 'after' || tasks.noted(taken).length === 5)
      await (early ?? channel.drained())
      assert.equal(tasks.noted(taken).length >= 4, true)
      taking.cancel()
      await failed(taking)
    }
  })

  test('of two calls that have items of a closed channel, each sees the end once both have taken theirs', async () => {
    await using pool = start({ workers: 2 })
    const channel = new Channel<number>(4)
    const collecting = [0, 1].map(() => pool.run(tasks.collect, channel.receiver))
    for (const n of upTo(40)) await channel.send(n)
    channel.close()
    const collected = await Promise.all(collecting)
    assert.equal(collected.flat().length, 40)
  })

  test('a channel that is cancelled while a call has its last items has ended for all', async () => {
    await using pool = start({ workers: 1 })
    for (const by of ['here', 'there'] as const) {
      const channel = new Channel<number>(10)
      for (const n of upTo(9)) channel.trySend(n)
      channel.close()
      const taken = notes()
      const call =
        by === 'here'
          ? pool.run(tasks.takeThen, channel.receiver, 3, taken, 'wait')
          : pool.run(tasks.cancelAfter, channel.receiver, 3)
      await until(() => channel.size === 0 && (by === 'there' || tasks.noted(taken).length === 3))
      const receiving = failed(channel.values().next())
      const drained = channel.drained()
      if (by === 'here') channel.cancel('enough')
      assert.ok((await receiving) instanceof ChannelClosedError)
      await drained
      call.cancel()
      await Promise.allSettled([call])
      assert.throws(() => channel.tryReceive(), ChannelClosedError)
    }
  })

  test('what comes back is before all others, also those that wait to be sent', async () => {
    await using pool = start({ workers: 1 })
    const channel = new Channel<number>(5)
    const taken = notes()
    const taking = pool.run(tasks.takeThen, channel.receiver, 2, taken, 'wait')
    const sending = Promise.all(upTo(30).map(n => channel.send(n)))
    await until(() => tasks.noted(taken).length === 2)
    taking.cancel()
    await failed(taking)
    await until(() => channel.size === 10) // Five of its own, and five that came back.
    const items: number[] = []
    while (items.length < 28) items.push(await channel.receive())
    await sending
    assert.deepEqual(items, upTo(30).slice(2))
  })

  test('an item that is taken in the very step in which its worker dies is taken, and the next one is not', async () => {
    await using pool = start({ workers: 1 })
    for (const take of [tasks.takeThen, tasks.tryTakeThen]) {
      for (const then of deaths) {
        for (const most of [1, 7]) {
          const channel = new Channel<number>(20)
          for (const n of upTo(10)) await channel.send(n)
          const taken = notes()
          await failed(pool.run(take, channel.receiver, most, taken, then))
          assert.deepEqual(tasks.noted(taken), upTo(most))
          await until(() => channel.size === 10 - most)
          assert.deepEqual(await rest(channel), upTo(10).slice(most))
        }
      }
    }
  })

  test('an end whose worker dies before its call has begun is as if it had not been lent', async () => {
    await using pool = start({ workers: 1 })
    const [to, from] = [new Channel<number>(10), new Channel<unknown>(10)]
    for (const n of upTo(5)) await to.send(n)
    to.close()
    await pool.run(tasks.nothing)
    const dying = failed(pool.run(tasks.exitNow))
    const collecting = pool.run(tasks.collect, to.receiver)
    const sending = pool.run(tasks.sendNumbers, from.sender, 0, 5)
    assert.ok((await dying) instanceof WorkerExitedError)
    assert.deepEqual(await collecting, upTo(5))
    await sending
    assert.equal(from.size, 5)
  })

  test('a worker that dies after its answer takes nothing along and brings nothing back', async () => {
    await using pool = start({ workers: 1 })
    const [to, from] = [new Channel<number>(10), new Channel<unknown>(10)]
    for (const n of upTo(8)) await to.send(n)
    assert.deepEqual(await pool.run(tasks.collect, to.receiver, 3), [0, 1, 2])
    await pool.run(tasks.sendNumbers, from.sender, 0, 5)
    await failed(pool.run(tasks.exitNow))
    await until(() => to.size === 5 && from.size === 5)
    assert.deepEqual([await rest(to), await rest(from as Channel<number>)], [upTo(8).slice(3), upTo(5)])
  })

  test('a call that is cancelled before it begins has taken nothing', async () => {
    await using pool = start({ workers: 1 })
    const channel = new Channel<number>(10)
    for (const n of upTo(5)) await channel.send(n)
    await pool.run(tasks.nothing)
    for (let round = 0; round < 20; round += 1) {
      const calls = upTo(5).map(() => pool.run(tasks.nothing, channel.receiver))
      for (const call of calls) call.cancel()
      await Promise.allSettled(calls)
    }
    await until(() => channel.size === 5)
    assert.deepEqual(await rest(channel), upTo(5))
  })

  test('what a worker that is ended by force has not taken comes back', async () => {
    const pool = start({ workers: 1 })
    const channel = new Channel<number>(100)
    for (const n of upTo(80)) await channel.send(n)
    const taken = notes()
    const taking = failed(pool.run(tasks.takeThen, channel.receiver, 20, taken, 'hang'))
    await until(() => tasks.noted(taken).length === 20)
    await pool.close({ graceMs: 0 })
    await taking
    await until(() => channel.size === 60)
    assert.deepEqual(await rest(channel), upTo(80).slice(20))
  })

  test('what was sent in the very turn in which a task ends its worker is received', async () => {
    await using pool = start({ workers: 1 })
    const channel = new Channel<number>(50)
    await failed(pool.run(tasks.sendAndExitAtOnce, channel.sender, 30))
    for (const n of upTo(30)) assert.equal(await channel.receive(), n)
    assert.equal(channel.closed, false)
  })

  test('what a worker sent before it died is received, and the channel stays open to others', async () => {
    await using pool = start({ workers: 1 })
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
    await using pool = start({ workers: 1 })
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
    await using pool = start({ workers: 1 })
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

  test('a channel as a whole, an end in a result, and an end that was lent are refused by their path', async () => {
    await using pool = start({ workers: 1 })
    const channel = new Channel<number>(1)
    const whole = await failed(pool.run(tasks.giveBackEnd, channel))
    assert.match(whole.message, /args\[0\] is an instance of Channel\. .*channel\.sender/)
    const back = await failed(pool.run(tasks.giveBackEnd, channel.receiver))
    assert.match(back.message, /can neither be returned nor lent on/)
  })

  test('an item that holds an end is refused by its path', async () => {
    await using pool = start({ workers: 1 })
    const [outer, inner] = [new Channel<unknown>(1), new Channel<number>(1)]
    await outer.send({ end: inner.sender })
    assert.match(
      (await failed(pool.run(tasks.collect, outer.receiver))).message,
      /item\[0\]\.end .*can be an argument of a task, but no item/,
    )
  })

  test('a lent receiver waits, gives up, and selects as one here; so does a sender', async () => {
    await using pool = start({ workers: 1 })
    const [to, from] = [new Channel<number>(1), new Channel<number>(1)]
    const waiting = pool.run(tasks.waitInVain, to.receiver, from.sender)
    await from.receive()
    await to.send(7)
    assert.deepEqual(await waiting, [
      'TimeoutError',
      'AbortError',
      'TimeoutError',
      'nothing',
      7,
      'TimeoutError',
      'TimeoutError',
    ])
  })

  test('an end in each of a thousand calls leaves nobody at the channel', async () => {
    await using pool = start({ workers: 1 })
    const channel = new Channel<number>(3)
    let watching = 0
    const watch = channel.watch.bind(channel)
    channel.watch = watcher => {
      const unwatch = watch(watcher)
      watching += 1
      return () => {
        watching -= 1
        unwatch()
      }
    }
    for (let round = 0; round < 10; round += 1)
      await Promise.all(upTo(100).map(() => pool.run(tasks.nothing, channel.sender, channel.receiver)))
    await until(() => watching === 0)
    assert.deepEqual([channel.receiversWaiting, channel.sendersWaiting], [0, 0])
  })

  test('whatever is sent, taken, cancelled or killed: each item is received once, in order', async () => {
    await using pool = start({ workers: 1 })
    const step = fc.record({
      send: fc.nat(30),
      most: fc.nat(30),
      then: fc.constantFrom<tasks.Then>('return', 'wait', ...deaths),
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
          const taken = notes()
          const taking = pool.run(tasks.takeThen, channel.receiver, count, taken, then)
          const settled = Promise.allSettled([taking])
          await until(() => tasks.noted(taken).length === count)
          if (then === 'wait') taking.cancel()
          await settled
          received.push(...tasks.noted(taken))
          await until(() => channel.size === sent - received.length)
        }
        received.push(...(await rest(channel)))
        assert.deepEqual(received, upTo(sent))
      }),
      { numRuns: 10 },
    )
  })
}

lending('threads', threads, ['exit', 'crash'])
lending('processes', processes, ['exit', 'crash', 'kill', 'abort'])

// ── to a process only ──

plainTest(
  'a process that is killed at any time, while items go both ways, has taken what it noted, and at most one more',
  { timeout: 120_000 },
  async () => {
    await using pool = processes({ workers: 1 })
    for (let round = 0; round < 6; round += 1) {
      const [to, from] = [new Channel<number>([1, 16, 300][round % 3]), new Channel<number>(4)]
      const [taken, left] = [notes(), notes()]
      const taking = failed(pool.run(tasks.takeThen, to.receiver, Number.POSITIVE_INFINITY, taken, 'hang'))
      let sent = 0
      const killAfter = 50 + round * 74
      const sending = (async () => {
        while (tasks.noted(taken).length < killAfter) {
          await to.send(sent)
          sent += 1
        }
        process.kill(pool.stats().pids[0] as number, 'SIGKILL')
        // The connection breaks while items are on their way.
        while (to.receiversWaiting > 0 || to.size < to.capacity) {
          if (!to.trySend(sent)) break
          sent += 1
          if (sent % 3 === 0) await turn()
        }
      })()
      await Promise.all([taking, sending])
      const had = tasks.noted(taken)
      const back = await rest(to)
      assert.deepEqual(had, upTo(had.length))
      const first = back[0] ?? sent
      assert.ok(
        first === had.length || first === had.length + 1,
        `${had.length} were noted, ${first} came back first`,
      )
      assert.deepEqual(back, upTo(sent).slice(first))

      const sendingThere = failed(pool.run(tasks.sendAndNote, from.sender, left))
      const got: number[] = []
      while (tasks.noted(left).length < 20 + round) got.push(await from.receive())
      process.kill(pool.stats().pids[0] as number, 'SIGKILL')
      await sendingThere
      got.push(...(await rest(from)))
      assert.deepEqual(got, upTo(got.length))
      assert.ok(got.length >= tasks.noted(left).length)
    }
  },
)

plainTest(
  'an owner that does not read for a while stops what is taken over there, and nothing is doubled when it dies then',
  { timeout: 60_000 },
  async () => {
    await using pool = processes({ workers: 1 })
    const channel = new Channel<number>(1_000)
    for (const n of upTo(1_000)) await channel.send(n)
    const taken = notes()
    const taking = failed(pool.run(tasks.takeThen, channel.receiver, 990, taken, 'kill'))
    await until(() => tasks.noted(taken).length > 0)
    // The words of the process fill the system's buffer, or all are taken.
    const stoppedAt = holdUntilQuiet(taken)
    await taking
    assert.ok(stoppedAt < 990, `${stoppedAt} were taken while nobody read`)
    assert.deepEqual(tasks.noted(taken), upTo(990))
    assert.deepEqual(await rest(channel), upTo(1_000).slice(990))
  },
)

plainTest(
  'what a process had taken before it died is known, though this side writes to it before it reads',
  { timeout: 60_000 },
  async () => {
    await using pool = processes({ workers: 1 })
    for (let round = 0; round < 3; round += 1) {
      const channel = new Channel<number>(300)
      for (const n of upTo(200)) await channel.send(n)
      const taken = notes()
      const taking = failed(pool.run(tasks.takeThen, channel.receiver, 100, taken, 'kill'))
      await until(() => tasks.noted(taken).length > 0)
      holdUntilQuiet(taken)
      channel.trySend(200)
      await taking
      assert.deepEqual([tasks.noted(taken), await rest(channel)], [upTo(100), upTo(201).slice(100)])
    }
  },
)

plainTest(
  'large items that wait to leave a process keep it from taking what it could not tell of',
  { timeout: 60_000 },
  async () => {
    await using pool = processes({ workers: 1 })
    for (let round = 0; round < 5; round += 1) {
      const [to, shouts] = [new Channel<number>(50), new Channel<string>(3)]
      const taken = notes()
      const taking = failed(pool.run(tasks.takeAndShout, to.receiver, shouts.sender, taken))
      const listening = (async () => {
        for await (const shout of shouts) assert.equal(shout.length, 300_000)
      })()
      let sent = 0
      while (tasks.noted(taken).length < 60) {
        await to.send(sent)
        sent += 1
      }
      process.kill(pool.stats().pids[0] as number, 'SIGKILL')
      await taking
      shouts.close()
      await listening
      const had = tasks.noted(taken)
      const back = await rest(to)
      const first = back[0] ?? sent
      assert.ok(
        first === had.length || first === had.length + 1,
        `${had.length} were noted, ${first} came back first`,
      )
      assert.deepEqual([had, back], [upTo(had.length), upTo(sent).slice(first)])
    }
  },
)

plainTest(
  'items too large for the pool are refused one by one, and small ones that travel together are not',
  { timeout: 60_000 },
  async () => {
    await using pool = processes({ workers: 1, maxPayloadBytes: 1_000 })
    const channel = new Channel<string>(100)
    const collecting = pool.run(tasks.collect, channel.receiver)
    const texts = upTo(100).map(n => String.fromCharCode(0x3b1 + n).repeat(700))
    for (const text of texts) await channel.send(text)
    await channel.send('x'.repeat(2_000))
    await channel.send('after')
    const error = await failed(collecting)
    assert.match(error.message, /may carry 1000 bytes; this one has 2000/)
    await until(() => channel.size === 2)
    assert.equal(await channel.receive(), 'x'.repeat(2_000))
  },
)

plainTest(
  'a process that forges or garbles its messages is ended, and what it has not taken comes back',
  { timeout: 60_000 },
  async () => {
    await using pool = processes({ workers: 1 })
    for (const frame of forgeries()) {
      const [channel, other] = [new Channel<number>(10), new Channel<number>(10)]
      for (const n of upTo(8)) await channel.send(n)
      const taken = notes()
      const error = await failed(pool.run(tasks.forge, channel.receiver, 3, taken, frame))
      assert.ok(error instanceof ProtocolError, String(error))
      await until(() => channel.size === 5)
      assert.deepEqual([tasks.noted(taken), await rest(channel)], [upTo(3), upTo(8).slice(3)])
      await other.send(1)
      assert.deepEqual(await pool.run(tasks.collect, other.receiver, 1), [1])
    }
  },
)

plainTest(
  'a channel of a worker thread is lent to its nested calls; one of a process is not, and they are told why',
  { timeout: 60_000 },
  async () => {
    await using thread = threads({ workers: 2 })
    assert.equal(await thread.run(tasks.lendOwn), 'lent')
    await using pool = processes({ workers: 2 })
    assert.match(String(await pool.run(tasks.lendOwn)), /args\[0\] .*a worker process lends none of its own/)
  },
)

/**
 * Does nothing else in this thread until no more is noted; returns how many notes there are then.
 */
function holdUntilQuiet(path: string): number {
  let now = 0
  for (let before = -1; now > before; ) {
    before = now
    for (let look = 0; look < 2_000; look += 1) now = tasks.noted(path).length
  }
  return now
}

/**
 * Frames that a worker could send: counts and messages of links that it does not have, and bytes
 * that are none.
 */
function forgeries(): Buffer[] {
  const count = (link: number, items: number) => {
    const frame = Buffer.alloc(13)
    frame.writeUInt32BE(9)
    frame[4] = 3
    frame.writeInt32LE(link, 5)
    frame.writeInt32LE(items, 9)
    return frame
  }
  const message = (value: unknown) => {
    const body = serialize(value)
    const head = Buffer.alloc(5)
    head.writeUInt32BE(body.length + 1)
    return Buffer.concat([head, body])
  }
  return [
    count(1_000_000, 1),
    count(-1, -1),
    message({ kind: 'lent', link: 1_000_000, message: { kind: 'taken', count: 1 } }),
    message({ kind: 'lent', link: 'x', message: { kind: 'open', count: 1 } }),
    message({ kind: 'lent', link: 1, message: null }),
    message({ kind: 'lent' }),
    Buffer.alloc(64, 0xff),
  ]
}
