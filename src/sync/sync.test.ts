/**
 * What one thread sees of locks and shared memory: waits that are given up, wrong use, bad input.
 * Across threads: testing/sync.test.ts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endAgent, isAlive, newAgent } from '../runtime/agents.ts'
import { everyoneParked } from '../runtime/park.ts'
import { AtomicCounter } from './atomic-counter.ts'
import { Barrier } from './barrier.ts'
import { Condition } from './condition.ts'
import { Event } from './event.ts'
import { Latch } from './latch.ts'
import { Mutex } from './mutex.ts'
import { Once } from './once.ts'
import { shared } from './records.ts'
import { ReentrantMutex } from './reentrant-mutex.ts'
import { RwLock } from './rw-lock.ts'
import { Semaphore } from './semaphore.ts'
import { SharedArray } from './shared-array.ts'

const misuse = { code: 'ATONCE_SYNC_USE' }
const badOption = { code: 'ATONCE_OPTION' }

test('two callers on one thread wait for each other, first come, first served', async () => {
  const mutex = new Mutex()
  const order: number[] = []
  const first = await mutex.acquire()
  const others = [1, 2, 3].map(async number => {
    using _guard = await mutex.acquire()
    order.push(number)
  })
  assert.deepEqual(order, [])
  first.release()
  await Promise.all(others)
  assert.deepEqual(order, [1, 2, 3])
})

test('a wait that runs out of time or is aborted ends, and the lock goes on to the next one', async () => {
  const mutex = new Mutex({ name: 'm' })
  const guard = await mutex.acquire()
  await assert.rejects(mutex.acquire({ timeoutMs: 5 }), { code: 'ATONCE_TIMEOUT', timeoutMs: 5 })
  const controller = new AbortController()
  const aborted = mutex.acquire({ signal: controller.signal })
  const next = mutex.acquire()
  controller.abort(new Error('enough'))
  await assert.rejects(aborted, /enough/)
  await assert.rejects(mutex.acquire({ signal: controller.signal }), /enough/)
  assert.equal(mutex.tryAcquire(), undefined)
  guard.release() // The one that was aborted is notified first, and passes it on.
  ;(await next).release()
  assert.equal(mutex.held, false)
})

test('whoever waits can be seen waiting', async () => {
  const mutex = new Mutex({ name: 'the bank' })
  const guard = await mutex.acquire()
  const waiting = mutex.acquire()
  assert.ok(everyoneParked().some(({ reason, resource }) => reason === 'the bank' && resource === mutex))
  guard.release()
  ;(await waiting).release()
})

test('the number of a thread that has ended is never given again', () => {
  const first = newAgent().id
  assert.equal(isAlive(first), true)
  endAgent(first)
  const second = newAgent().id
  assert.deepEqual([isAlive(first), isAlive(second), first === second], [false, true, false])
  endAgent(first) // Told twice: nothing happens to the one that lives there now.
  assert.equal(isAlive(second), true)
  endAgent(second)
})

test('what blocks is refused on the main thread, whether it would have to wait or not', () => {
  const mutex = new Mutex()
  const lock = new RwLock()
  for (const blocks of [
    () => mutex.acquireSync(),
    () => new ReentrantMutex().acquireSync(),
    () => lock.acquireReadSync(),
    () => lock.acquireWriteSync(),
    () => new Semaphore(1).acquireSync(),
    () => new Event().waitSync(),
    () => new Latch(0).waitSync(),
    () => new Barrier(1).waitSync(),
    () => new Condition(mutex).waitSync(),
    () => new Once().runSync(() => {}),
  ])
    assert.throws(blocks, { ...misuse, message: /main thread.*Write there: / })
  assert.deepEqual([mutex.held, lock.tryAcquireWrite() !== undefined], [false, true])
})

test('wrong use throws at once', async () => {
  const mutex = new Mutex()
  assert.throws(() => mutex.release(), misuse)
  const guard = await mutex.acquire()
  guard.release()
  assert.throws(() => guard.release(), misuse)
  guard[Symbol.dispose]() // At the end of a block it only sees to it that the lock is free.
  assert.throws(() => new Semaphore(2).release(), misuse)
  const condition = new Condition(mutex)
  assert.throws(() => condition.notify(), misuse)
  await assert.rejects(condition.wait(), misuse)
  const latch = new Latch(1)
  assert.throws(() => latch.countDown(2), misuse)
  latch.countDown()
  assert.throws(() => latch.countDown(), misuse)
  assert.throws(() => new ReentrantMutex().release(), misuse)
})

test('bad input is refused by what was expected', () => {
  for (const bad of [
    () => new Barrier(0),
    () => new Barrier(-1),
    () => new Semaphore(-1),
    () => new Semaphore(3, { max: 2 }),
    () => new Semaphore(1.5),
    () => new Latch(-1),
    () => new AtomicCounter(2 ** 31),
    () => new SharedArray('f64', -1),
    () => new SharedArray('f64', 2 ** 52),
    () => new SharedArray('f16' as 'f64', 1),
    () => shared({}, 1),
    () => shared({ x: 'number' as 'f64' }, 1),
    () => shared({ x: 'f64' }, 2 ** 52),
    () => shared({ x: 'text(0)' }, 1),
  ])
    assert.throws(bad, badOption)
  const counter = new AtomicCounter(2 ** 31 - 1)
  assert.throws(() => counter.add(1), badOption)
  assert.equal(counter.value, 2 ** 31 - 1)
})

test('a semaphore gives its permits, and no more than max', async () => {
  const semaphore = new Semaphore(0, { max: 2 })
  const taken = [semaphore.acquire(), semaphore.acquire()]
  const third = assert.rejects(semaphore.acquire({ timeoutMs: 5 }), { code: 'ATONCE_TIMEOUT' })
  semaphore.release(2)
  await Promise.all(taken)
  await third
  assert.throws(() => semaphore.release(3), misuse)
  assert.equal(semaphore.permits, 0)
})

test('an event that is set and cleared at once wakes all who waited', async () => {
  const event = new Event()
  const waiting = [1, 2, 3, 4, 5].map(() => event.wait())
  event.set()
  event.clear()
  await Promise.all(waiting)
  await assert.rejects(event.wait({ timeoutMs: 5 }), { code: 'ATONCE_TIMEOUT' })
})

test('a condition wakes as many as it notifies, and one whose time ends has the mutex again', async () => {
  const mutex = new Mutex()
  const condition = new Condition(mutex)
  const woken: number[] = []
  const waiting = [1, 2, 3, 4, 5].map(async number => {
    using _guard = await mutex.acquire()
    await condition.wait()
    woken.push(number)
  })
  const notify = async (count: number) => {
    using _guard = await mutex.acquire()
    condition.notify(count)
  }
  await notify(3)
  await Promise.all(waiting.slice(0, 3))
  assert.deepEqual(woken, [1, 2, 3])
  await notify(5)
  await Promise.all(waiting)
  assert.deepEqual(woken, [1, 2, 3, 4, 5])
  using _guard = await mutex.acquire()
  await assert.rejects(condition.wait({ timeoutMs: 5 }), { code: 'ATONCE_TIMEOUT' })
  assert.equal(mutex.heldHere, true)
})

test('a barrier breaks for all when one gives up, and is whole again after a reset', async () => {
  const barrier = new Barrier(3)
  const waiting = [barrier.wait({ timeoutMs: 5 }), barrier.wait()]
  const [late, other] = await Promise.allSettled(waiting)
  assert.equal((late as PromiseRejectedResult).reason.code, 'ATONCE_TIMEOUT')
  assert.equal((other as PromiseRejectedResult).reason.code, 'ATONCE_BROKEN_BARRIER')
  await assert.rejects(barrier.wait(), { code: 'ATONCE_BROKEN_BARRIER' })
  barrier.reset()
  const acted: string[] = []
  const action = () => void acted.push('between')
  const places = await Promise.all([1, 2, 3].map(() => barrier.wait({ action })))
  assert.deepEqual([places.sort(), acted], [[0, 1, 2], ['between']])
  const alone = barrier.wait()
  barrier.reset()
  await assert.rejects(alone, { code: 'ATONCE_BROKEN_BARRIER' })
})

test('what fails once is done by the next one', async () => {
  const once = new Once()
  await assert.rejects(
    once.run(() => {
      throw new Error('no')
    }),
    /no/,
  )
  assert.equal(await once.run(() => {}), true)
  assert.equal(await once.run(() => assert.fail('it was done')), false)
})

test('readers come in together, a writer alone, and readers that come later wait behind it', async () => {
  const lock = new RwLock()
  const reading = [await lock.acquireRead(), await lock.acquireRead()]
  assert.equal(lock.tryAcquireWrite(), undefined)
  const order: string[] = []
  const writing = lock.acquireWrite().then(guard => {
    order.push('write')
    guard.release()
  })
  assert.equal(lock.tryAcquireRead(), undefined)
  const later = lock.acquireRead().then(guard => {
    order.push('read')
    guard.release()
  })
  for (const guard of reading) guard.release()
  await Promise.all([writing, later])
  assert.deepEqual(order, ['write', 'read'])
})

test('rows and columns of records are the same memory, and texts keep to their bytes', () => {
  const people = shared({ name: 'text(8)', age: 'u8', height: 'f64', hits: 'counter' }, 3)
  people.column('age').set([1, 2, 3])
  const row = people.at(1)
  row.name = 'Zoë 12'
  row.height = 1.5
  assert.deepEqual([row.name, row.age, people.at(0).name], ['Zoë 12', 2, ''])
  assert.deepEqual([...people.column('height')], [0, 1.5, 0])
  assert.equal(row.hits.add(2), 2)
  assert.throws(() => {
    row.name = 'nine bytes'
  }, badOption)
  assert.throws(() => people.at(3), badOption)
  assert.throws(() => people.column('name' as 'age'), badOption)
  assert.deepEqual(
    [...people].map(({ age }) => age),
    [1, 2, 3],
  )
})
