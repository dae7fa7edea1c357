/**
 * What users of other actor systems take for granted, case by case: those of OTP's, Pekko's and
 * Pykka's own suites that the table in testing/fixtures/actor-rules.ts does not have.
 */
import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { sleep } from '../coroutines/time/sleep.ts'
import { simulate } from '../runtime/simulate.ts'
import { actor } from './definition.ts'
import { ActorDiedError } from './errors.ts'
import { Counter } from './fixtures/bank.ts'
import { diary, failsToStart, Worker } from './fixtures/worker.ts'
import type { Ref } from './ref.ts'
import { self } from './self.ts'
import { spawn } from './spawn.ts'
import { supervisor } from './supervisor.ts'
import { type DeadLetter, onDeadLetter } from './system.ts'
import { type Topic, topic } from './topics.ts'

/** Holds a message, and hears of events, timers and ends meanwhile. */
function holder(overflow: 'wait' | 'reject' | 'drop-oldest') {
  return actor(
    import.meta,
    class Holder {
      readonly heard: string[] = []

      listen(to: Topic<number>, other: Ref, everyMs: number): void {
        to.subscribe(event => this.heard.push(`event ${event}`))
        self().watch(other, ({ kind }) => this.heard.push(kind))
        self().every(everyMs, () => this.heard.push('tick'))
      }

      async hold(forMs: number): Promise<void> {
        await sleep(forMs)
      }

      note(n: number): void {
        this.heard.push(`note ${n}`)
      }

      async publish(to: Topic<number>, count: number): Promise<number> {
        let told = 0
        for (let n = 1; n <= count; n += 1) told += to.publish(n)
        return told
      }

      refOfItself(): Ref {
        return self().ref
      }

      get(): readonly string[] {
        return this.heard
      }
    },
    { capacity: 3, overflow },
  )
}

const [Waiting, Rejecting, Dropping] = [holder('wait'), holder('reject'), holder('drop-oldest')]

async function lettersOf(body: () => Promise<void>): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  const off = onDeadLetter(letter => letters.push(letter))
  await body()
  off()
  return letters
}

suite('as elsewhere', () => {
  test('monitor_SUITE: of 10,000 watches each is told once, but for those that were taken back', async () => {
    const counter = await spawn(Counter, [])
    const watches = Array.from({ length: 10_000 }, () => counter.watch())
    let told = 0
    for (const [at, watch] of watches.entries()) {
      void watch.down.then(() => {
        told += 1
      })
      if (at % 2 === 0) watch[Symbol.dispose]()
    }
    await counter.stop()
    await Promise.all(watches.filter((_, at) => at % 2 === 1).map(({ down }) => down))
    await new Promise(resolve => setImmediate(resolve))
    assert.equal(told, 5_000)
  })

  test('a ring of 100,000 actors overflows no stack', async () => {
    const Hop = actor(
      import.meta,
      class Hop {
        #next: Ref<Hop> | undefined
        link(next: Ref<Hop>): void {
          this.#next = next
        }
        hop(left: number, done: () => void): void {
          if (left === 0) done()
          else this.#next?.tell.hop(left - 1, done)
        }
      },
    )
    const ring = await Promise.all(Array.from({ length: 100_000 }, () => spawn(Hop, [])))
    for (const [at, ref] of ring.entries()) ref.tell.link(ring[(at + 1) % ring.length] as never)
    await new Promise<void>(resolve => ring[0]?.tell.hop(200_000, resolve))
  })

  test('SupervisionSpec: what was put aside stays when the next start throws, in order', () =>
    simulate(async () => {
      diary.length = 0
      await using tree = supervisor({ maxRestarts: 5 })
      const a = await tree.start(Worker, ['a'])
      a.tell.hold()
      for (const text of ['one', 'two', 'three']) a.tell.note(text)
      failsToStart.set('a', 2)
      a.tell.fail()
      a.tell.letGo()
      await a.ask.note('last')
      assert.deepEqual(
        diary.filter(line => line.startsWith('a: ')),
        ['a: one', 'a: two', 'a: three', 'a: last'],
      )
    }))

  test('SupervisionSpec: a row of pauses ends after a time without a failure', () =>
    simulate(async ({ now }) => {
      failsToStart.clear()
      await using tree = supervisor({ maxRestarts: 99, backoff: { minMs: 10, maxMs: 100, jitter: 0 } })
      const a = await tree.start(Worker, ['a'])
      const pauses: number[] = []
      for (const quietMs of [0, 0, 50, 60, 0]) {
        await sleep(quietMs)
        const beganMs = now()
        a.tell.fail()
        await a.ask.note('-')
        pauses.push(now() - beganMs)
      }
      assert.deepEqual(pauses, [10, 20, 40, 10, 20])
    }))

  test('supervisor: one that waits to be restarted, for nothing, is stopped at once', () =>
    simulate(async ({ now }) => {
      failsToStart.clear()
      await using tree = supervisor({ backoff: { minMs: 60_000, maxMs: 60_000 } })
      const a = await tree.start(Worker, ['a'])
      a.tell.fail()
      while (tree.children[0]?.state !== 'restarting') await sleep(1)
      await sleep(1)
      const beganMs = now()
      await a.stop()
      assert.deepEqual([now() - beganMs, a.ended?.kind, tree.children.length], [0, 'stop', 0])
    }))

  test('gen_server: what was given up with a terminate that takes too long is no failure of it', () =>
    simulate(async () => {
      const warnings: unknown[] = []
      const note = (warning: Error & { code?: string }) => warnings.push(warning.code)
      process.on('warning', note)
      const tree = supervisor()
      const a = await tree.start(Worker, ['a', 1_000], { shutdownMs: 10 })
      await tree.stop()
      assert.equal(a.ended?.kind, 'killed')
      await sleep(2_000)
      process.off('warning', note)
      assert.deepEqual(warnings, [])
    }))

  test('DeathWatchSpec: one that was started under the name of a dead one can be watched', async () => {
    for (let round = 0; round < 3; round += 1) {
      const counter = await spawn(Counter, [], { name: 'again' })
      using watch = counter.watch()
      await counter.stop()
      assert.equal((await watch.down).kind, 'stop')
    }
  })

  test('Pykka: an order to stop that waits behind what fails is carried out, and what is behind it told', async () => {
    await using tree = supervisor({ maxRestarts: 5 })
    const counter = await tree.start(Counter, [])
    counter.tell.add(1)
    counter.tell.die()
    counter.tell.add(2)
    const stopped = counter.stop()
    await assert.rejects(counter.ask.get(), ActorDiedError)
    await stopped
    assert.equal(counter.ended?.kind, 'stop')
    assert.deepEqual(tree.children, [])
  })

  test('R9: `all` ends a supervisor with the last of its significant children', async () => {
    await using tree = supervisor({ autoShutdown: 'all' })
    const significant = { significant: true, restart: 'temporary' } as const
    const [one, other] = [
      await tree.start(Counter, [], significant),
      await tree.start(Counter, [], significant),
    ]
    await tree.start(Counter, [])
    await one.stop()
    assert.equal(tree.state, 'open')
    other.tell.die()
    await tree.ended
    assert.deepEqual(tree.children, [])
  })

  test('pids: refs of one actor are equal, and keys of a map', async () => {
    const one = await spawn(Waiting, [])
    assert.equal(await one.ask.refOfItself(), one as unknown)
    assert.notEqual(await one.ask.refOfItself(), (await spawn(Waiting, [])) as unknown)
  })
})

