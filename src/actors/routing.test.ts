/** Routers, topics, links, watches and back-pressure: actors among actors. */
import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { simulate } from '../runtime/simulate.ts'
import { actor } from './definition.ts'
import { ActorDiedError, InvalidActorError } from './errors.ts'
import { Counter, Small } from './fixtures/bank.ts'
import { type Ref, targetIn } from './ref.ts'
import { router } from './router.ts'
import { self } from './self.ts'
import { spawn } from './spawn.ts'
import { type Topic, topic } from './topics.ts'

function waiting(ref: Ref<any>): number {
  return (targetIn(ref) as { waiting?: number } | undefined)?.waiting ?? -1
}

/** Two of them fill each other's mailboxes. */
const Filler = actor(
  import.meta,
  class Filler {
    #seen = 0

    fill(other: Ref<{ note(): void }>, count: number): void {
      for (let n = 0; n < count; n += 1) other.tell.note()
    }

    note(): void {
      this.#seen += 1
    }

    seen(done: (seen: number) => void): void {
      done(this.#seen)
    }
  },
  { capacity: 8 },
)

/** Hears what happens to others. */
const Witness = actor(
  import.meta,
  class Witness {
    readonly heard: string[] = []
    #unwatch = () => {}

    watch(other: Ref): void {
      this.#unwatch = self().watch(other, ({ kind }) => this.heard.push(`${other.name} ${kind}`))
    }

    unwatch(): void {
      this.#unwatch()
    }

    link(other: Ref): void {
      self().link(other)
    }

    trap(): void {
      self().trapExits((from, { kind }) => this.heard.push(`exit of ${from}: ${kind}`))
    }

    publishTo(to: Topic<string>, then: () => void): void {
      to.publish('x')
      then()
    }

    subscribe(to: Topic<string>): void {
      to.subscribe(event => this.heard.push(event))
    }

    die(): void {
      throw new Error('told to')
    }

    tellMany(other: Ref<{ note(): void }>, count: number): number {
      let taken = 0
      for (let n = 0; n < count; n += 1) if (other.tell.note()) taken += 1
      return taken
    }

    get(): readonly string[] {
      return this.heard
    }
  },
)

/** Counts what it is told, slowly. */
const Slow = actor(
  import.meta,
  class Slow {
    count = 0
    async note(): Promise<void> {
      this.count += 1
      await null
    }
    counted(): number {
      return this.count
    }
  },
  { capacity: 10 },
)

suite('a router', () => {
  test('gives each its turn, passes over those that have ended, and ends with the last', async () => {
    const all = await Promise.all([0, 100, 200].map(n => spawn(Counter, [n])))
    const one = router(all)
    assert.deepEqual(
      (await Promise.all([1, 2, 3, 4].map(() => one.ask.get()))).sort((a, b) => a - b),
      [0, 100, 100, 200].sort((a, b) => a - b),
    )
    await all[1]?.stop()
    assert.deepEqual([...new Set(await Promise.all([1, 2, 3, 4].map(() => one.ask.get())))].sort(), [0, 200])
    using watch = one.watch()
    await one.stop()
    assert.equal((await watch.down).kind, 'stop')
    await assert.rejects(one.ask.get(), ActorDiedError)
    assert.equal(one.tell.add(1), false)
  })

  test('chooses the one with the fewest asks under way', async () => {
    const [busy, free] = [await spawn(Counter, [1]), await spawn(Counter, [2])]
    const one = router([busy, free], { by: 'least-busy' })
    const hanging = one.ask.hang()
    hanging.catch(() => {})
    assert.deepEqual([await one.ask.get(), await one.ask.get()], [2, 2])
    await one.stop({ queued: 'drop', graceMs: 0 })
  })

  test('that chooses so gives each its turn with what is only told', async () => {
    const all = await Promise.all([0, 0, 0].map(n => spawn(Counter, [n])))
    const one = router(all, { by: 'least-busy' })
    for (let n = 0; n < 9; n += 1) one.tell.add(1)
    assert.deepEqual(await Promise.all(all.map(ref => ref.ask.get())), [3, 3, 3])
  })

  test('sends all of one key to one actor, and moves few keys when one ends', async () => {
    const all = await Promise.all([0, 1, 2, 3].map(n => spawn(Counter, [n * 1_000_000])))
    const one = router(all, { by: (_, args) => args[0] as number })
    const homeOf = async (key: number) => Math.floor((await one.ask.add(key)) / 1_000_000)
    const keys = Array.from({ length: 200 }, (_, n) => n + 1)
    const before = await Promise.all(keys.map(homeOf))
    assert.deepEqual(await Promise.all(keys.map(homeOf)), before)
    for (const home of [0, 1, 2, 3]) assert.ok(before.filter(one => one === home).length > 20)
    await all[2]?.stop()
    const after = await Promise.all(keys.map(homeOf))
    for (const [at, home] of before.entries()) if (home !== 2) assert.equal(after[at], home)
  })

  test('takes refs of one class', async () => {
    const [counter, small] = [await spawn(Counter, []), await spawn(Small, [])]
    assert.throws(() => router([counter, small as never]), InvalidActorError)
    assert.throws(() => router([]), InvalidActorError)
  })
})

suite('actors among actors', () => {
  test('R27: a watcher hears the end after the last message that came before it', () =>
    simulate(
      async () => {
        const [witness, counter] = [await spawn(Witness, []), await spawn(Counter, [], {})]
        await witness.ask.watch(counter as unknown as Ref)
        await counter.stop()
        assert.deepEqual(await witness.ask.get(), [`${counter.name} stop`])
      },
      { runs: 30 },
    ))

  test('R24: what waits of a watch that was taken back is not told', async () => {
    const [witness, counter] = [await spawn(Witness, []), await spawn(Counter, [])]
    await witness.ask.watch(counter as unknown as Ref)
    witness.tell.unwatch()
    const stopped = counter.stop()
    await stopped
    assert.deepEqual(await witness.ask.get(), [])
  })

  test('R28: a failure goes over a link, a normal end does not, and who traps it hears of it', async () => {
    const [a, b, c] = [await spawn(Witness, []), await spawn(Witness, []), await spawn(Witness, [])]
    await a.ask.link(b as unknown as Ref)
    await c.ask.trap()
    await c.ask.link(b as unknown as Ref)
    using watch = a.watch()
    b.tell.die()
    assert.equal((await watch.down).kind, 'failure')
    assert.deepEqual(await c.ask.get(), [`exit of ${b.name}: failure`])
    const [d, e] = [await spawn(Witness, []), await spawn(Witness, [])]
    await d.ask.link(e as unknown as Ref)
    await e.stop()
    assert.deepEqual(await d.ask.get(), [])
  })

  test('a topic tells its subscribers in order, until they end', async () => {
    const news = topic<string>('news')
    const witness = await spawn(Witness, [])
    await witness.ask.subscribe(news)
    const heard: string[] = []
    const end = news.subscribe(event => heard.push(event))
    assert.equal(news.publish('one'), 2)
    news.publish('two')
    assert.deepEqual(await witness.ask.get(), ['one', 'two'])
    assert.deepEqual(heard, ['one', 'two'])
    end()
    await witness.stop()
    assert.equal(news.publish('three'), 0)
  })

  test('who tells a full mailbox works on when there is room again, and nothing is lost', async () => {
    const [sender, slow] = [await spawn(Witness, []), await spawn(Slow, [])]
    const taken = [await sender.ask.tellMany(slow, 50), await sender.ask.tellMany(slow, 50)]
    assert.deepEqual(taken, [50, 50])
    assert.equal(await slow.ask.counted(), 100)
  })

  test('a sender takes no message of its own while the mailbox that it filled is too full', () =>
    simulate(async () => {
      const [sender, slow] = [await spawn(Witness, []), await spawn(Slow, [])]
      const order: string[] = []
      const news = topic<string>('news')
      await sender.ask.subscribe(news)
      sender.tell.tellMany(slow, 50)
      sender.tell.publishTo(news, () => order.push(`sender goes on at ${waiting(slow)}`))
      await sender.with({ timeoutMs: 1_000 }).stop()
      assert.deepEqual(order, ['sender goes on at 5'])
    }))
})

test('two actors that fill each other’s mailboxes do not wait for each other', () =>
  simulate(
    async () => {
      const [a, b] = [await spawn(Filler, []), await spawn(Filler, [])]
      for (let n = 0; n < 4; n += 1) {
        a.tell.fill(b, 5)
        b.tell.fill(a, 5)
      }
      // By a tell: an ask would end the wait that this is about.
      const seen = (one: typeof a) => new Promise<number>(resolve => void one.tell.seen(resolve))
      for (const one of [a, b]) while ((await seen(one)) < 20) await null
    },
    { runs: 200, seed: 1 },
  ))
