import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { Limit, type LimitOwner, timerIn } from './limit.ts'
import { withRuntime } from './runtime.ts'
import { VirtualRuntime } from './virtual.ts'

/** Notes what it is told. */
class Owner implements LimitOwner {
  readonly told: unknown[] = []

  aborted(reason: unknown): void {
    this.told.push(['aborted', reason])
  }

  timedOut(timeoutMs: number): void {
    this.told.push(['timed out', timeoutMs])
  }
}

const virtually = (name: string, body: (virtual: VirtualRuntime) => Promise<void>) =>
  test(name, () => {
    const virtual = new VirtualRuntime()
    return withRuntime(virtual, () => body(virtual))
  })

virtually('a limit tells of the abort, with its reason, and of the time that has passed', async virtual => {
  const controller = new AbortController()
  const owner = new Owner()
  Limit.begin({ signal: controller.signal, timeoutMs: 10 }, owner)
  await virtual.advance(9)
  controller.abort('enough')
  await virtual.advance(1)
  assert.deepEqual(owner.told, [
    ['aborted', 'enough'],
    ['timed out', 10],
  ])
})

virtually('a limit that has ended tells nothing, and leaves nothing behind', async virtual => {
  const controller = new AbortController()
  const owner = new Owner()
  const limit = Limit.begin({ signal: controller.signal, timeoutMs: 10 }, owner)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 1)
  limit?.end()
  limit?.end()
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  controller.abort()
  await virtual.advance(100)
  assert.deepEqual(owner.told, [])
})

virtually('without a signal and without a time there is nothing to watch', async () => {
  assert.equal(Limit.begin({}, new Owner()), undefined)
  assert.equal(Limit.begin({ timeoutMs: Number.POSITIVE_INFINITY }, new Owner()), undefined)
  assert.equal(
    timerIn(Number.POSITIVE_INFINITY, () => {}),
    undefined,
  )
})

virtually('an endless time beside a signal is none', async virtual => {
  const controller = new AbortController()
  const owner = new Owner()
  Limit.begin({ signal: controller.signal, timeoutMs: Number.POSITIVE_INFINITY }, owner)
  await virtual.advance(1e9)
  assert.deepEqual(owner.told, [])
  controller.abort(1)
  assert.deepEqual(owner.told, [['aborted', 1]])
})
