/**
 * What only actors in workers can meet: workers that don't react, that die, and what is left there.
 */
import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { ActorStartError } from '../actors/errors.ts'
import { Diary, Haunter, Player } from '../actors/fixtures/player.ts'
import { spawn } from '../actors/spawn.ts'
import { supervisor } from '../actors/supervisor.ts'
import { type DeadLetter, onDeadLetter } from '../actors/system.ts'
import { TimeoutError } from '../errors.ts'
import type { Executor } from '../executor/executor.ts'
import { processes } from '../processes/processes.ts'
import { realRuntime } from '../runtime/real.ts'
import { threads } from '../threads/threads.ts'

const places: readonly (readonly [string, () => Executor])[] = [
  ['on a thread', () => threads({ workers: 1 })],
  ['in a process', () => processes({ workers: 1 })],
]

for (const [where, place] of places)
  suite(`actors ${where}`, { timeout: 60_000 }, () => {
    test('R3: a worker that does not react is ended, and its other actors begin on another', async () => {
      await using on = place()
      await using tree = supervisor({ maxRestarts: 5 })
      const diary = await spawn(Diary, [])
      const [stuck, other] = [
        await tree.start(Player, ['stuck', diary, 0], { on }),
        await tree.start(Player, ['other', diary, 0], { on }),
      ]
      stuck.tell.block(1e9)
      await assert.rejects(other.with({ timeoutMs: 200 }).ask.here(), TimeoutError)
      await stuck.stop({ queued: 'drop', graceMs: 10 })
      assert.equal(stuck.ended?.kind, 'killed')
      assert.equal(await other.ask.here(), 'other')
      assert.equal(await diary.ask.count('other starts'), 2)
    })

    test('R3: the same when its supervisor stops', async () => {
      await using on = place()
      await using tree = supervisor()
      const stuck = await tree.start(Player, ['stuck', await spawn(Diary, []), 0], { on, shutdownMs: 10 })
      stuck.tell.block(1e9)
      await assert.rejects(stuck.with({ timeoutMs: 200 }).ask.here(), TimeoutError)
      await tree.stop()
      assert.equal(stuck.ended?.kind, 'killed')
    })

    test('an actor that does not start in time leaves nothing in the worker', async () => {
      await using on = place()
      await using tree = supervisor()
      const diary = await spawn(Diary, [])
      const anchor = await tree.start(Player, ['anchor', diary, 0], { on })
      await assert.rejects(
        tree.start(Haunter, [diary], { on, startTimeoutMs: 30 }),
        (error: Error) => error instanceof ActorStartError,
      )
      await anchor.ask.here()
      await diary.ask.take()
      anchor.tell.tick(30)
      while ((await diary.ask.count('anchor: ticks')) === 0) await realRuntime.yieldToLoop()
      assert.equal(await diary.ask.count('boo'), 0)
    })

    test('dead letters of a worker are told here', async () => {
      await using on = place()
      await using tree = supervisor()
      const player = await tree.start(Player, ['p', await spawn(Diary, []), 0], {
        on,
        name: 'late',
        restart: 'temporary',
      })
      const letters: DeadLetter[] = []
      const off = onDeadLetter(letter => letters.push(letter))
      player.tell.fail()
      for (let n = 0; n < 3; n += 1) player.tell.note(`${n}`)
      await player.watch().down
      while (letters.length < 3) await realRuntime.yieldToLoop()
      off()
      assert.deepEqual(
        letters.map(({ actor, method, reason }) => [actor, method, reason]),
        new Array(3).fill(['late', 'note', 'ended']),
      )
    })
  })
