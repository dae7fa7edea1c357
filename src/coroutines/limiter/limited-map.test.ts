/** `limiter.map`: what any map of atonce does, with plain functions, at the places of a limiter. */
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { AbortError, OptionError, TimeoutError } from '../../errors.ts'
import { simulate } from '../../runtime/simulate.ts'
import { currentStrand } from '../../runtime/strand.ts'
import { scope } from '../scope/scope.ts'
import { sleep } from '../time/sleep.ts'
import { Limiter } from './limiter.ts'

const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at)

test('awaited, results come in the order of the inputs, however long each takes', () =>
  simulate(async () => {
    const limiter = new Limiter(4)
    const results = await limiter.map(numbers(30), async (n, index) => {
      await sleep((n * 7) % 11)
      assert.ok(limiter.running <= 4)
      return n * 10 + index
    })
    assert.deepEqual(
      results,
      numbers(30).map(n => n * 11),
    )
  }))

test('unordered, they come as they are done', () =>
  simulate(async () => {
    const limiter = new Limiter(3)
    const seen: number[] = []
    for await (const n of limiter.map([30, 10, 20], n => sleep(n).then(() => n), { ordered: false }))
      seen.push(n)
    assert.deepEqual(seen, [10, 20, 30])
  }))

test('inputs come from any iterable, are read lazily, and closed when the loop is left', () =>
  simulate(async () => {
    const limiter = new Limiter(2)
    let read = 0
    let closed = false
    function* naturals() {
      try {
        for (;;) yield read++
      } finally {
        closed = true
      }
    }
    for await (const n of limiter.map(naturals(), async n => n)) if (n === 9) break
    assert.ok(closed)
    assert.ok(read < 20, `${read} were read`)
    async function* later() {
      for (const n of [1, 2, 3]) {
        await sleep(1)
        yield n
      }
    }
    assert.deepEqual(await limiter.map(later(), n => n * 2), [2, 4, 6])
    assert.deepEqual(await limiter.map(new Set(['a', 'b']), word => word), ['a', 'b'])
    assert.deepEqual(await limiter.map([], () => assert.fail('no input')), [])
  }))

test('the first failure drops the rest, aborts what runs, and is thrown', () =>
  simulate(async ({ now }) => {
    const limiter = new Limiter(2)
    const begun: number[] = []
    let aborted = 0
    const failure = new RangeError('third')
    const mapping = limiter.map(numbers(10), async (n, _, { signal }) => {
      begun.push(n)
      signal.addEventListener('abort', () => {
        aborted += 1
      })
      await sleep(n === 3 ? 60_000 : 1)
      if (n === 2) throw failure
    })
    await assert.rejects(mapping, error => error === failure)
    await limiter.idle()
    assert.deepEqual([begun, aborted, now()], [[0, 1, 2, 3], 1, 2])
  }))

test('settled goes on past failures, and tells each at its place', () =>
  simulate(async () => {
    const endings = await new Limiter(2)
      .map(numbers(5), async n => {
        if (n % 2 === 1) throw new Error(`odd ${n}`)
        return n
      })
      .settled()
    assert.deepEqual(
      endings.map(ending =>
        ending.status === 'fulfilled' ? ending.value : (ending.reason as Error).message,
      ),
      [0, 'odd 1', 2, 'odd 3', 4],
    )
  }))

test('a function need not be asynchronous, and may throw', async () => {
  const limiter = new Limiter(1)
  assert.equal((await limiter.map(numbers(50_000), n => n)).length, 50_000)
  await assert.rejects(
    limiter.map([1, 2], n => {
      if (n === 2) throw new RangeError('two')
    }),
    RangeError,
  )
  assert.equal(limiter.running, 0)
})

test('a map shares the places with everything else that the limiter runs', () =>
  simulate(async () => {
    const limiter = new Limiter(2)
    let running = 0
    let most = 0
    const work = async () => {
      running += 1
      most = Math.max(most, running)
      await sleep(1)
      running -= 1
    }
    await Promise.all([
      limiter.map(numbers(10), work),
      limiter.map(numbers(10), work, { priority: 1 }),
      ...numbers(10).map(() => limiter.run(work)),
    ])
    assert.equal(most, 2)
  }))

