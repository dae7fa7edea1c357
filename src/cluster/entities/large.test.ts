/** What is too large to be stored or sent is told to whoever asked; the state is as before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actor } from '../../actors/definition.ts'
import { PayloadTooLargeError } from '../../errors.ts'
import { cluster } from '../cluster.ts'

const half = 33 * 2 ** 20

const Hoard = actor(
  import.meta,
  class Hoard {
    count = 0
    text = ''
    /** Keeps a text, and returns one that is as long. */
    keep(length: number): string {
      this.count += 1
      this.text = 'x'.repeat(length)
      return this.text
    }
    add(): number {
      this.count += 1
      return this.count
    }
    give(length: number): string {
      return 'x'.repeat(length)
    }
    fail(length: number): never {
      throw new RangeError('x'.repeat(length))
    }
  },
)

test('state and answer that are too large together are refused, and no other message with them', async () => {
  await using jobs = cluster()
  const hoard = jobs.entity(Hoard, 'a').with({ timeoutMs: 20_000 })
  await hoard.ask.add()
  const [before, refused, after] = await Promise.allSettled([
    hoard.ask.add(),
    hoard.ask.keep(half),
    hoard.ask.add(),
  ])
  assert.deepEqual(
    [before, after],
    [2, 3].map(value => ({ status: 'fulfilled', value })),
  )
  assert.ok(refused.status === 'rejected' && refused.reason instanceof PayloadTooLargeError)
  assert.equal((await hoard.ask.keep(10)).length, 10)
  assert.equal(await hoard.ask.add(), 5)
})

test('an answer or an error that is too large is told as that', async () => {
  await using jobs = cluster()
  const hoard = jobs.entity(Hoard, 'a').with({ timeoutMs: 20_000 })
  for (const length of [2 * half, 2 ** 26 - 5])
    await assert.rejects(hoard.ask.give(length), PayloadTooLargeError)
  await assert.rejects(hoard.ask.fail(2 * half), PayloadTooLargeError)
  assert.equal(await hoard.ask.add(), 1)
})
