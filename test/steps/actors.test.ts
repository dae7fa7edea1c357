/**
 * What actors cost grows as they do, and no faster: twice as many take about twice the steps. In
 * virtual time, so the counts are the same each time.
 */
import { strict as assert } from 'node:assert'
import { after, before, suite, test } from 'node:test'
import {
  ActorDiedError,
  type Ref,
  router,
  type Supervisor,
  type SupervisorOptions,
  spawn,
  supervisor,
  topic,
  whereis,
} from '../../src/actors.ts'
import { simulate } from '../../src/testing.ts'
import { PlayedStage } from '../crashes/played.ts'
import { Plain, type PlainRef } from './actors.ts'
import { StepCounter } from './count-steps.ts'

const few = 20
/** Twice as many may take so many times the steps, at each place in the code, and a few more. */
const atMost = 2.2
const more = 4 * few

const counter = new StepCounter('/src/actors/')

type Grows = (count: number) => Promise<void>

/** Counts the steps for some, and for twice as many. */
async function growsLinearly(grows: Grows): Promise<void> {
  await grows(few) // What is done once only.
  const one = await counter.count(() => grows(few))
  const two = await counter.count(() => grows(2 * few))
  assert.ok(Math.max(...two.values()) >= 2 * few)
  const tooMany = [...two]
    .map(([place, count]) => ({ place, of: one.get(place) ?? 0, and: count }))
    .filter(({ of, and }) => and > atMost * of + more)
  assert.deepEqual(tooMany, [], `for ${few} and for ${2 * few}`)
}

function here(body: Grows): Grows {
  return count => simulate(() => body(count), { schedule: 'fifo', seed: 1 })
}

function inTree(options: SupervisorOptions, body: (tree: Supervisor, count: number) => Promise<void>): Grows {
  return here(async count => {
    const tree = supervisor({ maxRestarts: 100_000, ...options })
    await body(tree, count)
    await tree.stop()
  })
}

async function started(tree: Supervisor, count: number, options = {}): Promise<PlainRef[]> {
  const refs: PlainRef[] = []
  for (let n = 0; n < count; n += 1) refs.push(await tree.start(Plain, [], options))
  return refs
}

async function spawned(count: number): Promise<PlainRef[]> {
  const refs: PlainRef[] = []
  for (let n = 0; n < count; n += 1) refs.push(await spawn(Plain, []))
  return refs
}

const plain = (ref: PlainRef) => ref as unknown as Ref

