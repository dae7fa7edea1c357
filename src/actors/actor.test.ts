/** One actor on this thread: its messages, its failures, its end. */
import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { OptionError, TimeoutError } from '../errors.ts'
import { simulate } from '../runtime/simulate.ts'
import { actor } from './definition.ts'
import {
  ActorDiedError,
  ActorStartError,
  CyclicAskError,
  InvalidActorError,
  MailboxFullError,
} from './errors.ts'
import { Asker, Broken, Counter, NoStart, Refused, Small } from './fixtures/bank.ts'
import { self } from './self.ts'
import { spawn } from './spawn.ts'
import { type DeadLetter, onDeadLetter, whereis } from './system.ts'

const Timed = actor(
  import.meta,
  class Timed {
    set(kind: 'after' | 'every', ms: number): void {
      self()[kind](ms, () => {})
    }
  },
)

suite('an actor', () => {
  test('answers asks, takes tells, one message at a time and in order', async () => {
    const counter = await spawn(Counter, [5])
    assert.equal(counter.tell.add(1), true)
    const asked = [counter.ask.addLater(1), counter.ask.add(10), counter.ask.get()]
    assert.deepEqual(await Promise.all(asked), [7, 17, 17])
  })

  test('is self() in its methods, and after each await in an async one', async () => {
    const counter = await spawn(Counter, [], { name: 'the counter' })
    assert.equal(await counter.ask.nameOfSelf(), 'the counter')
    assert.equal(await counter.ask.nameLater(), 'the counter')
    await counter.stop()
  })

  test('yields what a generator method yields, and runs its finally when the loop is left', async () => {
    const counter = await spawn(Counter, [])
    assert.deepEqual(await Array.fromAsync(counter.ask.upTo(3)), [1, 2, 3])
    for await (const n of counter.ask.slowly(9)) if (n === 2) break
    assert.equal(await counter.ask.left(), 1)
  })

  test('R31: gives what an ask throws to whoever asked, and lives', async () => {
    const counter = await spawn(Counter, [1])
    await assert.rejects(counter.ask.refuse(), Refused)
    assert.equal(await counter.ask.get(), 1)
  })

  test('fails by what a tell throws, and by errors that it crashes on', async () => {
    for (const how of ['tell', 'ask']) {
      const counter = await spawn(Counter, [1])
      using watch = counter.watch()
      if (how === 'tell') counter.tell.die()
      else await assert.rejects(counter.ask.breakDown(), Broken)
      const { kind, error } = await watch.down
      assert.equal(kind, 'failure')
      assert.ok(error instanceof Broken)
      await assert.rejects(counter.ask.get(), ActorDiedError)
    }
  })

  test('R29: rejects at once what it worked on and what waited, when it dies', () =>
    simulate(async ({ now }) => {
      const counter = await spawn(Counter, [])
      const asked = [counter.ask.hang(), counter.ask.get()]
      counter.tell.add(1)
      const endings = Promise.allSettled(asked)
      void counter.stop({ queued: 'drop' })
      const [first] = (await endings) as PromiseRejectedResult[]
      assert.ok(first?.reason instanceof ActorDiedError)
      assert.equal(now(), 0)
    }))

  test('stops after what waits, or after what it works on', async () => {
    const counter = await spawn(Counter, [])
    const letters: DeadLetter[] = []
    const off = onDeadLetter(letter => letters.push(letter))
    const last = counter.ask.add(1)
    const stopped = counter.stop()
    assert.equal(counter.tell.add(1), false)
    assert.equal(await last, 1)
    await stopped
    assert.equal(counter.ended?.kind, 'stop')
    await Promise.resolve()
    assert.deepEqual(
      letters.map(({ method, reason }) => [method, reason]),
      [['add', 'ended']],
    )
    off()
  })

  test('has its dead letters told to all listeners, though one throws: that is a warning', async () => {
    const warnings: string[] = []
    const note = ({ message }: Error) => void warnings.push(message)
    process.on('warning', note)
    const letters: string[] = []
    const off = [
      onDeadLetter(() => {
        throw new RangeError('my own')
      }),
      onDeadLetter(({ method }) => letters.push(method)),
    ]
    const counter = await spawn(Counter, [])
    await counter.stop()
    counter.tell.add(1)
    await new Promise(resolve => setImmediate(resolve)) // A warning comes at the end of the turn.
    for (const takeOff of off) takeOff()
    process.off('warning', note)
    assert.deepEqual([letters, warnings], [['add'], ['onDeadLetter threw: my own']])
  })

  test('has its name until it has ended, and no other actor does', async () => {
    const counter = await spawn(Counter, [], { name: 'one' })
    assert.equal(whereis('one')?.name, 'one')
    await assert.rejects(spawn(Counter, [], { name: 'one' }), /lives already/)
    using watch = counter.watch()
    const freed = watch.down.then(() => whereis('one'))
    await counter.stop()
    assert.equal(await freed, undefined)
  })

  test('is told of once by each watch, at once if it has ended; R22, R23', async () => {
    const counter = await spawn(Counter, [])
    const [one, other] = [counter.watch(), counter.watch()]
    await counter.stop()
    assert.deepEqual(
      (await Promise.all([one.down, other.down, counter.watch().down])).map(({ kind }) => kind),
      ['stop', 'stop', 'stop'],
    )
  })

  test('that does not start leaves nothing: not its name, not its place', async () => {
    for (const where of ['constructor', 'onStart'] as const) {
      await assert.rejects(
        spawn(NoStart, [where], { name: 'early' }),
        (error: Error) => error instanceof ActorStartError && error.cause instanceof Broken,
      )
      assert.equal(whereis('early'), undefined)
    }
    await simulate(async ({ now }) => {
      await assert.rejects(spawn(NoStart, ['never'], { startTimeoutMs: 50 }), ActorStartError)
      assert.equal(now(), 50)
    })
  })

  test('whose answer does not come is given up after the time, and is free for others when it has ended', () =>
    simulate(async ({ now }) => {
      const counter = await spawn(Counter, [])
      await assert.rejects(counter.with({ timeoutMs: 20 }).ask.hang(), TimeoutError)
      assert.equal(now(), 20)
      const late = counter.ask.get()
      await assert.rejects(late, TimeoutError)
      assert.equal(now(), 5_020)
    }))

  test('R34: is not asked in a circle', async () => {
    const [a, b, c] = [await spawn(Asker, []), await spawn(Asker, []), await spawn(Asker, [])]
    assert.equal(await a.ask.askThrough([b, c]), 'the end')
    await assert.rejects(
      a.ask.askThrough([b, c, a]),
      (error: CyclicAskError) =>
        error instanceof CyclicAskError && error.chain.length === 4 && error.chain[0] === error.chain[3],
    )
    await assert.rejects(a.ask.askThrough([a]), CyclicAskError)
    assert.equal(await b.ask.askThrough([a]), 'the end')
  })

  test('R36: refuses what its mailbox can not hold, and throws into no sender', async () => {
    const small = await spawn(Small, [])
    small.ask.hang().catch(() => {})
    await new Promise<void>(resolve => setImmediate(resolve))
    assert.deepEqual([small.tell.note(), small.tell.note(), small.tell.note()], [true, true, false])
    await assert.rejects(small.ask.note(), MailboxFullError)
    await small.stop({ graceMs: 0 })
  })

  test('a timer of its own takes a time that ends', async () => {
    const timed = await spawn(Timed, [])
    for (const ms of [Number.POSITIVE_INFINITY, Number.NaN, -1, 'x' as never])
      for (const kind of ['after', 'every'] as const)
        await assert.rejects(timed.ask.set(kind, ms), (error: Error) => {
          assert.match(error.message, new RegExp(`self\\(\\)\\.${kind}\\(.*; it got '?${ms}'?\\.$`))
          return error instanceof OptionError
        })
    await assert.rejects(timed.ask.set('every', 0), OptionError)
    await timed.ask.set('every', 0.5)
    await timed.ask.set('after', 0)
    await timed.stop()
  })

  test('is made of a declared class only', async () => {
    class Plain {}
    await assert.rejects(spawn(Plain as never, []), InvalidActorError)
  })
})