test('a signal, the time, a cancelled scope and cancel() end a map, and leave nothing behind', () =>
  simulate(async simulation => {
    const limiter = new Limiter(2)
    const endless = () => sleep(60_000)
    const controller = new AbortController()
    const aborted = limiter.map(numbers(9), endless, { signal: controller.signal })
    const reason = new Error('enough')
    const rejected = assert.rejects(aborted, error => error === reason)
    await sleep(1)
    controller.abort(reason)
    await rejected
    const tooLate = limiter.map(numbers(9), () => assert.fail('it must not begin'), {
      signal: controller.signal,
    })
    await assert.rejects(tooLate, error => error === reason)
    await assert.rejects(limiter.map(numbers(9), endless, { timeoutMs: 10 }), TimeoutError)
    const cancelled = limiter.map(numbers(9), endless)
    cancelled.cancel()
    await assert.rejects(cancelled, AbortError)
    await scope(async s => {
      s.spawn(() => limiter.map(numbers(9), endless))
      await sleep(1)
      s.cancel()
    })
    await limiter.idle()
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
    assert.deepEqual([simulation.timers, limiter.running, limiter.queued], [0, 0, 0])
  }))

test('a scope forgets the maps in it that have ended', () =>
  simulate(async () => {
    const limiter = new Limiter(2)
    await scope(async () => {
      const before = currentStrand()?.held.length
      for (let round = 0; round < 5; round += 1) await limiter.map(numbers(3), n => n)
      await limiter.run(() => sleep(1))
      assert.equal(currentStrand()?.held.length, before)
    })
  }))

test('the limiter’s own time limit is for each call of a map', () =>
  simulate(async ({ now }) => {
    const limiter = new Limiter({ concurrency: 2, timeoutMs: 10 })
    const endings = await limiter.map([5, 60_000, 5, 5], ms => sleep(ms)).settled()
    assert.deepEqual(
      endings.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    )
    assert.equal(now(), 15)
  }))

test('calls of a map run nothing where the limiter gives them no time', () =>
  simulate(async () => {
    const limiter = new Limiter({ concurrency: 2, timeoutMs: 0 })
    let begun = 0
    const endings = await limiter.map([1, 2, 3], () => (begun += 1)).settled()
    assert.equal(begun, 0)
    for (const ending of endings)
      assert.ok(ending.status === 'rejected' && ending.reason instanceof TimeoutError)
    assert.equal(limiter.running, 0)
  }))

test('clear fails the calls of a map that wait for a place', () =>
  simulate(async () => {
    const limiter = new Limiter(1)
    limiter.pause()
    const mapping = limiter.map(numbers(5), n => n)
    const rejected = assert.rejects(mapping, AbortError)
    await sleep(1)
    limiter.clear()
    await rejected
  }))

test('progress is told for every result', () =>
  simulate(async () => {
    const told: [number, number | undefined][] = []
    await new Limiter(3).map(numbers(4), n => sleep(n), {
      onProgress: (done, total) => told.push([done, total]),
    })
    assert.deepEqual(told, [
      [1, 4],
      [2, 4],
      [3, 4],
      [4, 4],
    ])
  }))

test('a map over a rate has an end, and keeps to it', () =>
  simulate(async ({ now }) => {
    const limiter = new Limiter({ rate: { calls: 10, perMs: 100 } })
    assert.equal((await limiter.map(numbers(35), n => n)).length, 35)
    assert.equal(now(), 300)
  }))

test('what can’t be is refused at the call', () => {
  const limiter = new Limiter(2)
  for (const options of [{ ordered: 1 }, { ahead: 0 }, { onProgress: 5 }, { weight: 3 }, { timeoutMs: -1 }])
    assert.throws(() => limiter.map([1], () => {}, options as never), OptionError, JSON.stringify(options))
})
