/**
 * A call may use its own limiter, however deep: it never hangs, and no more calls than there are
 * places do anything but wait.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '../../runtime/simulate.ts'
import { scope } from '../scope/scope.ts'
import { sleep } from '../time/sleep.ts'
import { Limiter } from './limiter.ts'

/** How many are between `enter` and `leave`. */
class Gauge {
  most = 0
  #now = 0

  async during(ms: number): Promise<void> {
    this.#now += 1
    this.most = Math.max(this.most, this.#now)
    await sleep(ms)
    this.#now -= 1
  }
}

test('a call that awaits a call within it, with one place only, ends', () =>
  simulate(async () => {
    const limiter = new Limiter(1)
    const deep = (level: number): Promise<number> =>
      limiter.run(async () => (level === 0 ? 1 : (await deep(level - 1)) + 1))
    assert.equal(await deep(20), 21)
    assert.deepEqual([limiter.running, limiter.queued], [0, 0])
  }))

test('a tree of calls that await their children ends, and those that work are never more than there are places', async () => {
  for (const places of [1, 2, 3])
    await simulate(
      async () => {
        const limiter = new Limiter(places)
        const gauge = new Gauge()
        const visit = async (level: number): Promise<number> => {
          await gauge.during(3)
          if (level === 0) return 1
          const below = await Promise.all([1, 2, 3].map(() => limiter.run(() => visit(level - 1))))
          return below.reduce((sum, count) => sum + count, 1)
        }
        assert.equal(await limiter.run(() => visit(3)), 40)
        assert.ok(gauge.most <= places, `${gauge.most} of ${places}`)
        assert.deepEqual([limiter.running, limiter.queued], [0, 0])
      },
      { runs: 5 },
    )
})

test('a nested call is waited for in whatever way it is awaited', () =>
  simulate(async () => {
    const limiter = new Limiter(1)
    const nested = () => limiter.run(() => 5)
    assert.equal(await limiter.run(() => nested()), 5)
    assert.equal(await limiter.run(async () => nested()), 5)
    assert.deepEqual(await limiter.run(() => Promise.all([nested(), nested()])), [5, 5])
    assert.equal((await limiter.run(() => Promise.allSettled([nested()]))).length, 1)
    assert.equal(await limiter.run(() => nested().then(n => n + 1)), 6)
    assert.equal(await limiter.run(() => nested().finally(() => {})), 5)
    assert.equal(await limiter.run(async () => nested().catch(() => 0)), 5)
    assert.equal(await limiter.run(() => limiter.wrap((n: number) => n)(7)), 7)
    const inScope = await limiter.run(() =>
      scope(async s => {
        const children = [s.spawn(() => nested()), s.spawn(() => nested())]
        return (await Promise.all(children)).length
      }),
    )
    assert.equal(inScope, 2)
  }))

test('a map within a call ends, awaited or iterated over', () =>
  simulate(async () => {
    const limiter = new Limiter(1)
    const doubled = await limiter.run(async () => limiter.map([1, 2, 3], async n => n * 2))
    assert.deepEqual(doubled, [2, 4, 6])
    const streamed = await limiter.run(async () => {
      const items: number[] = []
      for await (const item of limiter.map([1, 2, 3], async n => n * 2)) items.push(item)
      return items
    })
    assert.deepEqual(streamed, [2, 4, 6])
    const inMap = await limiter.map([1, 2], async n => limiter.run(() => n + 1))
    assert.deepEqual(inMap, [2, 3])
  }))

test('a call that adds others without waiting for them does not let them overtake, nor beyond the places', () =>
  simulate(async () => {
    const limiter = new Limiter(2)
    const gauge = new Gauge()
    const failures: unknown[] = []
    let visited = 0
    let noted = 0
    const visit = async (level: number): Promise<void> => {
      visited += 1
      if (level > 0)
        for (let at = 0; at < 3; at += 1)
          limiter
            .run(() => visit(level - 1))
            .then(() => noted++)
            .catch(error => failures.push(error))
      await gauge.during(2)
    }
    await limiter.run(() => visit(3))
    await limiter.idle()
    await sleep(1)
    assert.deepEqual([visited, noted, gauge.most, failures], [40, 39, 2, []])
  }))

test('two limiters that call each other end', () =>
  simulate(async () => {
    const [one, two] = [new Limiter(1), new Limiter(1)]
    const value = await one.run(async () => two.run(async () => one.run(async () => two.run(() => 'deep'))))
    assert.equal(value, 'deep')
    assert.deepEqual([one.running, two.running], [0, 0])
  }))

test('a nested call is seen to be waited for, though it was awaited long after it was made', () =>
  simulate(async () => {
    const [outer, inner] = [new Limiter(1), new Limiter(1)]
    const value = await outer.run(async () => {
      const running = inner.run(async () => {
        const nested = outer.run(() => 'nested')
        return nested
      })
      await sleep(10)
      return running
    })
    assert.equal(value, 'nested')
  }))

test('a nested call that is heavier than its caller is let in all the same', () =>
  simulate(async () => {
    const limiter = new Limiter(2)
    const values = await Promise.all(
      [1, 2].map(n => limiter.run(async () => limiter.run(() => n, { weight: 2 }))),
    )
    assert.deepEqual(values, [1, 2])
    assert.deepEqual([limiter.running, limiter.queued], [0, 0])
    const gauge = new Gauge()
    await Promise.all([1, 2, 3, 4].map(() => limiter.run(() => gauge.during(1))))
    assert.equal(gauge.most, 2)
  }))

test('a place that was lent comes back, also when the caller ends before the call within it', () =>
  simulate(async () => {
    const limiter = new Limiter(1)
    const gauge = new Gauge()
    await limiter.run(async () => {
      await Promise.race([limiter.run(() => gauge.during(50)), sleep(5)])
    })
    assert.deepEqual([limiter.running, limiter.queued], [1, 0])
    await Promise.all([1, 2, 3].map(() => limiter.run(() => gauge.during(1))))
    assert.equal(gauge.most, 1)
    assert.equal(limiter.running, 0)
  }))

test('nested calls keep to the rate', () =>
  simulate(async ({ now }) => {
    const limiter = new Limiter({ concurrency: 1, rate: { calls: 1, perMs: 10 } })
    assert.equal(await limiter.run(async () => limiter.run(() => limiter.run(now))), 20)
  }))

test('a nested call that fails or is aborted lets its caller go on', () =>
  simulate(async () => {
    const limiter = new Limiter(1)
    const outcome = await limiter.run(async () => {
      const failure = await limiter
        .run(() => Promise.reject(new Error('within')))
        .catch(error => error.message)
      const late = await limiter.run(() => sleep(60_000), { timeoutMs: 5 }).catch(error => error.name)
      return [failure, late]
    })
    assert.deepEqual(outcome, ['within', 'TimeoutError'])
    assert.equal(await limiter.run(() => 'free'), 'free')
  }))

test('limiters whose calls wait for each other crosswise are both named in a warning', async () => {
  const [a, b] = [1, 2].map(n => new Limiter({ concurrency: 1, name: `limiter ${n}` })) as [Limiter, Limiter]
  const turn = () => new Promise<void>(resolve => setImmediate(resolve))
  const stop = new AbortController()
  const { signal } = stop
  const warned = new Promise<Error & { code?: string }>(resolve => process.once('warning', resolve))
  const across = (from: Limiter, to: Limiter) =>
    from.run(async function crosses() {
      await turn()
      await to.run(() => 1, { signal })
    })
  const both = Promise.allSettled([across(a, b), across(b, a)])
  const { code, message } = await warned
  assert.equal(code, 'ATONCE_LIMITER_STUCK')
  assert.match(message, /limiter [12] and limiter [12] stand still and wait for each other: crosses holds/)
  stop.abort()
  await both
})

test('calls that wait for each other by idle() are told of by that', async () => {
  const limiter = new Limiter(2)
  const stop = new AbortController()
  const warned = new Promise<Error & { code?: string }>(resolve => process.once('warning', resolve))
  const waits = () => limiter.run(() => limiter.idle({ signal: stop.signal }))
  const both = Promise.allSettled([waits(), waits()])
  const { code, message } = await warned
  assert.equal(code, 'ATONCE_LIMITER_STUCK')
  assert.match(message, /waits for other calls of it to end/)
  stop.abort()
  await both
})