const costs: Readonly<Record<string, Grows>> = {
  'children that start one after the other, and stop': inTree({}, async (tree, count) => {
    await started(tree, count)
  }),

  'children that start together': inTree({}, async (tree, count) => {
    await Promise.all(Array.from({ length: count }, () => tree.start(Plain, [])))
  }),

  'children that fail, each once': inTree({}, async (tree, count) => {
    const refs = await started(tree, count)
    for (const ref of refs) ref.tell.fail()
    for (const ref of refs) await ref.ask.kept()
  }),

  'a failure that restarts all': inTree({ strategy: 'one_for_all' }, async (tree, count) => {
    const [first] = await started(tree, count)
    first?.tell.fail()
    await first?.ask.kept()
  }),

  'failures of the last child, which restart it alone': inTree(
    { strategy: 'rest_for_one' },
    async (tree, count) => {
      const last = (await started(tree, count)).at(-1)
      for (let n = 0; n < count; n += 1) {
        last?.tell.fail()
        await last?.ask.kept()
      }
    },
  ),

  'failures beside each other that restart all': inTree({ strategy: 'one_for_all' }, async (tree, count) => {
    const refs = await started(tree, count)
    for (const ref of refs) ref.tell.fail()
    await refs[0]?.ask.kept()
  }),

  'significant children that end by themselves': inTree({ autoShutdown: 'all' }, async (tree, count) => {
    const refs = await started(tree, count, { significant: true, restart: 'transient' })
    for (const ref of refs) ref.tell.leave()
    await tree.ended
  }),

  'temporary children that end': inTree({}, async (tree, count) => {
    for (const ref of await started(tree, count, { restart: 'temporary' })) await ref.stop()
  }),

  'names that are taken and free again': here(async count => {
    for (let n = 0; n < count; n += 1) await spawn(Plain, [], { name: `plain ${n}` })
    for (let n = 0; n < count; n += 1) await whereis(`plain ${n}`)?.stop()
  }),

  'one that watches many': here(async count => {
    const [one, ...others] = await spawned(count + 1)
    for (const other of others) await one?.ask.watch(plain(other))
    for (const other of others) await other.stop()
    assert.equal(await one?.ask.kept(), count)
  }),

  'many that watch one': here(async count => {
    const [one, ...others] = (await spawned(count + 1)) as [PlainRef, ...PlainRef[]]
    for (const other of others) await other.ask.watch(plain(one))
    await one.stop()
    for (const other of others) assert.equal(await other.ask.kept(), 1)
  }),

  'one that is linked to many': here(async count => {
    const [one, ...others] = await spawned(count + 1)
    for (const other of others) await one?.ask.link(plain(other))
    for (const other of others) await other.stop()
    assert.equal(await one?.ask.kept(), count)
  }),

  'many that are linked to one': here(async count => {
    const [one, ...others] = (await spawned(count + 1)) as [PlainRef, ...PlainRef[]]
    for (const other of others) await other.ask.link(plain(one))
    for (const other of others) await other.stop()
    assert.equal(await one.ask.kept(), 0)
  }),

  'a router that gives each its turn': here(async count => {
    const one = router(await spawned(count))
    for (let n = 0; n < 3 * count; n += 1) one.tell.note()
    await one.stop()
  }),

  'a router that looks for the least busy': here(async count => {
    const one = router(await spawned(count), { by: 'least-busy' })
    await Promise.all(Array.from({ length: 3 * count }, () => one.ask.kept()))
    await one.stop()
  }),

  'a router that goes by keys': here(async count => {
    const one = router(await spawned(count), { by: (_, [key]) => String(key) })
    for (let n = 0; n < count; n += 1) (one.tell.note as (key: number) => boolean)(n)
    await one.stop()
  }),

  'a router by keys, of many of which few live': here(async count => {
    const all = await spawned(2 * count)
    const one = router(all, { by: (_, [key]) => String(key) })
    for (const ref of all.slice(count)) await ref.stop()
    for (let n = 0; n < count; n += 1) (one.tell.note as (key: number) => boolean)(n)
    await one.stop()
  }),

  'a router whose actors end': here(async count => {
    const all = await spawned(count)
    const [turn, leastBusy] = [router(all), router(all, { by: 'least-busy' })]
    for (const ref of all.slice(1)) {
      await ref.stop()
      turn.tell.note()
      await leastBusy.ask.kept()
    }
  }),

  'asks of an actor that ends': here(async count => {
    const one = await spawn(Plain, [])
    const asks = Array.from({ length: count }, () => one.ask.hang())
    void one.stop({ queued: 'drop', graceMs: 0 })
    for (const ask of asks) await assert.rejects(ask, ActorDiedError)
  }),

  'asks that each have a limit of their own': here(async count => {
    const one = await spawn(Plain, [])
    for (let n = 0; n < count; n += 1) await one.with({ timeoutMs: 1_000 + n / 7 }).ask.kept()
    await one.stop()
  }),

  'messages that are put aside': here(async count => {
    const one = await spawn(Plain, [])
    one.tell.hold()
    for (let n = 0; n < count; n += 1) one.tell.note()
    one.tell.letGo()
    assert.equal(await one.ask.kept(), count)
  }),

  'subscribers of a topic': here(async count => {
    const news = topic<number>('news')
    const ends = Array.from({ length: count }, () => news.subscribe(() => {}))
    news.publish(1)
    for (const end of ends) end()
  }),

  'actors in two workers, which start, are asked, fail and stop': async count => {
    await new PlayedStage(1, 'threads').play(async on => {
      const tree = supervisor({ maxRestarts: 100_000 })
      const refs = await started(tree, count, { on })
      for (const ref of refs) ref.tell.fail()
      for (const ref of refs) {
        assert.equal(await ref.ask.kept(), 0)
        await ref.stop()
      }
      await tree.stop()
    })
  },

  'workers in which one actor each lives': async count => {
    await new PlayedStage(1, 'threads', count).play(async on => {
      const tree = supervisor()
      await started(tree, count, { on })
      assert.equal(new Set(String(tree).match(/thread \d+/g)).size, count)
      await tree.stop()
    })
  },
}

suite('twice as many take about twice the steps', () => {
  before(() => counter.open())
  after(() => counter.close())

  for (const [name, grows] of Object.entries(costs)) test(name, () => growsLinearly(grows))
})
