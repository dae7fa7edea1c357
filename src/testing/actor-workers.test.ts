/**
 * What only actors in workers can meet: workers that don't react, that die, and what is left there.
 */
import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ActorStartError } from '../actors/errors.ts'
import { Counter } from '../actors/fixtures/bank.ts'
import { Diary, Haunter, Player } from '../actors/fixtures/player.ts'
import { spawn } from '../actors/spawn.ts'
import { supervisor } from '../actors/supervisor.ts'
import { type DeadLetter, onDeadLetter } from '../actors/system.ts'
import { cluster } from '../cluster/cluster.ts'
import { TimeoutError } from '../errors.ts'
import type { Executor } from '../executor/executor.ts'
import { processes } from '../processes/processes.ts'
import { realRuntime } from '../runtime/real.ts'
import { threads } from '../threads/threads.ts'

const places: readonly (readonly [string, string, () => Executor])[] = [
  ['on a thread', 'threads', () => threads({ workers: 1 })],
  ['in a process', 'processes', () => processes({ workers: 1 })],
  ['on a node', 'cluster', () => cluster({ on: threads({ workers: 1 }) })],
]

for (const [where, model, place] of places)
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

    // A request of the supervisor's that nobody answers any more would be waited for: 30 s.
    test('an actor that is stopped while it is being restarted holds up nobody', {
      timeout: 25_000,
    }, async () => {
      await using on = place()
      const tree = supervisor({ maxRestarts: 5 })
      const diary = await spawn(Diary, [])
      const one = await tree.start(Player, ['one', diary, 0], { on })
      const other = await tree.start(Player, ['other', diary, 0], { on })
      one.tell.fail()
      await other.ask.here()
      await one.stop()
      assert.equal(one.ended?.kind, 'stop')
      await tree.stop()
    })

    // The order to begin again may come to one that has just ended: its worker never worked again.
    test('an actor that is stopped at any step of its restart leaves its worker at work', async () => {
      await using on = place()
      await using tree = supervisor({ maxRestarts: 5 })
      const diary = await spawn(Diary, [])
      const anchor = await tree.start(Player, ['anchor', diary, 0], { on })
      for (let turns = 0; turns < 60; turns += 1) {
        const one = await tree.start(Player, ['one', diary, 0], { on })
        one.tell.fail()
        for (let turn = 0; turn < turns; turn += 1) await realRuntime.yieldToLoop()
        await one.stop()
        assert.equal(one.ended?.kind, 'stop')
        assert.equal(await anchor.with({ timeoutMs: 2_000 }).ask.here(), 'anchor', `after ${turns} turns`)
      }
    })

    test('R26: who watches an actor whose worker died is told that it is gone', async () => {
      await using on = place()
      await using tree = supervisor()
      const counter = await tree.start(Counter, [], { on, restart: 'temporary' })
      using watch = counter.watch()
      await assert.rejects(counter.ask.killWorker())
      assert.equal((await watch.down).kind, 'gone')
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

    test('a tree shows who is busy in a worker, and how many wait for it', async () => {
      await using on = place()
      await using tree = supervisor()
      const diary = await spawn(Diary, [])
      const player = await tree.start(Player, ['p', diary, 0], { on, name: 'p' })
      const shows = async (what: RegExp) => {
        while (!what.test(String(tree))) await realRuntime.yieldToLoop()
      }
      await shows(/actor p: ready on \w+ \d( \(pid \d+\))?$/m)
      player.tell.block(300) // It can say nothing of itself meanwhile.
      for (let n = 0; n < 3; n += 1) player.tell.note(`${n}`)
      assert.match(String(tree), /actor p: busy on \w+ \d( \(pid \d+\))?, 3 waiting/)
      await shows(/actor p: ready on \w+ \d( \(pid \d+\))?$/m)
      player.tell.untilGivenUp()
      player.tell.note('after')
      await shows(/actor p: busy on \w+ \d( \(pid \d+\))?, 1 waiting/)
      await player.stop({ queued: 'drop', graceMs: 0 })
    })

    test('a worker that does not react is told of, and ends within the grace', async () => {
      await using on = place()
      await using tree = supervisor()
      const diary = await spawn(Diary, [])
      const other = await tree.start(Player, ['other', diary, 0], { on, name: 'other' })
      const stuck = await tree.start(Player, ['stuck', diary, 0], { on, name: 'stuck' })
      await stuck.ask.here()
      stuck.tell.block(1e9)
      await assert.rejects(stuck.with({ timeoutMs: 10 }).ask.add(1), TimeoutError)
      await assert.rejects(
        other.with({ timeoutMs: 2_000 }).ask.here(),
        /^TimeoutError: other\.here was not answered within 2000 ms; its worker has not answered for \d\.\d s\.$/,
      )
      const shown = String(tree)
      const silent = '\\w+ \\d( \\(pid \\d+\\))?, its worker has not answered for \\d\\.\\d s'
      assert.match(
        shown,
        new RegExp(`actor stuck: busy on ${silent}, oldest message: block, 1 waiting$`, 'm'),
      )
      assert.match(shown, new RegExp(`actor other: busy on ${silent}, oldest message: here$`, 'm'))
      const begunMs = realRuntime.now()
      await stuck.stop({ queued: 'drop', graceMs: 1 })
      assert.ok(realRuntime.now() - begunMs < 900, 'no further second')
      assert.equal(await other.ask.here(), 'other')
      assert.doesNotMatch(String(tree), /has not answered/)
    })

    test('a worker that works without a break is not called silent, however long it takes', async () => {
      await using on = place()
      await using tree = supervisor()
      const player = await tree.start(Player, ['p', await spawn(Diary, []), 0], { on })
      const slow = player.with({ timeoutMs: 2_000 }).ask.hang()
      await assert.rejects(slow, /^TimeoutError: [^;]+ was not answered within 2000 ms\.$/)
      assert.doesNotMatch(String(tree), /has not answered/)
      await player.stop({ queued: 'drop', graceMs: 1 })
    })

    test('what was told is worked on before the program ends, and all that follows from it', async t => {
      const folder = mkdtempSync(join(tmpdir(), 'atonce-tells-'))
      t.after(() => rmSync(folder, { recursive: true }))
      const path = join(folder, 'lines')
      const program = fileURLToPath(new URL('./fixtures/tells-and-ends.ts', import.meta.url))
      await promisify(execFile)(process.execPath, [program, model, path])
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
      const first = Array.from({ length: 20 }, (_, n) => `first ${n + 1}`)
      assert.deepEqual(lines.toSorted(), [...first, 'second', 'third'].toSorted())
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
