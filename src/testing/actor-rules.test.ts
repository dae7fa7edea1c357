/** The table of what actors do, played at each place. */
import { strict as assert } from 'node:assert'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { Diary, Player } from '../actors/fixtures/player.ts'
import { spawn } from '../actors/spawn.ts'
import { type Supervisor, supervisor } from '../actors/supervisor.ts'
import { cluster } from '../cluster/cluster.ts'
import type { Executor } from '../executor/executor.ts'
import { processes } from '../processes/processes.ts'
import { simulate } from '../runtime/simulate.ts'
import { threads } from '../threads/threads.ts'
import { actorRules } from './fixtures/actor-rules.ts'
import { type Rule, Stage } from './fixtures/actor-stage.ts'

async function play({ options, play }: Rule, on: Executor | undefined): Promise<void> {
  const diary = await spawn(Diary, [])
  const tree = supervisor(options)
  try {
    await play(new Stage(tree, diary, on))
  } finally {
    await tree.stop()
    await diary.stop({ queued: 'drop' })
  }
}

const places: readonly (readonly [string, () => Executor])[] = [
  ['on threads', () => threads({ workers: 2 })],
  ['in processes', () => processes({ workers: 2 })],
  ['on a cluster', () => cluster({ on: threads({ workers: 2 }) })],
]

test('each of the 36 rules has a test that names it', () => {
  const named = new Set<number>()
  for (const folder of ['../actors/', './', './fixtures/']) {
    const url = new URL(folder, import.meta.url)
    for (const file of readdirSync(url).filter(name => /\.test\.ts$|^actor-rules.*\.ts$/.test(name)))
      for (const [, rules] of readFileSync(new URL(file, url), 'utf8').matchAll(
        /['`;] ?((?:R\d+(?:, )?)+): /g,
      ))
        for (const [, rule] of (rules as string).matchAll(/R(\d+)/g)) named.add(Number(rule))
  }
  const missing = Array.from({ length: 36 }, (_, at) => at + 1).filter(rule => !named.has(rule))
  assert.deepEqual(missing, [])
})

suite('actors here, on a virtual clock and in many orders', () => {
  for (const rule of actorRules)
    test(rule.name, () => simulate(() => play(rule, undefined), { runs: 10, seed: 1 }))
})

suite('actors here', () => {
  for (const rule of actorRules) test(rule.name, { timeout: 20_000 }, () => play(rule, undefined))
})

for (const [where, place] of places)
  suite(`actors ${where}`, () => {
    let on: Executor
    let anchors: Supervisor

    // Two that stay, so that the workers do, from one test to the next.
    before(async () => {
      on = place()
      anchors = supervisor()
      const diary = await anchors.start(Diary, [])
      for (const name of ['x', 'y']) await anchors.start(Player, [name, diary, 0], { on })
    })

    after(async () => {
      await anchors.stop()
      await on.close()
    })

    for (const rule of actorRules) test(rule.name, { timeout: 60_000 }, () => play(rule, on))
  })
