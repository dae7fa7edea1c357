import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { ActorDiedError } from '../actors/errors.ts'
import { Counter } from '../actors/fixtures/bank.ts'
import { Diary, Player } from '../actors/fixtures/player.ts'
import { spawn } from '../actors/spawn.ts'
import { supervisor } from '../actors/supervisor.ts'
import { failingAt, InjectedFailure, probe } from './probe.ts'

test('a probe notes what it is sent, in order', async () => {
  const diary = probe(Diary)
  const player = await spawn(Player, ['p', await spawn(Diary, []), 0])
  player.tell.tellAndDie(diary.ref, 2)
  assert.deepEqual(await diary.next(), { method: 'note', args: ['1'] })
  assert.deepEqual(await diary.next(), { method: 'note', args: ['2'] })
  assert.deepEqual(diary.waiting, [])
})

for (const when of ['before', 'after'] as const)
  test(`an actor fails ${when} each of its messages in turn, and only there`, async () => {
    for (let at = 1; at <= 4; at += 1) {
      let seen = 0
      const Failing = failingAt(Counter, at, when)
      await using tree = supervisor({ onFailure: ({ error }) => assert.ok(error instanceof InjectedFailure) })
      const counter = await tree.start(Failing, [])
      for (let n = 1; n <= 4; n += 1)
        await counter.ask.add(1).then(
          value => {
            seen = value
          },
          error => assert.ok(error instanceof InjectedFailure || error instanceof ActorDiedError),
        )
      // The state is that of the instance that came after the failure.
      assert.equal(seen, at === 4 ? 3 : 4 - at, `${at}`)
    }
  })
