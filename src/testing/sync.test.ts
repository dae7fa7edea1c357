/** Locks and shared memory across real threads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { processes } from '../processes/processes.ts'
import { AtomicCounter } from '../sync/atomic-counter.ts'
import { Barrier } from '../sync/barrier.ts'
import { Condition } from '../sync/condition.ts'
import { Event } from '../sync/event.ts'
import { Latch } from '../sync/latch.ts'
import { Mutex } from '../sync/mutex.ts'
import { Once } from '../sync/once.ts'
import { shared } from '../sync/records.ts'
import { ReentrantMutex } from '../sync/reentrant-mutex.ts'
import { RwLock } from '../sync/rw-lock.ts'
import { Semaphore } from '../sync/semaphore.ts'
import { SharedArray } from '../sync/shared-array.ts'
import { threads } from '../threads/threads.ts'
import { until } from './suite/until.ts'
import * as tasks from './sync-tasks.ts'

const rounds = 20_000
const limit = { timeout: 60_000 }

test(
  'no increment under a mutex is lost, between threads that block and others that await',
  limit,
  async () => {
    await using pool = threads({ workers: 3 })
    const [mutex, numbers] = [new Mutex(), new SharedArray('i32', 1)]
    await Promise.all([
      pool.run(tasks.countLocked, mutex, numbers, rounds),
      pool.run(tasks.countLocked, mutex, numbers, rounds),
      pool.run(tasks.countLockedAsync, mutex, numbers, 500),
      tasks.countLockedAsync(mutex, numbers, 500),
      tasks.countLockedAsync(mutex, numbers, 500),
    ])
    assert.equal(numbers.view[0], 2 * rounds + 1_500)
    assert.equal(mutex.held, false)
  },
)

test('whoever holds a re-entrant mutex acquires it again', limit, async () => {
  await using pool = threads({ workers: 2 })
  const [mutex, numbers] = [new ReentrantMutex(), new SharedArray('i32', 1)]
  const counting = [1, 2].map(() => pool.run(tasks.countReentered, mutex, numbers, rounds))
  await Promise.all(counting)
  assert.equal(numbers.view[0], 2 * rounds)
})

test('no reader sees half of what a writer does', limit, async () => {
  await using pool = threads({ workers: 3 })
  const [lock, numbers] = [new RwLock(), new SharedArray('i32', 2)]
  const reading = [1, 2, 3].map(() => pool.run(tasks.readAndWrite, lock, numbers, 8_000))
  assert.deepEqual(await Promise.all(reading), [0, 0, 0])
  assert.deepEqual([...numbers], [6_000, 6_000])
})

test('no more holders than permits', limit, async () => {
  await using pool = threads({ workers: 3 })
  const [semaphore, inside] = [new Semaphore(2), new AtomicCounter()]
  const entering = [1, 2, 3].map(() => pool.run(tasks.enterBounded, semaphore, inside, rounds))
  const most = await Promise.all(entering)
  assert.ok(
    most.every(seen => seen <= 2),
    String(most),
  )
  assert.deepEqual([semaphore.permits, inside.value], [2, 0])
})

test('parties of a barrier keep step, and each round has each place once', limit, async () => {
  await using pool = threads({ workers: 3 })
  const barrier = new Barrier(3)
  const places = await Promise.all([1, 2, 3].map(() => pool.run(tasks.keepStep, barrier, 200)))
  for (let round = 0; round < 200; round += 1) assert.deepEqual(places.map(of => of[round]).sort(), [0, 1, 2])
})

test('a party whose thread ends while it waits breaks the barrier for all', limit, async () => {
  await using pool = threads({ workers: 1, graceMs: 20 })
  const [pair, three] = [new Barrier(2), new Barrier(3)]
  for (const barrier of [pair, three]) {
    const waiting = new AbortController()
    const first = pool.with({ signal: waiting.signal }).run(tasks.keepStep, barrier, 1)
    await until(() => barrier.waiting === 1)
    const second = barrier === three ? barrier.wait() : undefined
    const told = second && assert.rejects(second, { code: 'ATONCE_BROKEN_BARRIER' })
    waiting.abort()
    await assert.rejects(first, { name: 'AbortError' })
    await told
    await pool.run(tasks.keepStep, new Barrier(1), 1) // Its thread has ended, and another has come.
    await assert.rejects(barrier.wait(), { code: 'ATONCE_BROKEN_BARRIER' })
    assert.deepEqual([barrier.broken, barrier.waiting], [true, 0])
  }
})

test('a latch opens for the main thread, an event for all threads', limit, async () => {
  await using pool = threads({ workers: 2 })
  const [latch, event] = [new Latch(2), new Event()]
  const waiting = [1, 2].map(() => pool.run(tasks.openAndWait, latch, event))
  await latch.wait({ timeoutMs: 20_000 })
  event.set()
  assert.deepEqual(await Promise.all(waiting), [true, true])
})

test('what one side of a condition makes, the other takes', limit, async () => {
  await using pool = threads({ workers: 3 })
  const [mutex, numbers] = [new Mutex(), new SharedArray('i32', 1)]
  const filled = new Condition(mutex)
  await Promise.all([
    pool.run(tasks.consume, mutex, filled, numbers, 500),
    pool.run(tasks.consume, mutex, filled, numbers, 500),
    pool.run(tasks.produce, mutex, filled, numbers, 600),
    tasks.produce(mutex, filled, numbers, 400),
  ])
  assert.equal(numbers.view[0], 0)
})

test('what is done once is done by one thread', limit, async () => {
  await using pool = threads({ workers: 3 })
  const [once, counter] = [new Once(), new AtomicCounter()]
  const all = await Promise.all(Array.from({ length: 12 }, () => pool.run(tasks.doOnce, once, counter)))
  assert.equal(all.filter(Boolean).length, 1)
  assert.equal(counter.value, 1)
})

test(
  'when the thread dies that holds a mutex, the next one is told, until one takes it over',
  limit,
  async () => {
    await using pool = threads({ workers: 2 })
    const mutex = new Mutex({ name: 'accounts' })
    const dying = pool.run(tasks.dieWith, mutex)
    await assert.rejects(dying, { code: 'ATONCE_WORKER_EXITED' })
    await assert.rejects(mutex.acquire(), { code: 'ATONCE_OWNER_DIED', lock: 'accounts' })
    assert.throws(() => mutex.tryAcquire(), { code: 'ATONCE_OWNER_DIED' })
    await assert.rejects(pool.run(tasks.countLocked, mutex, new SharedArray('i32', 1), 1), {
      code: 'ATONCE_OWNER_DIED',
    })
    const guard = await mutex.acquire({ ownerDied: 'take' })
    assert.equal(guard.ownerDied, true)
    guard.release()
    using again = await mutex.acquire()
    assert.equal(again.ownerDied, false)
  },
)

test('one who waits already is told of the death too, on a thread as well as here', limit, async () => {
  await using pool = threads({ workers: 2, graceMs: 50 })
  const [mutex, held, end] = [new Mutex(), new Event(), new Event()]
  const controller = new AbortController()
  const holding = pool.with({ signal: controller.signal }).run(tasks.holdUntil, mutex, held, end)
  await held.wait({ timeoutMs: 20_000 })
  const here = mutex.acquire({ timeoutMs: 20_000 })
  const there = pool.run(tasks.countLocked, mutex, new SharedArray('i32', 1), 1)
  controller.abort() // It is blocked in waitSync: after the grace its thread is ended.
  await assert.rejects(holding)
  await assert.rejects(here, { code: 'ATONCE_OWNER_DIED' })
  await assert.rejects(there, { code: 'ATONCE_OWNER_DIED' })
})

test('a reader that dies does not keep writers waiting', limit, async () => {
  await using pool = threads({ workers: 1 })
  const lock = new RwLock()
  await assert.rejects(pool.run(tasks.dieReading, lock), { code: 'ATONCE_WORKER_EXITED' })
  using writing = await lock.acquireWrite({ timeoutMs: 20_000 })
  assert.equal(writing.ownerDied, false)
})

test('two threads that take two locks in different orders are found, and one is told', limit, async () => {
  await using pool = threads({ workers: 2 })
  const [left, right, both] = [new Mutex({ name: 'left' }), new Mutex({ name: 'right' }), new Barrier(2)]
  const startedMs = performance.now()
  const said = await Promise.all([
    pool.run(tasks.takeBoth, left, right, both),
    pool.run(tasks.takeBoth, right, left, both),
  ])
  assert.ok(performance.now() - startedMs < 15_000)
  assert.equal(said.filter(word => word === 'both').length, 1, said.join('\n'))
  const told = said.find(word => word !== 'both') as string
  assert.match(told, /^ATONCE_DEADLOCK: /)
  assert.match(told, /thread \d waits for left, which thread \d holds, in takeBoth/)
  assert.match(told, /thread \d waits for right, which thread \d holds/)
})

test(
  'threads that take locks in one order are never taken for a circle, however long they wait',
  limit,
  async () => {
    await using pool = threads({ workers: 4 })
    const locks = [1, 2, 3].map(number => new Mutex({ name: `lock ${number}` }))
    const taking = [1, 2, 3, 4].map(() => pool.run(tasks.takeInOrder, locks, 8, 130))
    assert.deepEqual(await Promise.all(taking), [8, 8, 8, 8])
  },
)

test(
  'a circle through a reader, for whom a writer waits, is found too, and the lock goes on',
  limit,
  async () => {
    await using pool = threads({ workers: 2 })
    const [lock, mutex, both] = [
      new RwLock({ name: 'prices' }),
      new Mutex({ name: 'orders' }),
      new Barrier(2),
    ]
    const said = await Promise.all([
      pool.run(tasks.readThenLock, lock, mutex, both, 'read'),
      pool.run(tasks.readThenLock, lock, mutex, both, 'lock'),
    ])
    assert.equal(said.filter(word => word === 'both').length, 1, said.join('\n'))
    const told = said.find(word => word !== 'both') as string
    assert.match(told, /^ATONCE_DEADLOCK: /)
    assert.match(told, /thread \d waits for prices, which thread \d holds/)
    assert.match(told, /thread \d waits for orders, which thread \d holds/)
    lock.tryAcquireWrite()?.release()
    assert.ok(lock.tryAcquireRead())
  },
)

test(
  'threads that wait for each other by await are not reported: each may release what the other wants',
  limit,
  async () => {
    await using pool = threads({ workers: 2 })
    const [one, other] = [new Mutex({ name: 'one' }), new Mutex({ name: 'other' })]
    const [holding, waiting] = [new Latch(2), new Latch(2)]
    await Promise.all([
      pool.run(tasks.holdAndAwait, one, other, holding, waiting, 700),
      pool.run(tasks.holdAndAwait, other, one, holding, waiting, 700),
    ])
    assert.deepEqual([one.held, other.held], [false, false])
  },
)

test('a lock that comes back in a result is the same lock', limit, async () => {
  await using pool = threads({ workers: 1 })
  const mutex = new Mutex({ name: 'one' })
  const back = await pool.run(tasks.isSameLock, mutex)
  assert.deepEqual([back instanceof Mutex, back.name, back.held, mutex.held], [true, 'one', true, true])
  assert.throws(() => mutex.release(), { code: 'ATONCE_SYNC_USE' }) // Another thread holds it.
})

test('wrong use throws at once, also on a thread', limit, async () => {
  await using pool = threads({ workers: 1 })
  assert.deepEqual(await pool.run(tasks.misuse, new Mutex()), ['ATONCE_SYNC_USE', 'ATONCE_SYNC_USE'])
})

test('records are filled by several threads, their locks and counters too', limit, async () => {
  await using pool = threads({ workers: 2 })
  const records = shared({ x: 'f64', hits: 'counter', name: 'text(32)', lock: 'mutex' }, 50)
  await Promise.all([1, 2].map(who => pool.run(tasks.fillRecords, records, who)))
  assert.deepEqual(
    [...records.column('x')],
    Array.from({ length: 50 }, () => 3),
  )
  for (const { hits, name } of records) {
    assert.equal(hits.value, 2)
    assert.match(name, /^touched by [12] and Zoë$/)
  }
})

test('shared memory does not go to a process, and the refusal says why', limit, async () => {
  await using pool = processes({ workers: 1 })
  const wanted = {
    code: 'ATONCE_SERIALIZATION',
    message: /args\[0\].*memory that the threads of one process share/,
  }
  const mutex: any = new Mutex()
  await assert.rejects(async () => pool.run(tasks.misuse, mutex), wanted)
  const array: any = new SharedArray('f64', 1)
  await assert.rejects(async () => pool.run(tasks.misuse, array), wanted)
  const records: any = shared({ x: 'f64' }, 1)
  await assert.rejects(async () => pool.run(tasks.misuse, records), wanted)
})
