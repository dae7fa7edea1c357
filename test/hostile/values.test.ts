/**
 * What functions of the user's return and throw may throw when it is looked at. It fails the call
 * that gave it, and nothing else, wherever the function runs.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { spawn } from '../../src/actors.ts'
import { coroutines, Limiter, race, retry, scope, timeout } from '../../src/index.ts'
import { parallel } from '../../src/parallel.ts'
import { Giver, give, toss } from './values.ts'

/** Gives such a value; what is looked at throws an error whose message begins so. */
const returned = ['then getter', 'revoked proxy', 'constructor getter', 'then that throws']
const thrown = ['name getter', 'revoked proxy', 'prototype trap']

type Way = (fn: () => unknown) => unknown

const ways: Readonly<Record<string, Way>> = {
  'a child of a scope': fn => scope(s => s.spawn(fn as () => Promise<unknown>)),
  'the body of a scope': fn => scope(fn as () => Promise<unknown>),
  'Limiter.run': fn => new Limiter({ concurrency: 1 }).run(fn),
  'Limiter.map': fn => new Limiter({ concurrency: 1 }).map([1], fn),
  retry: fn => retry(fn as () => Promise<unknown>, { attempts: 1 }),
  timeout: fn => timeout(60_000, fn as () => Promise<unknown>),
  race: fn => race([fn as () => Promise<unknown>]),
}

suite('a value that throws when it is looked at', () => {
  for (const kind of returned) {
    test(`${kind}: fails the call on a loop that returned it, and the next one runs`, async () => {
      await using loop = coroutines({ concurrency: 1 })
      await assert.rejects(loop.run(give, kind))
      await assert.rejects(loop.map(give, ['number', kind]))
      assert.equal(await loop.run(give, 'number'), 5)
      assert.equal(loop.stats().running, 0)
    })

    for (const [name, way] of Object.entries(ways))
      test(`${kind}: fails ${name}`, async () => {
        await assert.rejects(settled(way(() => give(kind))))
      })

    test(`${kind}: fails the ask of an actor, which answers the next one`, async () => {
      const ref = await spawn(Giver, [])
      await assert.rejects(ref.ask.give(kind))
      assert.equal(await ref.ask.give('number'), 5)
      await ref.stop()
    })

    test(`${kind}: fails a chain`, async () => {
      await assert.rejects(parallel([kind]).map(give).toArray())
    })
  }

  for (const kind of thrown) {
    test(`${kind}: thrown on a loop, it fails that call`, async () => {
      await using loop = coroutines({ concurrency: 1 })
      await assert.rejects(settled(loop.run(toss, kind)))
      assert.equal(await loop.run(give, 'number'), 5)
    })

    for (const [name, way] of Object.entries(ways))
      test(`${kind}: thrown, it fails ${name}`, async () => {
        await assert.rejects(settled(way(() => toss(kind))))
      })

    test(`${kind}: thrown by a child that was cancelled, it ends the scope`, async () => {
      const ending = scope(
        async s => {
          s.spawn(async ({ signal }) => {
            await once(signal, 'abort')
            toss(kind)
          })
        },
        { timeoutMs: 5 },
      )
      await assert.rejects(settled(ending))
    })
  }
})

/** Rejects with an error of the test's own: what was thrown may not be looked at. */
function settled(promise: unknown): Promise<unknown> {
  return (async () => await promise)().then(
    value => value,
    () => {
      throw new Error('it was rejected')
    },
  )
}
