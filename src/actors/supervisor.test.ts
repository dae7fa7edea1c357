/**
 * Supervisors, by the rules of OTP: who is restarted, in which order, how often, and who hears of
 * it.
 */
import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { sleep } from '../coroutines/time/sleep.ts'
import { ClosedError } from '../errors.ts'
import { type Simulation, simulate } from '../runtime/simulate.ts'
import { ActorStartError, RestartLimitError } from './errors.ts'
import { diary, failsToStart, Worker } from './fixtures/worker.ts'
import type { Ref } from './ref.ts'
import type { Strategy, SupervisorOptions } from './settings.ts'
import { type Supervisor, supervisor } from './supervisor.ts'

type W = Awaited<ReturnType<typeof startWorker>>

function startWorker(tree: Supervisor, name: string, options = {}) {
  return tree.start(Worker, [name], options)
}

/** Plays on a virtual clock, in many orders, with a tree of its own. */
function rule(
  sentence: string,
  options: SupervisorOptions,
  body: (tree: Supervisor, simulation: Simulation) => Promise<void>,
): void {
  test(sentence, () =>
    simulate(
      async simulation => {
        diary.length = 0
        failsToStart.clear()
        const tree = supervisor(options)
        try {
          await body(tree, simulation)
        } finally {
          await tree.stop()
        }
      },
      { runs: 20, seed: 1 },
    ),
  )
}

/** Once all that was told has been done, and what follows from it. */
async function settled(...refs: readonly W[]): Promise<void> {
  for (let round = 0; round < 4; round += 1)
    for (const ref of refs) if (ref.ended === undefined) await ref.ask.note('-').catch(() => {})
  for (let at = diary.length - 1; at >= 0; at -= 1) if (diary[at]?.endsWith(': -')) diary.splice(at, 1)
}

async function three(tree: Supervisor, options: Record<string, object> = {}): Promise<[W, W, W]> {
  const refs = [] as W[]
  for (const name of ['a', 'b', 'c']) refs.push(await startWorker(tree, name, options[name] ?? {}))
  diary.length = 0
  return refs as [W, W, W]
}

