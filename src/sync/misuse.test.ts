/** What goes wrong when locks are used wrongly, and is said at once. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
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

for (const lock of [new Mutex(), new ReentrantMutex()])
  test(`a guard whose ${lock.constructor.name} was released without it does not release the next hold`, async () => {
    const first = await lock.acquire()
    lock.release()
    const second = await lock.acquire()
    assert.throws(() => first.release(), misuse)
    second.release() // It held the lock still.
    assert.throws(() => lock.release(), misuse)
    {
      using _first = await lock.acquire()
    }
    const third = await lock.acquire()
    assert.throws(() => second.release(), misuse)
    third.release()
  })

test('a guard holds its mutex again after a condition has lent it to others', async () => {
  const mutex = new Mutex()
  const condition = new Condition(mutex)
  const guard = await mutex.acquire()
  const waiting = condition.wait()
  const other = await mutex.acquire()
  assert.throws(() => guard.release(), misuse)
  assert.equal(mutex.held, true)
  condition.notify()
  other.release()
  await waiting
  assert.equal(mutex.held, true)
  guard.release()
  assert.equal(mutex.held, false)
})

test('what runs once does not wait for itself, and others wait for it', async () => {
  const once = new Once()
  const other = new Once()
  let release = () => {}
  const gate = new Promise<void>(resolve => {
    release = resolve
  })
  const running = once.run(async () => {
    await assert.rejects(
      once.run(() => {}),
      misuse,
    )
    await other.run(() =>
      assert.rejects(
        once.run(() => {}),
        misuse,
      ),
    )
    await gate
  })
  const waiting = once.run(() => assert.fail('it is done'))
  release()
  assert.deepEqual(await Promise.all([running, waiting, once.run(() => {})]), [true, false, false])
})

test('who runs again what has failed within its own failed body is not refused', async () => {
  const once = new Once()
  let again = () => Promise.resolve(false)
  const failing = once.run(() => {
    again = AsyncLocalStorage.bind(() => once.run(() => {}))
    throw new Error('no')
  })
  await assert.rejects(failing, /no/)
  assert.equal(await again(), true)
})

test('a wait without time ends by its own error alone', async () => {
  const warned: string[] = []
  const listen = (warning: Error) => warned.push(warning.name)
  process.on('warning', listen)
  const mutex = new Mutex()
  using _guard = await mutex.acquire()
  await assert.rejects(mutex.acquire({ timeoutMs: 0 }), { code: 'ATONCE_TIMEOUT' })
  await assert.rejects(new Barrier(2).wait({ timeoutMs: 0 }), { code: 'ATONCE_TIMEOUT' })
  await new Promise(resolve => setImmediate(resolve)) // Warnings are told in the next tick.
  process.off('warning', listen)
  assert.deepEqual(warned, [])
})

test('a size beyond the bound is refused by the bound', () => {
  assert.throws(() => new SharedArray('f64', 2 ** 53), {
    ...badOption,
    message: /from 0 to 9007199254740991; it got 9007199254740992/,
  })
  assert.throws(() => shared({ name: 'text(99999999999)' }, 1), {
    ...badOption,
    message: /from 1 to 999999999; it got 99999999999/,
  })
})

test('options that do not exist, and values out of their range, are refused with what was meant', async () => {
  const mutex = new Mutex({ name: 'm' })
  const none = undefined as never
  for (const [made, message] of [
    [() => new Mutex({ nam: 'x' } as never), /new Mutex\(…\) has no option nam\. Did you mean name\?/],
    [() => new Mutex({ name: 5 as never }), /takes a text/],
    [() => new ReentrantMutex({ nam: 'x' } as never), /Did you mean name/],
    [() => new RwLock(null as never), /takes its options in an object/],
    [() => new Semaphore(1, { maximum: 2 } as never), /has no option maximum/],
    [() => new Event({ nam: 'x' } as never), /Did you mean name/],
    [() => new Latch(1, { nam: 'x' } as never), /Did you mean name/],
    [() => new Barrier(1, { nam: 'x' } as never), /Did you mean name/],
    [() => new Once({ nam: 'x' } as never), /Did you mean name/],
    [() => new Condition(mutex, { nam: 'x' } as never), /Did you mean name/],
    [() => new Condition(none), /takes a Mutex, .* it got none/],
    [() => new Condition(new ReentrantMutex() as never), /it got a ReentrantMutex/],
    [() => mutex.tryAcquire({ ownerdied: 'take' } as never), /Did you mean ownerDied/],
    ...[Number.NaN, 1.5, '1', -1].map(
      count => [() => new Condition(mutex).notify(count as never), /notify\(count\) takes/] as const,
    ),
  ] as const)
    assert.throws(made, { ...badOption, message })
  const waits: ((options: never) => Promise<unknown>)[] = [
    options => mutex.acquire(options),
    options => new ReentrantMutex().acquire(options),
    options => new RwLock().acquireRead(options),
    options => new RwLock().acquireWrite(options),
    options => new Semaphore(1).acquire(options),
    options => new Event().wait(options),
    options => new Latch(0).wait(options),
    options => new Barrier(1).wait(options),
    options => new Once().run(() => {}, options),
    options => new Condition(mutex).waitFor(() => true, options),
  ]
  for (const wait of waits) {
    await assert.rejects(wait({ timeout: 5 } as never), {
      ...badOption,
      message: /has no option timeout\. Did you mean timeoutMs\?/,
    })
    await assert.rejects(wait({ signal: 5 } as never), { ...badOption, message: /takes an AbortSignal/ })
    await assert.rejects(wait({ timeoutMs: -1 } as never), badOption)
    await assert.rejects(wait(null as never), badOption)
  }
  await assert.rejects(mutex.acquire({ ownerDied: 'x' as never }), {
    ...badOption,
    message: /'throw' or 'take'/,
  })
  assert.equal(mutex.held, false)
})

test('an asynchronous function where one must be done at once is refused, and leaves no rejection', async () => {
  const unhandled: unknown[] = []
  const listen = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', listen)
  const mutex = new Mutex()
  const condition = new Condition(mutex)
  using _guard = await mutex.acquire()
  const barrier = new Barrier(1)
  const refused = (message: RegExp) => ({ ...misuse, message })
  const [asynchronous, promising] = [
    (async () => false) as never,
    () => Promise.reject(new Error('late')) as never,
  ]
  for (const body of [asynchronous, promising]) {
    await assert.rejects(condition.waitFor(body, { timeoutMs: 50 }), refused(/is asynchronous.*Wait by hand/))
    await assert.rejects(barrier.wait({ action: body }), refused(/is asynchronous.*between two rounds/))
  }
  assert.equal(barrier.broken, true) // By the second one: that it is asynchronous was seen when all had come.
  await new Promise(resolve => setImmediate(resolve))
  process.off('unhandledRejection', listen)
  assert.deepEqual(unhandled, [])
})
