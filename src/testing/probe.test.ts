import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { Diary, Player } from '../actors/fixtures/player.ts'
import { spawn } from '../actors/spawn.ts'
import { probe } from './probe.ts'

test('a probe notes what it is sent, in order', async () => {
  const diary = probe(Diary)
  const player = await spawn(Player, ['p', await spawn(Diary, []), 0])
  player.tell.tellAndDie(diary.ref, 2)
  assert.deepEqual(await diary.next(), { method: 'note', args: ['1'] })
  assert.deepEqual(await diary.next(), { method: 'note', args: ['2'] })
  assert.deepEqual(diary.waiting, [])
})
