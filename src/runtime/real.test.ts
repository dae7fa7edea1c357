/** The real clock's timers, on a platform whose clock this test moves. */
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'

const longestDelayMs = 2 ** 31 - 1

/** The platform's timers, with their limit: a delay that does not fit 31 bits becomes 1 ms. */
class Platform {
  nowMs = 0
  readonly #timers = new Set<{ atMs: number; fire: () => void; kept: boolean }>()

  readonly setTimeout = (fire: () => void, delayMs: number): object => {
    const timer = { atMs: this.nowMs + (delayMs > longestDelayMs ? 1 : delayMs), fire, kept: true }
    this.#timers.add(timer)
    return Object.assign(timer, {
      unref: () => {
        timer.kept = false
      },
    })
  }

  readonly clearTimeout = (timer: object): void => void this.#timers.delete(timer as never)

  get keepsTheProgramAlive(): boolean {
    return [...this.#timers].some(({ kept }) => kept)
  }

  advance(byMs: number): void {
    const untilMs = this.nowMs + byMs
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined || next.atMs > untilMs) break
      this.#timers.delete(next)
      this.nowMs = next.atMs
      next.fire()
    }
    this.nowMs = untilMs
  }
}

/**
 * The runtime takes the platform's timers when it is loaded, so it is loaded anew for the fake
 * ones.
 */
const platform = new Platform()
mock.method(globalThis, 'setTimeout', platform.setTimeout)
mock.method(globalThis, 'clearTimeout', platform.clearTimeout)
const anew = './real.ts?on-a-fake-platform'
const { realRuntime } = (await import(anew)) as typeof import('./real.ts')
mock.restoreAll()

test('a timer fires after its delay, however long that is', () => {
  for (const delayMs of [0, 1, 500, longestDelayMs, longestDelayMs + 1, 3 * longestDelayMs, 2 ** 40 + 0.5]) {
    const startMs = platform.nowMs
    let firedAt: number | undefined
    realRuntime.setTimer(delayMs, () => {
      firedAt = platform.nowMs
    })
    platform.advance(delayMs - 0.25)
    assert.equal(firedAt, undefined, `${delayMs} ms`)
    platform.advance(0.25)
    assert.equal(firedAt, startMs + delayMs, `${delayMs} ms`)
  }
})

test('a timer is taken back in any of the pieces that its delay is made of', () => {
  for (const pieces of [0, 1, 2, 3]) {
    const timer = realRuntime.setTimer(3.5 * longestDelayMs, () => assert.fail('it was taken back'))
    platform.advance(pieces * longestDelayMs + 1)
    timer.cancel()
    assert.ok(!platform.keepsTheProgramAlive)
    platform.advance(5 * longestDelayMs)
    timer.cancel()
  }
})

test('a timer keeps the program alive until it is told not to, in all its pieces', () => {
  let fired = 0
  for (const delayMs of [10, 3.5 * longestDelayMs]) {
    const timer = realRuntime.setTimer(delayMs, () => {
      fired += 1
    })
    assert.ok(platform.keepsTheProgramAlive)
    timer.unref()
    assert.ok(!platform.keepsTheProgramAlive)
    platform.advance(delayMs / 2)
    assert.ok(!platform.keepsTheProgramAlive)
    platform.advance(delayMs)
  }
  assert.equal(fired, 2)
})

test('a timer of endless delay never fires, and can be taken back', () => {
  const timer = realRuntime.setTimer(Number.POSITIVE_INFINITY, () => assert.fail('it never fires'))
  platform.advance(100 * longestDelayMs)
  assert.ok(platform.keepsTheProgramAlive)
  timer.cancel()
  assert.ok(!platform.keepsTheProgramAlive)
})

test('the clock does not go back, and a turn of the loop ends', async () => {
  const before = realRuntime.now()
  await realRuntime.yieldToLoop()
  assert.ok(realRuntime.now() >= before)
  const chance = realRuntime.random()
  assert.ok(chance >= 0 && chance < 1)
  const order: string[] = []
  realRuntime.soon(() => order.push('soon'))
  order.push('now')
  await Promise.resolve()
  assert.deepEqual(order, ['now', 'soon'])
})
