/**
 * What crosses between actors and may go wrong on the way: reports, streams that nobody reads on,
 * messages that can't be copied or read, messages without room. The same here and in workers.
 */
import { strict as assert } from 'node:assert'
import { after, before, suite, test } from 'node:test'
import { ActorDiedError, RestartLimitError } from '../actors/errors.ts'
import { Homesick, Keeper, Narrow, Player, Pusher } from '../actors/fixtures/keeper.ts'
import type { FailureReport } from '../actors/report.ts'
import { spawn } from '../actors/spawn.ts'
import { type Supervisor, supervisor } from '../actors/supervisor.ts'
import { type DeadLetter, onDeadLetter } from '../actors/system.ts'
import { AbortError } from '../errors.ts'
import type { Executor } from '../executor/executor.ts'
import { processes } from '../processes/processes.ts'
import { realRuntime } from '../runtime/real.ts'
import { threads } from '../threads/threads.ts'

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await realRuntime.yieldToLoop()
}

const isDone = [() => true, () => false] as const

const places: readonly (readonly [string, () => Executor | undefined])[] = [
  ['here', () => undefined],
  ['on a thread', () => threads({ workers: 1 })],
  ['in a process', () => processes({ workers: 1 })],
]

for (const [where, place] of places)
  suite(`messages of actors ${where}`, { timeout: 120_000 }, () => {
    let executor: Executor | undefined
    let on: { readonly on?: Executor }
    let anchors: Supervisor

    before(async () => {
      executor = place()
      on = executor === undefined ? {} : { on: executor }
      anchors = supervisor({ maxRestarts: 100 })
      await anchors.start(Keeper, [], on) // So that the worker stays.
    })
    after(async () => {
      await anchors.stop()
      await executor?.close()
    })

    test('a report tells what it did before, what has changed, and no secret', async () => {
      const reports: FailureReport[] = []
      await using tree = supervisor({ onFailure: report => void reports.push(report) })
      const keeper = await tree.start(Keeper, [], on)
      for (const n of [1, 2, 3]) await keeper.ask.keep(n)
      keeper.tell.login('ann', 'open sesame')
      assert.equal(await keeper.ask.keep(0), 0)
      const [report] = reports
      assert.deepEqual(report?.message, { method: 'login', args: ['…'] })
      assert.deepEqual(report?.before, [
        { method: 'keep', args: [2] },
        { method: 'keep', args: [3] },
      ])
      assert.deepEqual({ ...report?.changed }, { kept: { from: 0, to: 6 } })
      assert.match(report?.replay ?? '', /^const it = new Keeper\(\)\n +await it\.keep\(2\)/)
      assert.ok(!String(report).includes('open sesame'))
    })

    test('a report tells the last ten failures before it, and a supervisor that gives up too', async () => {
      const reports: FailureReport[] = []
      const tree = supervisor({ maxRestarts: 12, onFailure: report => void reports.push(report) })
      const keeper = await tree.start(Keeper, [], { ...on, name: 'vault' })
      for (let n = 0; n < 13; n += 1) {
        keeper.tell.login('ann', `${n}`)
        await until(() => reports.length === n + 1)
      }
      assert.deepEqual(
        reports.map(({ history }) => history.length),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10],
      )
      const past = reports[12]?.history[0] ?? assert.fail('no history')
      assert.equal((past.error as Error).message, 'no such user')
      assert.deepEqual([past.actor, past.method, past.at instanceof Date], ['vault', 'login', true])
      assert.match(String(reports[1]), /\d\d\d\d-\d\d-\d\dT\S+Z: no such user \(in login\)/)

      const { error } = await tree.ended
      assert.ok(error instanceof RestartLimitError)
      assert.deepEqual(error.history.slice(0, -1), reports[12]?.history.slice(1))
      assert.equal(error.history.at(-1)?.error, error.cause)
    })

    test('a stream whose reader gives up runs its finally', async () => {
      const keeper = await anchors.start(Keeper, [], on)
      const giving = new AbortController()
      const read = async () => {
        for await (const n of keeper.with({ signal: giving.signal }).ask.slowly(9, 5))
          if (n === 2) giving.abort()
      }
      await assert.rejects(read(), AbortError)
      await until(async () => (await keeper.ask.left()) === 1)
      await keeper.stop()
    })

    test('a stream that has given a value ends as one that may have been worked on', async () => {
      const keeper = await anchors.start(Keeper, [], { ...on, restart: 'temporary' })
      const read: number[] = []
      const reading = async () => {
        for await (const n of keeper.ask.slowly(9, 1)) {
          read.push(n)
          if (n === 2) await keeper.stop({ queued: 'drop' })
        }
      }
      const isMaybe = (error: unknown) => error instanceof ActorDiedError && error.begun === 'maybe'
      await assert.rejects(reading(), isMaybe)
      assert.deepEqual(read, [1, 2])
    })

    test('a stream whose actor is restarted or stopped runs its finally', async () => {
      const book = await spawn(Keeper, [])
      const keeper = await anchors.start(Keeper, [], on)
      const ends = ['fail', 'stop'] as const
      for (const [at, end] of ends.entries()) {
        const values = keeper.ask.countsItsEnd(book)
        assert.deepEqual(await values.next(), { done: false, value: 1 })
        if (end === 'stop') await keeper.stop()
        else keeper.tell.login('ann', '1')
        await until(async () => (await book.ask.keep(0)) === at + 1)
        await assert.rejects(values.next(), { code: 'ATONCE_ACTOR_DIED' })
      }
      await book.stop()
    })

    test('what can’t be read where it comes is the end of that message only', async () => {
      const keeper = await anchors.start(Keeper, [], on)
      const other = await anchors.start(Keeper, [], on)
      await keeper.ask.keep(5)
      await other.ask.keep(7)
      const letters: DeadLetter[] = []
      const off = onDeadLetter(letter => letters.push(letter))
      const asked = keeper.ask.take(new Homesick())
      if (executor === undefined) assert.equal(await asked, 'object')
      else {
        await assert.rejects(asked, /I want to go home/)
        keeper.tell.take(new Homesick())
        await until(() => letters.length > 0)
        assert.deepEqual([letters[0]?.method, letters[0]?.reason], ['take', 'lost'])
      }
      off()
      assert.deepEqual([await keeper.ask.keep(0), await other.ask.keep(0)], [5, 7])
      for (const one of [keeper, other]) await one.stop()
    })

    test('what was refused for want of room takes no room for ever', async () => {
      const narrow = await anchors.start(Narrow, [], on)
      const far = await anchors.start(Pusher, [], on)
      const near = await spawn(Pusher, [])
      for (let round = 0; round < 4; round += 1) {
        const held = until(() => narrow.ask.hold(20).then(...isDone))
        await Promise.all([near, far].map(pusher => pusher.ask.push(narrow, 10)))
        await held
      }
      await until(async () => (await near.ask.push(narrow, 1)) === 1)
      await until(async () => (await far.ask.push(narrow, 1)) === 1)
      await narrow.stop({ queued: 'drop' })
      for (const one of [near, far]) await one.stop()
    })

    test('actors that fill each other’s mailboxes go on, wherever they live', async () => {
      const [near, far] = [await spawn(Player, []), await anchors.start(Player, [], on)]
      const beside = await anchors.start(Player, [], { ...on })
      const book = await spawn(Keeper, [])
      let balls = 0
      for (let n = 0; n < 60; n += 1)
        for (const [one, other] of [
          [near, far],
          [far, beside],
          [beside, near],
        ] as const)
          if (one.tell.hit(other, 40, book)) balls += 1
      assert.ok(balls >= 30)
      // An ask of one that plays would let it go on.
      await until(async () => (await book.ask.keep(0)) === balls)
      for (const one of [near, far, beside, book]) await one.stop()
    })

    if (where === 'here') return

    test('a stream runs its finally when the worker dies that reads it', async t => {
      t.mock.method(process, 'emitWarning', () => {}) // The worker may be idle as it dies.
      const keeper = await spawn(Keeper, [])
      const reader = await anchors.start(Keeper, [], on)
      const reading = assert.rejects(reader.with({ timeoutMs: 60_000 }).ask.readFirst(keeper))
      await until(async () => (await keeper.ask.keep(0)) === 1)
      const beside = await anchors.start(Keeper, [], on)
      beside.tell.die()
      await reading
      await until(async () => (await keeper.ask.left()) === 1)
      await keeper.stop()
      for (const one of [reader, beside]) await one.stop({ queued: 'drop' })
    })

    test('what was told while it begins on another worker and can’t be copied holds up nothing', async t => {
      t.mock.method(process, 'emitWarning', () => {})
      await using tree = supervisor({ maxRestarts: 5, backoff: { minMs: 50, maxMs: 50 } })
      const keeper = await tree.start(Keeper, [], on)
      keeper.tell.die()
      await until(() => tree.children[0]?.suspended === true)
      const letters: DeadLetter[] = []
      const off = onDeadLetter(letter => letters.push(letter))
      keeper.tell.keep(1)
      keeper.tell.take(() => 1)
      keeper.tell.keep(2)
      assert.equal(await keeper.with({ timeoutMs: 60_000 }).ask.keep(0), 3)
      await until(() => letters.length > 0)
      off()
      assert.deepEqual([letters[0]?.method, letters[0]?.reason], ['take', 'lost'])
      assert.equal(tree.children[0]?.restarts, 1)
    })
  })
