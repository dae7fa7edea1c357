/** Whoever waits can be seen waiting. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everyoneParked, park } from './park.ts'

test('who waits, and for what, can be seen, oldest first, until it goes on', async () => {
  const resource = {}
  const [first, second] = [park<number>('a place', resource), park<number>('a turn', resource)]
  assert.deepEqual(
    everyoneParked().map(({ reason }) => reason),
    ['a place', 'a turn'],
  )
  assert.equal(everyoneParked()[0]?.resource, resource)
  first.unpark(5)
  assert.deepEqual(everyoneParked(), [second])
  second.fail(new Error('no turn'))
  assert.deepEqual(everyoneParked(), [])
  assert.equal(await first.promise, 5)
  await assert.rejects(second.promise, /no turn/)
})

test('only the first unpark or fail counts', async () => {
  const one = park<string>('once', {})
  one.unpark('first')
  one.unpark('second')
  one.fail(new Error('third'))
  assert.equal(await one.promise, 'first')
  const other = park<string>('once', {})
  other.fail(new Error('first'))
  other.unpark('second')
  await assert.rejects(other.promise, /first/)
})

test('unparking lets the one that waited go on later, not within the call', async () => {
  const order: string[] = []
  const parked = park<void>('order', {})
  const waiter = parked.promise.then(() => order.push('went on'))
  parked.unpark()
  order.push('unparked')
  await waiter
  assert.deepEqual(order, ['unparked', 'went on'])
})
