/**
 * Programs on real pools and workers, and trees of actors, in virtual time: whatever order things
 * come in, and whoever dies when.
 */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { plays } from './plays.ts'
import type { Tally } from './pool-play.ts'

const seeds = 2_000
/** So many are played twice. */
const twice = 30

/** What a play of so many programs must have met, or it would prove little. */
const met: Readonly<Record<string, readonly string[]>> = {
  pool: [
    'done',
    'workers that died',
    'AbortError',
    'TimeoutError',
    'ClosedError',
    'QueueFullError',
    'RangeError',
    'RetryError',
    'ProtocolError',
    'SpawnError',
    'WorkerCrashedError',
    'WorkerExitedError',
    'WorkerStartError',
    'WorkerStartTimeoutError',
  ],
  actors: [
    'done',
    'sent',
    'workers that died',
    'ActorDiedError',
    'CyclicAskError',
    'TimeoutError',
    'trees that gave up',
    'trees that lived',
  ],
}

for (const [name, play] of Object.entries(plays)) {
  test(`${name}: ${seeds} programs end as they must, whoever dies when`, async t => {
    t.mock.method(process, 'emitWarning', () => {}) // Of workers that die while they are idle: here they do.
    const tally: Tally = new Map()
    for (let seed = 1; seed <= seeds; seed += 1) {
      await play(seed, tally).catch(error => {
        throw new Error(`Play it again: npm run simulate -- ${name} --seed ${seed}\n${error.message}`, {
          cause: error,
        })
      })
    }
    const missed = (met[name] ?? []).filter(what => (tally.get(what) ?? 0) < 10)
    assert.deepEqual(missed, [], 'all that can happen has happened')
  })

  test(`${name}: a seed gives the same run each time`, async t => {
    t.mock.method(process, 'emitWarning', () => {})
    for (let seed = 1; seed <= twice; seed += 1) assert.deepEqual(await play(seed), await play(seed))
  })
}