suite('a mailbox that is full', () => {
  test('drops no timer and no word of an end, but the oldest message', () =>
    simulate(async () => {
      const [news, other] = [topic<number>('news'), await spawn(Counter, [])]
      const one = await spawn(Dropping, [])
      await one.ask.listen(news, other as unknown as Ref, 20)
      const held = one.ask.hold(30)
      await sleep(10)
      void other.stop()
      await sleep(15)
      const letters = await lettersOf(async () => {
        for (let n = 1; n <= 5; n += 1) one.tell.note(n)
        news.publish(1)
        await held
        await sleep(20)
      })
      const heard = await one.ask.get()
      assert.deepEqual(heard, ['stop', 'tick', 'event 1', 'tick'])
      assert.deepEqual(letters.map(({ args }) => args[0]).toSorted(), [1, 2, 3, 4, 5])
      await one.stop()
    }))

  test('takes no more events than messages: others are dead letters', () =>
    simulate(async () => {
      const news = topic<number>('news')
      const one = await spawn(Rejecting, [])
      await one.ask.listen(news, (await spawn(Counter, [])) as unknown as Ref, 1_000)
      const held = one.ask.hold(10)
      await sleep(5)
      const letters = await lettersOf(async () => {
        for (let n = 1; n <= 5; n += 1) assert.equal(news.publish(n), n <= 3 ? 1 : 0)
        await held
        await sleep(1)
      })
      assert.deepEqual(
        letters.map(({ method, args, reason }) => `${method} ${args[0]}: ${reason}`).toSorted(),
        ['news 4: full', 'news 5: full'],
      )
      assert.deepEqual(await one.ask.get(), ['event 1', 'event 2', 'event 3'])
      await one.stop()
    }))

  test('holds up an actor that publishes, and loses nothing', () =>
    simulate(async () => {
      const news = topic<number>('news')
      const [one, publisher] = [await spawn(Waiting, []), await spawn(Waiting, [])]
      await one.ask.listen(news, (await spawn(Counter, [])) as unknown as Ref, 10_000)
      const held = one.ask.hold(10)
      await sleep(5)
      assert.equal(await publisher.ask.publish(news, 8), 8)
      publisher.tell.note(1)
      await sleep(1)
      assert.deepEqual((await spawn(Waiting, [])).tell.note(1), true)
      await held
      assert.equal((await one.ask.get()).length, 8)
      assert.deepEqual(await publisher.ask.get(), ['note 1'])
      for (const each of [one, publisher]) await each.stop()
    }))
})