suite('a supervisor', () => {
  rule(
    'R1, R2: starts its children in order, and stops them in reverse order, one at a time',
    {},
    async tree => {
      await startWorker(tree, 'a')
      await tree.start(Worker, ['b', 20])
      await startWorker(tree, 'c')
      await tree.stop()
      assert.deepEqual(diary, ['a starts', 'b starts', 'c starts', 'c shutdown', 'b shutdown', 'a shutdown'])
    },
  )

  rule('R1: has nothing of a child that does not start', {}, async tree => {
    failsToStart.set('a', 1)
    await assert.rejects(startWorker(tree, 'a', { name: 'a' }), ActorStartError)
    assert.deepEqual(tree.children, [])
    assert.equal((await startWorker(tree, 'a', { name: 'a' })).name, 'a')
  })

  rule('R3: gives up a child that does not stop in time, and goes on', {}, async (tree, { now }) => {
    const slow = await tree.start(Worker, ['slow', 1_000_000], { shutdownMs: 70 })
    const brutal = await tree.start(Worker, ['brutal', 1_000_000], { shutdownMs: 0 })
    const beganMs = now()
    await tree.stop()
    assert.equal(now() - beganMs, 70)
    assert.deepEqual([slow.ended?.kind, brutal.ended?.kind], ['killed', 'killed'])
  })

  for (const [restart, after] of [
    ['permanent', { leave: true, fail: true }],
    ['transient', { leave: false, fail: true }],
    ['temporary', { leave: false, fail: false }],
  ] as const) {
    for (const how of ['leave', 'fail'] as const)
      rule(`R4: a ${restart} child that ${how}s is ${after[how] ? '' : 'not '}restarted`, {}, async tree => {
        const child = await startWorker(tree, 'a', { restart })
        using watch = child.watch()
        child.tell[how]()
        if (after[how]) await settled(child)
        else assert.equal((await watch.down).kind, how === 'leave' ? 'stop' : 'failure')
        assert.equal(diary.filter(line => line === 'a starts').length, after[how] ? 2 : 1)
        assert.equal(tree.children.length, after[how] ? 1 : 0)
      })
  }

  const restarted: Record<Strategy, string[]> = {
    one_for_one: ['b restart', 'b starts'],
    pool: ['b restart', 'b starts'],
    rest_for_one: ['c restart', 'b restart', 'b starts', 'c starts'],
    one_for_all: ['c restart', 'b restart', 'a restart', 'a starts', 'b starts', 'c starts'],
  }
  for (const [strategy, expected] of Object.entries(restarted))
    rule(
      `R5: ${strategy} restarts whom it names, in order`,
      { strategy: strategy as Strategy },
      async tree => {
        const [a, b, c] = await three(tree)
        b.tell.fail()
        await settled(a, b, c)
        assert.deepEqual(diary, expected)
      },
    )

  rule(
    'R4, R5: a temporary sibling that is taken down is not started again',
    { strategy: 'one_for_all' },
    async tree => {
      const [a, b, c] = await three(tree, { c: { restart: 'temporary' } })
      a.tell.fail()
      await settled(a, b)
      assert.deepEqual(diary, ['c shutdown', 'b restart', 'a restart', 'a starts', 'b starts'])
      assert.equal(c.ended?.kind, 'shutdown')
    },
  )

  rule(
    'R6: gives up at one restart more than may be, stops all, and says why',
    { maxRestarts: 2 },
    async tree => {
      const [, b] = await three(tree)
      for (let n = 0; n < 3; n += 1) b.tell.fail(`failure ${n}`)
      const { kind, error } = await tree.ended
      assert.equal(kind, 'failure')
      assert.ok(error instanceof RestartLimitError)
      assert.match(error.message, /failure 2/)
      assert.deepEqual(tree.children, [])
      await assert.rejects(startWorker(tree, 'd'), ClosedError)
    },
  )

  rule(
    'R6: counts for each child by one_for_one, for all together by one_for_all',
    { maxRestarts: 1 },
    async tree => {
      const [a, b, c] = await three(tree)
      a.tell.fail()
      await settled(a, b, c)
      b.tell.fail()
      await settled(a, b, c)
      assert.equal(tree.children.length, 3)
      const together = supervisor({ maxRestarts: 1, strategy: 'one_for_all' })
      const [d, e] = await three(together)
      d.tell.fail()
      await settled(d, e)
      e.tell.fail()
      assert.equal((await together.ended).kind, 'failure')
    },
  )

  rule(
    'R6: forgets restarts that are longer ago than withinMs',
    { maxRestarts: 1, withinMs: 100 },
    async tree => {
      const a = await startWorker(tree, 'a')
      for (let n = 0; n < 4; n += 1) {
        a.tell.fail()
        await settled(a)
        await sleep(101)
      }
      assert.equal(tree.children[0]?.restarts, 4)
    },
  )

  rule(
    'R6: counts a restart that fails again, and a shutdown gets in between',
    { maxRestarts: 50 },
    async tree => {
      const a = await startWorker(tree, 'a')
      failsToStart.set('a', 3)
      a.tell.fail()
      await settled(a)
      assert.deepEqual(diary.slice(0, 6), [
        'a starts',
        'a restart',
        ...new Array(3).fill('a does not start'),
        'a starts',
      ])
      failsToStart.set('a', 1e9)
      const slow = supervisor({ maxRestarts: 1e6, backoff: { minMs: 10, maxMs: 10 } })
      const b = await startWorker(slow, 'b')
      failsToStart.set('b', 1e9)
      b.tell.fail()
      await slow.stop()
      assert.equal(b.ended?.kind, 'shutdown')
    },
  )

  rule(
    'a sibling that does not start again is the next failure: one_for_all',
    { strategy: 'one_for_all', maxRestarts: 3 },
    async tree => {
      const [a, b, c] = await three(tree)
      failsToStart.set('b', 1)
      a.tell.fail()
      await settled(a, b, c)
      assert.deepEqual(diary, [
        ...['c restart', 'b restart', 'a restart', 'a starts', 'b does not start'],
        ...['a restart', 'a starts', 'b starts', 'c starts'],
      ])
    },
  )

  rule(
    'an earlier sibling is left alone when a later one does not start: rest_for_one',
    { strategy: 'rest_for_one', maxRestarts: 3 },
    async tree => {
      const [a, b, c] = await three(tree)
      failsToStart.set('c', 1)
      b.tell.fail()
      await settled(a, b, c)
      assert.deepEqual(diary, ['c restart', 'b restart', 'b starts', 'c does not start', 'c starts'])
    },
  )

  rule(
    'R7, R8: a supervisor that gave up is restarted by the one above, with what its setup starts',
    { maxRestarts: 5 },
    async tree => {
      let inner: Ref | undefined
      const below = await tree.startSupervisor({ name: 'below', maxRestarts: 0 }, async me => {
        inner = (await startWorker(me, 'inner')) as unknown as Ref
      })
      const first = inner as unknown as W
      first.tell.fail()
      assert.equal((await below.ended).kind, 'failure')
      while (tree.children[0]?.state !== 'ready') await sleep(1)
      assert.notEqual(inner, first)
      assert.equal(first.ended?.kind, 'failure')
      await (inner as unknown as W).ask.note('here')
    },
  )

  rule('R9: ends when its significant child has ended by itself', { autoShutdown: 'any' }, async tree => {
    const a = await startWorker(tree, 'a', { restart: 'transient', significant: true })
    const b = await startWorker(tree, 'b')
    a.tell.leave()
    await tree.ended
    assert.ok(a.ended !== undefined && b.ended !== undefined)
  })

  rule(
    'R12: the mailbox and the ref survive a restart; R11: the message that failed is lost',
    {},
    async tree => {
      const a = await startWorker(tree, 'a')
      a.tell.note('before')
      a.tell.fail()
      a.tell.note('after')
      await settled(a)
      assert.deepEqual(diary, ['a starts', 'a: before', 'a restart', 'a starts', 'a: after'])
    },
  )

  rule('R14: what was put aside survives a failure', {}, async tree => {
    const a = await startWorker(tree, 'a')
    a.tell.hold()
    a.tell.note('one')
    a.tell.note('two')
    a.tell.fail()
    a.tell.letGo()
    await settled(a)
    assert.deepEqual(diary.slice(-2), ['a: one', 'a: two'])
  })

  rule('R15: timers of the last instance are gone, and their messages too', {}, async tree => {
    const a = await startWorker(tree, 'a')
    a.tell.tick(50)
    await settled(a)
    a.tell.fail()
    a.tell.tick(100)
    await settled(a)
    await sleep(120)
    assert.equal(diary.filter(line => line === 'a ticks').length, 1)
  })

  rule('R16: children are stopped before their parent starts again', {}, async tree => {
    const a = await startWorker(tree, 'a')
    await a.ask.child('child')
    a.tell.fail()
    await settled(a)
    assert.deepEqual(diary, ['a starts', 'child starts', 'child shutdown', 'a restart', 'a starts'])
  })

  rule(
    'R3, R16: a restart waits no longer for children than the parent may take',
    {},
    async (tree, { now }) => {
      const a = await startWorker(tree, 'a', { shutdownMs: 40 })
      await a.ask.child('child', 1_000_000)
      a.tell.fail()
      await settled(a)
      assert.equal(now(), 40)
      assert.deepEqual(diary.slice(-2), ['a restart', 'a starts'])
    },
  )

  rule(
    'R20: pauses before each restart in a row, twice as long each time, up to a bound',
    { maxRestarts: 9, backoff: { minMs: 10, maxMs: 25, jitter: 0 } },
    async (tree, { now }) => {
      const a = await startWorker(tree, 'a')
      failsToStart.set('a', 3)
      const beganMs = now()
      a.tell.fail()
      await settled(a)
      assert.equal(now() - beganMs, 10 + 20 + 25 + 25)
    },
  )

  rule(
    'with rest_for_one and pauses, starts none before one that it depends on',
    { strategy: 'rest_for_one', maxRestarts: 9, backoff: { minMs: 100, maxMs: 100, jitter: 0 } },
    async (tree, { now }) => {
      const [a, b, c] = await three(tree)
      b.tell.fail()
      await sleep(50)
      a.tell.fail()
      await settled(a, b, c)
      assert.deepEqual(diary, [
        ...['c restart', 'b restart', 'a restart'],
        ...['a starts', 'b starts', 'c starts'],
      ])
      assert.equal(now(), 150)
      diary.length = 0
      failsToStart.set('b', 1)
      b.tell.fail()
      while (!diary.includes('b does not start')) await sleep(1)
      a.tell.fail()
      await settled(a, b, c)
      assert.deepEqual(diary.slice(-3), ['a starts', 'b starts', 'c starts'])
      assert.equal(diary.filter(line => line === 'b starts').length, 1)
    },
  )

  test('tells of each restart that fails, too', () =>
    simulate(async () => {
      failsToStart.clear()
      const told: string[] = []
      const onFailure = ({ error }: { error: unknown }) => void told.push((error as Error).message)
      await using tree = supervisor({ maxRestarts: 3, onFailure })
      const a = await startWorker(tree, 'a')
      failsToStart.set('a', 2)
      a.tell.fail()
      await a.ask.note('here')
      const again = /^Worker \d+ did not start: a can't start\.$/
      assert.equal(told[0], 'told to')
      assert.ok(told.length === 3 && told.slice(1).every(message => again.test(message)), String(told))
    }))

  test('that gives up while its setup runs has not started', () =>
    simulate(async () => {
      failsToStart.clear()
      let runs = 0
      const setup = async (below: Supervisor) => {
        runs += 1
        const a = await startWorker(below, 'a')
        if (runs > 1) return
        a.tell.fail('too early')
        await sleep(10)
      }
      await using tree = supervisor()
      await assert.rejects(
        tree.startSupervisor({ maxRestarts: 0 }, setup),
        (error: Error) => error instanceof ActorStartError && error.cause instanceof RestartLimitError,
      )
      assert.equal(tree.children.length, 0)
      await tree.startSupervisor({ maxRestarts: 0 }, setup)
      assert.equal(tree.children[0]?.state, 'ready')
    }))

  test('tells what it worked on, what came before, and how to see it again', async () => {
    const reports: string[] = []
    await using tree = supervisor({ onFailure: report => void reports.push(String(report)) })
    const a = await startWorker(tree, 'a')
    a.tell.fail('because')
    await settled(a)
    assert.match(reports[0] ?? '', /because[\s\S]*fail\("because"\)[\s\S]*const it = new Worker\("a"\)/)
  })

  test('shows its tree: who waits for what, how often it was restarted, and why', async () => {
    await using tree = supervisor({ name: 'shop' })
    const a = await startWorker(tree, 'a', { name: 'till' })
    await tree.startSupervisor({ name: 'back office', strategy: 'one_for_all' })
    a.tell.fail('no change left')
    await settled(a)
    assert.equal(
      String(tree).replace(/\([\d.]+ m?s ago\)/, '(just now)'),
      [
        'supervisor shop: open, one_for_one',
        '├─ actor till: ready, 1 restart, last failure: no change left (just now)',
        '└─ supervisor back office: ready, one_for_all',
      ].join('\n'),
    )
  })
})
