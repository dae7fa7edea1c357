/** Entities on simulated machines that die, freeze and come back: one state, each change once. */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { actor, definitionIn } from '../../actors/definition.ts'
import { self } from '../../actors/self.ts'
import { spawn } from '../../actors/spawn.ts'
import { supervisor } from '../../actors/supervisor.ts'
import { sleep } from '../../coroutines/time/sleep.ts'
import { ClosedError, TimeoutError } from '../../errors.ts'
import { runtime } from '../../runtime/runtime.ts'
import { simulate } from '../../runtime/simulate.ts'
import { cluster, clusterWith } from '../cluster.ts'
import type { Engine } from '../engine.ts'
import { DeniedError, EngineUnavailableError } from '../errors.ts'
import { Account, worked } from '../fixtures/account.ts'
import { FaultyEngine } from '../fixtures/faulty-engine.ts'
import { leaseMs, type Machines, machines } from '../fixtures/machines.ts'
import { readCall, readKept, readOwner, writeEntity } from './messages.ts'
import { ownerKey, shardOf, stateKey, typeOf } from './places.ts'

beforeEach(() => {
  worked.deposits = 0
})

function on(count: number, body: (all: Machines) => Promise<void>, options = {}): Promise<void> {
  return simulate(
    async () => {
      worked.deposits = 0
      const all = machines(count, options)
      try {
        await body(all)
      } finally {
        await all.close()
      }
    },
    { runs: 10 },
  )
}

const type = typeOf(definitionIn(Account))
const patient = { timeoutMs: 60_000 }

async function epochOf({ store }: Machines, key: string): Promise<number> {
  const record = await store.records('owners').get(ownerKey(shardOf(type, key)))
  return readOwner(record?.bytes as Uint8Array)?.epoch ?? 0
}

/** The machine that owns the shard of that key. */
async function ownerOf(all: Machines, key: string) {
  const record = await all.store.records('owners').get(ownerKey(shardOf(type, key)))
  const owner = readOwner(record?.bytes as Uint8Array)
  const machine = all.nodes.find(({ node }) => node.id === owner?.node)
  assert.ok(machine)
  return machine
}

/** A cluster of its own on that store. */
const clusterOn = (engine: Engine) =>
  clusterWith(engine, { nodes: [], queue: 'default', name: 'other', ownsEngine: false })

test('an entity comes to life with its first message, and is one for all who have its key', () =>
  on(3, async all => {
    const alice = all.jobs.entity(Account, 'alice')
    assert.equal(await alice.ask.deposit(5), 5)
    const other = clusterOn(all.store)
    assert.equal(await other.entity(Account, 'alice').ask.deposit(2), 7)
    assert.equal(await other.entity(Account, 'bob').ask.total(), 0)
    assert.equal(alice.tell.deposit(1), true)
    while ((await alice.ask.total()) !== 8) await sleep(10)
    await other.close()
  }))

test('a message that throws changes nothing, and its error comes back whole', () =>
  on(1, async all => {
    const alice = all.jobs.entity(Account, 'alice')
    await alice.ask.deposit(5)
    await assert.rejects(alice.ask.withdraw(7), { name: 'RangeError', message: 'alice has too little' })
    assert.equal(await alice.ask.total(), 5)
    assert.equal(await alice.ask.withdraw(3), 2)
  }))

test('what its constructor throws goes to whoever asked, at once; the next message tries again', () =>
  on(2, async all => {
    const nobody = all.jobs.entity(Account, 'nobody')
    const refused = { name: 'RangeError', message: 'nobody has no account' }
    const asks = [nobody.ask.deposit(1), nobody.ask.total()]
    await Promise.all(asks.map(ask => assert.rejects(ask, refused)))
    await assert.rejects(nobody.ask.total(), refused)
    assert.equal(await all.jobs.entity(Account, 'alice').ask.deposit(1), 1)
  }))

test('when its node dies an entity goes on elsewhere with its state, under the next epoch', () =>
  on(2, async all => {
    const alice = all.jobs.entity(Account, 'alice').with(patient)
    await alice.ask.deposit(5)
    assert.equal(await epochOf(all, 'alice'), 1)
    const dead = await ownerOf(all, 'alice')
    dead.engine.kill()
    const diedMs = runtime().now()
    assert.equal(await alice.ask.deposit(1), 6)
    assert.ok(runtime().now() - diedMs < 3 * leaseMs)
    assert.equal(await epochOf(all, 'alice'), 2)
    assert.notEqual(await ownerOf(all, 'alice'), dead)
  }))

