/** Whoever waits can be seen waiting. */
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { everyoneParked, type Parked, park } from './park.ts'
import { withRuntime } from './runtime.ts'
import { Strand, withStrand } from './strand.ts'
import { VirtualRuntime } from './virtual.ts'

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

test('a wait that was given up says so, leaves its queue, and takes nothing any more', async () => {
  const leaves: string[] = []
  const onGivenUp = (parked: Parked<unknown>) => leaves.push(`${parked.reason}: ${parked.state}`)
  const control = new AbortController()
  const parked = park<number>('an item', {}, { signal: control.signal, onGivenUp })
  assert.equal(parked.state, 'waiting')
  control.abort(new Error('no more'))
  assert.deepEqual([leaves, parked.state], [['an item: given up'], 'given up'])
  assert.equal(parked.unpark(5), false)
  await assert.rejects(parked.promise, /no more/)
  assert.deepEqual(everyoneParked(), [])
})

test('once unpark has returned true, no abort takes the value away', async () => {
  const control = new AbortController()
  const onGivenUp = () => assert.fail('it has its value')
  const parked = park<number>('an item', {}, { signal: control.signal, onGivenUp })
  assert.equal(parked.unpark(5), true)
  control.abort()
  assert.equal(parked.state, 'unparked')
  assert.equal(await parked.promise, 5)
})

test('a signal that has aborted already ends the wait at once, with its reason', async () => {
  const parked = park('an item', {}, { signal: AbortSignal.abort(new Error('too late')) })
  assert.equal(parked.state, 'given up')
  await assert.rejects(parked.promise, /too late/)
})

test('a wait ends after its time, with a TimeoutError that names what it waited for', async () => {
  const virtual = new VirtualRuntime()
  await withRuntime(virtual, async () => {
    const parked = park('a free place', {}, { timeoutMs: 20 })
    const refused = assert.rejects(parked.promise, {
      name: 'TimeoutError',
      message: /a free place/,
      timeoutMs: 20,
    })
    await virtual.advance(19)
    assert.equal(parked.state, 'waiting')
    await virtual.advance(1)
    assert.equal(parked.state, 'given up')
    await refused
  })
})

test('however a wait ends, no listener and no timer stay behind', async () => {
  const virtual = new VirtualRuntime()
  await withRuntime(virtual, async () => {
    const { signal } = new AbortController()
    const strand = new Strand('of the test', undefined)
    for (const end of [
      (parked: Parked<void>) => parked.unpark(),
      (parked: Parked<void>) => parked.fail(new Error('failed')),
      () => void virtual.advance(50),
    ]) {
      const parked = withStrand(strand, () => park<void>('an end', {}, { signal, timeoutMs: 50 }))
      assert.deepEqual([getEventListeners(signal, 'abort').length, virtual.timers], [1, 1])
      end(parked)
      await parked.promise.catch(() => {})
      assert.deepEqual([getEventListeners(signal, 'abort').length, virtual.timers], [0, 0])
      assert.deepEqual(strand.held, [])
    }
    assert.deepEqual(everyoneParked(), [])
  })
})

test('a cancelled strand gives up its waits, those to come too, but not those that are waited to the end', async () => {
  const strand = new Strand('child 1', undefined)
  const [ending, shared] = withStrand(
    strand,
    () => [park('an item', {}, {}), park<void>('the clean-up', {})] as const,
  )
  assert.equal(ending.who, 'child 1')
  strand.stop(new Error('stop'))
  await assert.rejects(ending.promise, /stop/)
  await assert.rejects(withStrand(strand, () => park('another', {}, {})).promise, /stop/)
  assert.deepEqual(
    everyoneParked().map(({ reason }) => reason),
    ['the clean-up'],
  )
  shared.unpark()
  await shared.promise
})
