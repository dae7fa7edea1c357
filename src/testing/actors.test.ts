/**
 * The same actor here, on threads and in processes: the same ref, the same answers, the same
 * failures.
 */
import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { ActorDiedError, ActorStartError, CyclicAskError } from '../actors/errors.ts'
import { Asker, Broken, Counter, NoStart, Refused } from '../actors/fixtures/bank.ts'
import { Echo } from '../actors/fixtures/other.ts'
import { type Supervisor, supervisor } from '../actors/supervisor.ts'
import { whereis } from '../actors/system.ts'
import { SerializationError } from '../errors.ts'
import type { Executor } from '../executor/executor.ts'
import { processes } from '../processes/processes.ts'
import { threads } from '../threads/threads.ts'

const places: readonly (readonly [string, () => Executor | undefined])[] = [
  ['here', () => undefined],
  ['on threads', () => threads({ workers: 2 })],
  ['in processes', () => processes({ workers: 2 })],
]

for (const [where, place] of places) {
  suite(`an actor ${where}`, { timeout: 60_000 }, () => {
    /** Each test has a place and a tree of its own. */
    const lives = (sentence: string, body: (tree: Supervisor, on: { on?: Executor }) => Promise<void>) =>
      test(sentence, async () => {
        const on = place()
        await using tree = supervisor({ maxRestarts: 5 })
        try {
          await body(tree, on === undefined ? {} : { on })
        } finally {
          await tree.stop()
          await on?.close()
        }
      })

    lives('answers asks, takes tells, in order', async (tree, on) => {
      const counter = await tree.start(Counter, [5], { ...on, name: 'placed' })
      assert.equal(counter.tell.add(1), true)
      const asked = [counter.ask.addLater(1), counter.ask.add(10), counter.ask.get()]
      assert.deepEqual(await Promise.all(asked), [7, 17, 17])
      assert.equal(await counter.ask.nameLater(), 'placed')
      assert.equal((await counter.ask.pid()) === `${process.pid} 0`, on.on === undefined)
    })

    lives(
      'yields what a generator method yields, and runs its finally when the loop is left',
      async (tree, on) => {
        const counter = await tree.start(Counter, [], on)
        assert.deepEqual(await Array.fromAsync(counter.ask.upTo(3)), [1, 2, 3])
        for await (const n of counter.ask.slowly(9)) if (n === 2) break
        assert.equal(await counter.ask.left(), 1)
      },
    )

    lives('gives what an ask throws to whoever asked, with its class, and lives', async (tree, on) => {
      const counter = await tree.start(Counter, [1], on)
      await assert.rejects(counter.ask.refuse(), Refused)
      assert.equal(await counter.ask.get(), 1)
    })

    lives('is restarted when it fails: the ref and what waits stay, its state does not', async (tree, on) => {
      const counter = await tree.start(Counter, [5], on)
      counter.tell.add(10)
      counter.tell.die()
      counter.tell.add(1)
      assert.equal(await counter.ask.get(), 6)
      await assert.rejects(counter.ask.breakDown(), Broken)
      assert.equal(await counter.ask.get(), 5)
    })

    lives('that does not start rejects with why, and leaves nothing', async (tree, on) => {
      for (const when of ['constructor', 'onStart'] as const) {
        await assert.rejects(
          tree.start(NoStart, [when], { ...on, name: 'never' }),
          (error: Error) =>
            error instanceof ActorStartError && /in the constructor|in onStart/.test(error.message),
        )
        assert.equal(whereis('never'), undefined)
      }
      assert.deepEqual(tree.children, [])
    })

    lives('start() rejects, and never throws, whatever is wrong', async (tree, on) => {
      await tree.start(Counter, [], { ...on, name: 'taken' })
      for (const [start, code] of [
        [() => tree.start(class Undeclared {} as never, [], on), 'ATONCE_INVALID_ACTOR'],
        [() => tree.start(Counter, [], { ...on, restart: 'always' as never }), 'ATONCE_OPTION'],
        [() => tree.start(Counter, [], { ...on, nmae: 'x' } as never), 'ATONCE_OPTION'],
        [() => tree.start(Counter, [], { on: {} as never }), 'ATONCE_OPTION'],
        [() => tree.start(Counter, [], { ...on, name: 'taken' }), 'ATONCE_NAME_TAKEN'],
      ] as const) {
        const started: Promise<unknown> = start()
        await assert.rejects(started, { code })
      }
      await tree.stop()
      await assert.rejects(tree.start(Counter, [], on), { code: 'ATONCE_CLOSED' })
    })

    lives('rejects at once what it works on and what waits, when it is stopped', async (tree, on) => {
      const counter = await tree.start(Counter, [], on)
      const asked = Promise.allSettled([counter.ask.hang(), counter.ask.get()])
      await counter.stop({ queued: 'drop', graceMs: 0 })
      for (const { reason } of (await asked) as PromiseRejectedResult[])
        assert.ok(reason instanceof ActorDiedError)
      assert.match(counter.ended?.kind ?? '', /^(killed|stop)$/)
    })

    lives('is watched until it has ended for good', async (tree, on) => {
      const counter = await tree.start(Counter, [], on)
      using watch = counter.watch()
      counter.tell.die()
      await counter.ask.get()
      await counter.stop()
      assert.equal((await watch.down).kind, 'stop')
    })

    lives(
      'has refs of others in its messages, wherever they live, and no circle of asks',
      async (tree, on) => {
        const [near, far, other] = [
          await tree.start(Asker, []),
          await tree.start(Asker, [], on),
          await tree.start(Asker, [], on),
        ]
        assert.equal(await far.ask.askThrough([other, near]), 'the end')
        await assert.rejects(far.ask.askThrough([other, near, far]), CyclicAskError)
        await assert.rejects(near.ask.askThrough([far, near]), CyclicAskError)
      },
    )

    lives('has actors of several modules beside it', async (tree, on) => {
      const counters = [await tree.start(Counter, [1], on), await tree.start(Counter, [2], on)]
      const echoes = [await tree.start(Echo, [], on), await tree.start(Echo, [], on)]
      assert.deepEqual(await Promise.all(counters.map(counter => counter.ask.get())), [1, 2])
      assert.deepEqual(await Promise.all(echoes.map(echo => echo.ask.say('yes'))), ['yes', 'yes'])
    })

    if (where === 'here') return

    lives(
      'does not start on an executor that is closed, and does not begin again there',
      async (tree, on) => {
        const counter = await tree.start(Counter, [], on)
        await on.on?.close()
        assert.equal(await counter.ask.add(1), 1, 'what lives there goes on')
        await assert.rejects(tree.start(Counter, [], on), { code: 'ATONCE_CLOSED' })
        await assert.rejects(counter.ask.killWorker(), ActorDiedError)
        const { error } = await tree.ended
        assert.match(String(error), /is closed/)
      },
    )

    lives('refuses what can not be copied by its path, and takes nothing', async (tree, on) => {
      const counter = await tree.start(Counter, [], on)
      const bad = { deep: [() => 1] } as never
      assert.throws(() => counter.tell.add(bad), SerializationError)
      await assert.rejects(
        counter.ask.add(bad),
        (error: SerializationError) => error.path === 'args[0].deep[0]',
      )
      assert.equal(await counter.ask.get(), 0)
    })

    lives(
      'begins on another worker when its own dies; asks under way say that they may have run',
      async (tree, on) => {
        const counter = await tree.start(Counter, [7], on)
        const before = await counter.ask.pid()
        const behind = counter.ask.killWorker()
        const hanging = Promise.all([behind, counter.ask.get()])
        await assert.rejects(
          hanging,
          (error: ActorDiedError) =>
            error instanceof ActorDiedError && error.begun === 'maybe' && error.reason.kind === 'gone',
        )
        assert.equal(await counter.ask.add(1), 8)
        assert.notEqual(await counter.ask.pid(), before)
      },
    )
  })
}
