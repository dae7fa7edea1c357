/**
 * On the real clock: scopes leave nothing behind. `ATONCE_SCOPES=1000000 node --test <this file>`
 * plays the long version.
 */
import assert from 'node:assert/strict'
import { AsyncResource } from 'node:async_hooks'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { everyoneParked, park } from '../../runtime/park.ts'
import { currentStrand } from '../../runtime/strand.ts'
import { race } from '../time/race.ts'
import { sleep } from '../time/sleep.ts'
import { liveScopes, scope } from './scope.ts'

const rounds = Number(process.env['ATONCE_SCOPES'] ?? 5_000)

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapUsed(): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

test('neither heap nor handles nor listeners grow, however many scopes ended, failed or were cancelled', async () => {
  const { signal } = new AbortController()
  const one = async (round: number) => {
    try {
      await scope(
        async s => {
          s.spawn(() => sleep(1e9))
          const child = s.spawn(async ({ signal: own }) => own.aborted)
          await race([() => child, () => sleep(1e9)])
          if (round % 3 === 0) throw new Error('failed')
          if (round % 3 === 1) s.cancel()
          else s.expireIn(0)
          await park('nothing', s, {}).promise
        },
        { signal, timeoutMs: 1e9 },
      )
    } catch {}
  }
  // Deadlines of 0 ms take a turn of the clock: many at a time.
  const batch = async (from: number) => {
    await Promise.all(Array.from({ length: 100 }, (_, at) => one(from + at)))
  }
  for (let round = 0; round < rounds / 4; round += 100) await batch(round)
  const before = heapUsed()
  for (let round = 0; round < rounds; round += 100) await batch(round)
  const grown = heapUsed() - before
  assert.ok(grown < 800_000 + rounds, `${grown} bytes after ${rounds} scopes`)
  assert.deepEqual([everyoneParked(), liveScopes()], [[], []])
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  assert.deepEqual(
    process.getActiveResourcesInfo().filter(kind => kind === 'Timeout'),
    [],
  )
  assert.equal(currentStrand(), undefined)
})

test('one scope does not grow with the children that have ended in it', async () => {
  await scope(async s => {
    const spawnMany = async (count: number) => {
      for (let child = 0; child < count; child += 100) {
        const children = Array.from({ length: 100 }, () => s.spawn(() => Promise.resolve()))
        await children.at(-1)
      }
    }
    await spawnMany(rounds / 4)
    const before = heapUsed()
    await spawnMany(rounds)
    const grown = heapUsed() - before
    assert.ok(grown < 800_000, `${grown} bytes after ${rounds} children`)
  })
})

test('a context that outlives its scope, as that of a connection does, keeps nothing of what came out of it', async () => {
  let connection: AsyncResource | undefined
  const page = await (async () => {
    const value = await scope(async () => {
      connection = new AsyncResource('connection')
      return { body: 'a page' }
    })
    return new WeakRef(value)
  })()
  await new Promise(resolve => setImmediate(resolve)) // What was looked at in this turn is held until its end.
  collect()
  assert.equal(page.deref(), undefined)
  connection?.runInAsyncScope(() => assert.ok(currentStrand() !== undefined))
})
