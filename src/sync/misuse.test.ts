/** What goes wrong when locks are used wrongly, and is said at once. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import { Barrier } from './barrier.ts'
import { Condition } from './condition.ts'
import { Mutex } from './mutex.ts'
import { Once } from './once.ts'
import { shared } from './records.ts'
import { ReentrantMutex } from './reentrant-mutex.ts'
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