test('an owner that was frozen and comes back changes nothing, and answers nobody', () =>
  on(2, async all => {
    const alice = all.jobs.entity(Account, 'alice').with(patient)
    await alice.ask.deposit(5)
    const frozen = await ownerOf(all, 'alice')
    const late = alice.ask.deposit(10, 500)
    while (worked.deposits < 2) await sleep(10)
    frozen.engine.freeze()
    assert.equal(await late, 15)
    assert.equal(await alice.ask.deposit(1), 16)
    frozen.engine.thaw()
    await sleep(5 * leaseMs)
    assert.equal(await alice.ask.total(), 16)
    assert.notEqual(await ownerOf(all, 'alice'), frozen)
  }))

test('of two that write a state only the one at its revision does: the other is fenced', () =>
  on(1, async all => {
    const alice = all.jobs.entity(Account, 'alice').with(patient)
    await alice.ask.deposit(5)
    const records = all.store.records('state')
    const record = await records.get(stateKey(type, 'alice'))
    const kept = readKept(record?.bytes as Uint8Array)
    assert.ok(kept !== undefined && record !== undefined)
    const richer = { ...kept, value: { ...(kept.value as object), balance: 100 } }
    await records.replace(stateKey(type, 'alice'), writeEntity(richer), record.revision)
    assert.equal(await alice.ask.deposit(1), 101)
  }))

test('a node that closes gives its entities up at once', () =>
  on(2, async all => {
    const alice = all.jobs.entity(Account, 'alice').with(patient)
    await alice.ask.deposit(5)
    const leaving = await ownerOf(all, 'alice')
    await leaving.node.close(1_000)
    const leftMs = runtime().now()
    assert.equal(await alice.ask.deposit(1), 6)
    assert.ok(runtime().now() - leftMs < leaseMs)
  }))

test('where no node has the class, an ask ends in its time and says that it may take effect', () =>
  on(0, async all => {
    await assert.rejects(
      all.jobs.entity(Account, 'alice').with({ timeoutMs: 200 }).ask.total(),
      (error: Error) => error instanceof TimeoutError && /may take effect/.test(error.message),
    )
    assert.throws(() => all.jobs.entity(Account, ''), { code: 'ATONCE_OPTION' })
    assert.throws(() => all.jobs.entity(class Plain {} as never, 'x'), {
      code: 'ATONCE_INVALID_ACTOR',
      message: /^entity\(cls, key\) takes an actor’s class; it got Plain/,
    })
  }))

const Lonely = actor(
  import.meta,
  class Lonely {
    onStart(): never {
      throw new Error('an entity is not started')
    }
    name(): string {
      return self().name
    }
  },
)

test('an entity has no self() and no hooks: self() says so', async () => {
  await using jobs = cluster()
  await assert.rejects(jobs.entity(Lonely, 'a').ask.name(), {
    name: 'InvalidActorError',
    message: /an entity of a cluster has none/,
  })
})

test('what was told before a close arrives; what can’t be sent, or comes after it, is told so', () =>
  on(1, async all => {
    const other = clusterOn(all.store)
    const alice = other.entity(Account, 'alice')
    assert.equal(alice.tell.deposit(5), true)
    assert.throws(() => (alice.tell.deposit as (what: unknown) => boolean)([() => 1]), {
      name: 'SerializationError',
      path: 'args[0][0]',
    })
    const asked = assert.rejects(alice.ask.deposit(1, 60_000), ClosedError)
    await other.close()
    assert.equal(await all.jobs.entity(Account, 'alice').ask.total(), 5)
    assert.equal(alice.tell.deposit(5), false)
    await asked
  }))

test('a close waits for what was told no longer than its grace', () =>
  on(0, async all => {
    for (const graceMs of [0, 100]) {
      const other = clusterOn(all.store)
      assert.equal(other.entity(Account, 'alice').tell.deposit(5), true)
      const fromMs = runtime().now()
      await other.close({ graceMs })
      assert.equal(runtime().now() - fromMs, graceMs)
    }
  }))

test('where there is no store to use, an ask says so at once, and a start of an actor', () =>
  on(1, async all => {
    const gone = new FaultyEngine(all.store)
    gone.open = () => Promise.reject(new EngineUnavailableError('There is no server.'))
    const far = clusterOn(gone)
    const fromMs = runtime().now()
    await assert.rejects(far.entity(Account, 'alice').ask.total(), EngineUnavailableError)
    const tree = supervisor()
    await assert.rejects(tree.start(Account, ['alice'], { on: far }), {
      name: 'ActorStartError',
      message: /There is no server/,
    })
    await tree.stop()
    const denied = new FaultyEngine(all.store)
    denied.records = () => {
      throw new DeniedError('This user may not.')
    }
    await assert.rejects(clusterOn(denied).entity(Account, 'alice').ask.total(), DeniedError)
    assert.ok(runtime().now() - fromMs < 1_000)
  }))

