/** Actors that a supervisor starts on nodes: what only that place can meet. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definitionIn } from '../../actors/definition.ts'
import { Diary, Player } from '../../actors/fixtures/player.ts'
import { spawn } from '../../actors/spawn.ts'
import { supervisor } from '../../actors/supervisor.ts'
import { coroutines } from '../../coroutines/coroutines.ts'
import { portableModule } from '../../declared/portable-module.ts'
import type { Executor } from '../../executor/executor.ts'
import { threads } from '../../threads/threads.ts'
import { Catalogue } from '../catalogue.ts'
import { clusterWith } from '../cluster.ts'
import { EmbeddedEngine } from '../embedded.ts'
import { Account } from '../fixtures/account.ts'
import { FaultyEngine } from '../fixtures/faulty-engine.ts'
import { Node } from '../node.ts'
import { nearSubject, nodesSubject, sessionsSubject } from './far-node.ts'
import { readSession, writeSession } from './messages.ts'

const options = { timeout: 60_000 }
const playerModule = portableModule(definitionIn(Player).place.module)

/** A store, a caller, and nodes of which each can die. */
function stage(leaseMs = 30_000) {
  const store = new EmbeddedEngine({ leaseMs })
  const on = clusterWith(store, { nodes: [], queue: 'default', name: 'cluster', ownsEngine: false })
  const nodes: { node: Node; engine: FaultyEngine }[] = []
  return {
    store,
    on,
    nodes,
    node(runs: Executor, classes = [definitionIn(Player)]) {
      const engine = new FaultyEngine(store)
      const id = `node-${nodes.length + 1}`
      const node = new Node({
        id,
        engine,
        on: runs,
        queues: ['default'],
        catalogue: new Catalogue([]),
        classes,
      })
      node.start()
      nodes.push({ node, engine })
    },
    async [Symbol.asyncDispose]() {
      await on.close({ graceMs: 0 })
      for (const { node } of nodes) await node.close(0)
      await store.close()
    },
  }
}

test('when its node dies, an actor begins again on another: its ref is the same', options, async () => {
  await using at = stage(2_000)
  at.node(threads({ workers: 1 }))
  await using tree = supervisor({ maxRestarts: 1 })
  const diary = await spawn(Diary, [])
  const player = await tree.start(Player, ['p', diary, 0], { on: at.on })
  const short = await tree.start(Player, ['q', diary, 0], { on: at.on, restart: 'temporary' })
  using watch = short.watch()
  at.node(threads({ workers: 1 }))
  const under = player.ask.untilGivenUp()
  assert.equal(await short.ask.here(), 'q')
  at.nodes[0]?.engine.kill()
  await assert.rejects(under, { name: 'ActorDiedError', begun: 'maybe' })
  assert.equal((await watch.down).kind, 'gone')
  assert.equal(await player.with({ timeoutMs: 30_000 }).ask.here(), 'p')
  assert.equal(await diary.ask.count('p starts'), 2)
})

test('a node that closes says so: its actors begin on another at once', options, async () => {
  await using at = stage()
  at.node(threads({ workers: 1 }))
  await using tree = supervisor()
  const diary = await spawn(Diary, [])
  const player = await tree.start(Player, ['p', diary, 0], { on: at.on })
  assert.equal(await player.ask.here(), 'p')
  at.node(threads({ workers: 1 }))
  await at.nodes[0]?.node.close(0)
  assert.equal(await player.with({ timeoutMs: 20_000 }).ask.here(), 'p')
  assert.equal(await diary.ask.count('p starts'), 2)
})

test('a node that can’t host an actor says why', options, async () => {
  await using at = stage()
  at.node(coroutines())
  await using tree = supervisor()
  const args = ['p', await spawn(Diary, []), 0] as const
  await assert.rejects(tree.start(Player, args, { on: at.on }), {
    name: 'ActorStartError',
    message: /runs on coroutines: actors need the workers of threads\(\) or processes\(\)/,
  })
  await using other = stage()
  other.node(threads({ workers: 1 }), [definitionIn(Account)])
  await assert.rejects(tree.start(Player, args, { on: other.on }), {
    message: /no module of node node-1 declares actors/,
  })
})

test('a forged start names no module that a node would import', options, async () => {
  await using at = stage()
  at.node(threads({ workers: 1 }))
  const session = 'forged'
  const replies: unknown[] = []
  const answered = new Promise<void>(resolve => {
    at.store.listen(nearSubject(session), bytes => {
      const message = readSession(bytes)
      if (message?.kind === 'frame') replies.push(...message.parts)
      if (/no actor Evil/.test(JSON.stringify(replies))) resolve()
    })
  })
  const start = {
    ...{ op: 'start', id: 1, name: 'evil', restart: 'permanent' },
    place: { module: 'file:///nowhere/evil.js', name: 'Evil', position: 0 },
    args: { value: [], special: false },
  }
  const frame = {
    kind: 'frame',
    session,
    module: playerModule,
    first: 0,
    parts: [[0, start]],
    heard: 0,
  } as const
  at.store.publish(sessionsSubject('node-1'), writeSession(frame))
  await answered
})

test('messages about sessions with anything out of place are none, and open no worker', options, async () => {
  const open = { kind: 'open', session: 's', module: 'package:a/b' } as const
  assert.deepEqual(readSession(writeSession(open)), open)
  for (const part of [{ session: '' }, { module: 5 }, { kind: 'start' }, { session: 'x'.repeat(2_000) }])
    assert.equal(readSession(writeSession({ ...open, ...part } as never)), undefined)
  const frame = { ...open, kind: 'frame', first: 0, parts: [], heard: 0 } as const
  for (const part of [{ first: -1 }, { parts: 'x' }, { heard: 0.5 }])
    assert.equal(readSession(writeSession({ ...frame, ...part } as never)), undefined)
  await using at = stage()
  at.node(threads({ workers: 1 }))
  const heard: (string | undefined)[] = []
  at.store.listen(nearSubject('s'), bytes => heard.push(readSession(bytes)?.kind))
  at.store.publish(nodesSubject, writeSession(open))
  at.store.publish(sessionsSubject('node-1'), writeSession({ ...frame, module: playerModule, first: 7 }))
  while (heard.length < 2) await new Promise(setImmediate)
  assert.deepEqual(heard.sort(), ['bye', 'refused'])
})