test('a message that is sent again says which ones are answered by then', () =>
  on(1, async all => {
    const oldest: number[] = []
    all.store.listen(`shard.${shardOf(type, 'alice')}-1`, bytes => {
      const call = readCall(bytes)
      if (call?.number === 3) oldest.push(call.oldest)
    })
    const alice = all.jobs.entity(Account, 'alice')
    await alice.ask.total()
    worked.deposits = 0
    const first = alice.ask.deposit(1, 30)
    while (worked.deposits < 1) await sleep(1)
    await Promise.all([first, alice.ask.deposit(1, 1_000)])
    assert.ok(oldest.length > 2)
    assert.deepEqual([oldest[0], oldest.at(-1)], [2, 3])
  }))

test('a copy of a message that comes late, or again, is not worked on, however many came between', () =>
  on(1, async all => {
    const copies: Uint8Array[] = []
    const shard = shardOf(type, 'alice')
    all.store.listen(`shard.${shard}-1`, bytes => copies.push(bytes))
    const alice = all.jobs.entity(Account, 'alice').with(patient)
    await alice.ask.deposit(1)
    await Promise.all(Array.from({ length: 100 }, () => alice.ask.deposit(1)))
    for (const bytes of copies) all.store.publish(`shard.${shard}-1`, bytes)
    assert.equal(await alice.ask.total(), 101)
    assert.equal(worked.deposits, 101)
  }))

for (const loss of [0, 0.2])
  test(`whatever dies or freezes, with ${100 * loss} % of the hints lost: every deposit counts once, and the history is linearizable`, () =>
    simulate(
      async ({ random }) => {
        const all = machines(3, { loss })
        const history: { beganMs: number; endedMs: number; balance: number }[] = []
        const callers = [all.jobs, clusterOn(all.near)]
        let over = false
        const faults = (async () => {
          while (!over) {
            await sleep(300 + random() * 2_000)
            const { engine } = all.nodes[Math.floor(random() * all.nodes.length)] as Machines['nodes'][0]
            if (random() < 0.3) {
              engine.kill()
              all.start()
            } else {
              engine.freeze()
              await sleep(random() * 2 * leaseMs)
              engine.thaw()
            }
          }
        })()
        const each = async (caller: (typeof callers)[0]) => {
          const alice = caller.entity(Account, 'alice').with({ timeoutMs: 600_000 })
          for (let n = 0; n < 12; n += 1) {
            const beganMs = runtime().now()
            const balance = await alice.ask.deposit(1, random() * 100)
            history.push({ beganMs, endedMs: runtime().now(), balance })
            await sleep(random() * 300)
          }
        }
        await Promise.all(callers.flatMap(caller => [each(caller), each(caller)]))
        over = true
        await faults
        // Each deposit returns how many there are: their order is the one by what they returned.
        history.sort((one, other) => one.balance - other.balance)
        assert.deepEqual(
          history.map(({ balance }) => balance),
          [...history.keys()].map(n => n + 1),
        )
        for (const [at, { beganMs }] of history.entries())
          for (const { endedMs } of history.slice(at + 1)) assert.ok(beganMs <= endedMs)
        for (const caller of callers) await caller.close({ graceMs: 0 })
        await all.close()
      },
      { runs: 10 },
    ))

test('the class of an entity is an actor’s class: the same runs on a thread of its own', async () => {
  const carol = await spawn(Account, ['carol'])
  assert.equal(await carol.ask.deposit(3), 3)
  await carol.stop()
})

test('messages about entities with anything out of place are none', () => {
  const call = {
    kind: 'entity',
    id: 'a',
    type,
    key: 'alice',
    method: 'deposit',
    args: [1],
    special: false,
    to: 'c',
    number: 1,
    oldest: 1,
  } as const
  assert.deepEqual(readCall(writeEntity(call)), call)
  for (const part of [
    { id: '' },
    { key: 5 },
    { args: 'x' },
    { method: '' },
    { special: 1 },
    { kind: 'task' },
  ])
    assert.equal(readCall(writeEntity({ ...call, ...part } as never)), undefined)
  for (const read of [readOwner, readKept]) assert.equal(read(writeEntity(call)), undefined)
})
