/**
 * So many at a time, so many in a stretch of time, in the order that was asked for; nobody is lost,
 * nobody hangs.
 */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import fc from 'fast-check'
import { AbortError, OptionError, QueueFullError, TimeoutError } from '../../errors.ts'
import { everyoneParked } from '../../runtime/park.ts'
import { simulate } from '../../runtime/simulate.ts'
import { scope } from '../scope/scope.ts'
import { sleep } from '../time/sleep.ts'
import { Limiter } from './limiter.ts'

const failed = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    value => assert.fail(`it resolved to ${String(value)}`),
    error => error,
  )

/** A door that calls wait at until it is opened. */
function door(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

test('no more calls are under way than there are places, and each resolves to what its function returns', () =>
  simulate(async () => {
    const limiter = new Limiter(3)
    let running = 0
    let most = 0
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        limiter.run(async () => {
          running += 1
          most = Math.max(most, running)
          assert.ok(running <= limiter.running && limiter.running <= 3)
          await sleep(at % 4)
          running -= 1
          return at
        }),
      ),
    )
    assert.equal(most, 3)
    assert.deepEqual(
      results,
      Array.from({ length: 20 }, (_, at) => at),
    )
    assert.deepEqual([limiter.running, limiter.queued], [0, 0])
  }))

test('run never begins the function itself, even if there is room', async () => {
  const limiter = new Limiter(1)
  const order: string[] = []
  const running = limiter.run(() => order.push('function'))
  order.push('run returned')
  await running
  assert.deepEqual(order, ['run returned', 'function'])
})

test('a function that throws, at once or later, gives its place back and rejects its own call only', async () => {
  const limiter = new Limiter(1)
  const calls = [
    limiter.run(() => {
      throw new RangeError('at once')
    }),
    limiter.run(async () => {
      throw new RangeError('later')
    }),
    limiter.run(() => 'fine'),
  ]
  const endings = await Promise.allSettled(calls)
  assert.deepEqual(
    endings.map(({ status }) => status),
    ['rejected', 'rejected', 'fulfilled'],
  )
})

test('higher priority goes first; first come, first served within one', async () => {
  const limiter = new Limiter(1)
  const { opened, open } = door()
  const order: string[] = []
  const calls = [limiter.run(() => opened)]
  for (const [name, priority] of [
    ['low 1', -1],
    ['usual 1', 0],
    ['high 1', 5],
    ['usual 2', 0],
    ['high 2', 5],
    ['low 2', -1],
  ] as const)
    calls.push(limiter.run(() => void order.push(name), { priority }))
  assert.equal(limiter.queued, 6)
  open()
  await Promise.all(calls)
  assert.deepEqual(order, ['high 1', 'high 2', 'usual 1', 'usual 2', 'low 1', 'low 2'])
})

test('a call takes as many places as it weighs, and none overtakes it while it waits for them', () =>
  simulate(async ({ now }) => {
    const limiter = new Limiter(4)
    const begun: [string, number][] = []
    const call = (name: string, weight: number) =>
      limiter.run(
        () => {
          begun.push([name, now()])
          return sleep(10)
        },
        { weight },
      )
    await Promise.all([call('three', 3), call('one', 1), call('four', 4), call('light', 1), call('two', 2)])
    assert.deepEqual(
      new Map(begun),
      new Map([
        ['three', 0],
        ['one', 0],
        ['four', 10],
        ['light', 20],
        ['two', 20],
      ]),
    )
    assert.throws(() => limiter.run(() => {}, { weight: 5 }), OptionError)
  }))

test('the concurrency can be changed while calls run; a call that has become too heavy runs alone', () =>
  simulate(async ({ now }) => {
    const limiter = new Limiter(4)
    const begun: number[] = []
    const call = (weight = 1) =>
      limiter.run(
        () => {
          begun.push(now())
          return sleep(10)
        },
        { weight },
      )
    const calls = [call(), call(), call(), call(), call(3), call(), call()]
    await Promise.resolve()
    limiter.concurrency = 1
    await calls[5]
    assert.deepEqual(begun, [0, 0, 0, 0, 10, 20])
    limiter.concurrency = 10
    await Promise.all(calls)
    assert.throws(() => {
      limiter.concurrency = 0
    }, OptionError)
    assert.equal(limiter.concurrency, 10)
  }))

// ── rate ──

test('in a sliding window no stretch of time sees more calls begin than the rate', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        calls: fc.integer({ min: 1, max: 4 }),
        perMs: fc.integer({ min: 1, max: 50 }),
        pauses: fc.array(fc.nat(30), { minLength: 1, maxLength: 25 }),
      }),
      ({ calls, perMs, pauses }) =>
        simulate(
          async ({ now }) => {
            const limiter = new Limiter({ rate: { calls, perMs } })
            const begun: number[] = []
            const running: Promise<unknown>[] = []
            for (const pause of pauses) {
              await sleep(pause)
              running.push(limiter.run(() => begun.push(now())))
            }
            await Promise.all(running)
            assert.equal(begun.length, pauses.length)
            for (let at = calls; at < begun.length; at += 1)
              assert.ok((begun[at] as number) - (begun[at - calls] as number) >= perMs, String(begun))
          },
          { report: () => {} },
        ),
    ),
    { numRuns: 60 },
  )
})

test('a rate is used up to its bound: the sliding window spreads, the fixed one bursts at its borders', () =>
  simulate(async ({ now }) => {
    const begunBy = async (window: 'fixed' | 'sliding') => {
      const startMs = now()
      const limiter = new Limiter({ rate: { calls: 2, perMs: 100, window } })
      const begun: number[] = []
      const call = () => limiter.run(() => begun.push(now() - startMs))
      await call()
      await sleep(90)
      await Promise.all([call(), call(), call(), call()])
      return begun
    }
    assert.deepEqual(await begunBy('sliding'), [0, 90, 100, 190, 200])
    assert.deepEqual(await begunBy('fixed'), [0, 90, 100, 100, 200])
  }))

test('a call that was dropped from the queue uses nothing of the rate, and its timer goes with it', () =>
  simulate(async simulation => {
    const limiter = new Limiter({ rate: { calls: 1, perMs: 1_000 } })
    await limiter.run(() => {})
    const controller = new AbortController()
    const dropped = limiter.run(() => assert.fail('it was dropped'), { signal: controller.signal })
    assert.equal(limiter.rateLimited, true)
    controller.abort()
    await failed(dropped)
    assert.deepEqual([limiter.rateLimited, simulation.timers], [false, 0])
    await limiter.run(() => assert.equal(simulation.now(), 1_000))
  }))

test('rate and concurrency hold together', () =>
  simulate(async ({ now }) => {
    const limiter = new Limiter({ concurrency: 1, rate: { calls: 2, perMs: 10 } })
    const begun: number[] = []
    await Promise.all(
      Array.from({ length: 4 }, () =>
        limiter.run(() => {
          begun.push(now())
          return sleep(7)
        }),
      ),
    )
    assert.deepEqual(begun, [0, 7, 14, 21])
  }))

// ── stopping ──

test('a queued call whose signal aborts never begins; a running one is told by its signal, and keeps its place until it has ended', async () => {
  const limiter = new Limiter(1)
  const { opened, open } = door()
  const running = new AbortController()
  const queued = new AbortController()
  const told: unknown[] = []
  const one = limiter.run(
    async ({ signal }) => {
      signal.addEventListener('abort', () => told.push(signal.reason))
      await opened
    },
    { signal: running.signal },
  )
  const two = limiter.run(() => assert.fail('it was dropped'), { signal: queued.signal })
  const three = limiter.run(() => 'third')
  await new Promise<void>(resolve => setImmediate(resolve))
  const [why, whyQueued] = [new Error('running'), new Error('queued')]
  queued.abort(whyQueued)
  running.abort(why)
  assert.equal(await failed(one), why)
  assert.equal(await failed(two), whyQueued)
  assert.deepEqual(told, [why])
  assert.deepEqual([limiter.running, limiter.queued], [1, 1])
  open()
  assert.equal(await three, 'third')
})

test('a call whose signal has aborted already never begins', async () => {
  const limiter = new Limiter(1)
  const reason = new Error('too late')
  const call = limiter.run(() => assert.fail('it must not begin'), { signal: AbortSignal.abort(reason) })
  assert.equal(await failed(call), reason)
  assert.deepEqual([limiter.running, limiter.queued], [0, 0])
})

test('a call that is aborted between its turn and its beginning does not begin', async () => {
  const limiter = new Limiter(1)
  const controller = new AbortController()
  const call = limiter.run(() => assert.fail('it must not begin'), { signal: controller.signal })
  controller.abort(new Error('in the same turn'))
  assert.match(String(await failed(call)), /same turn/)
  assert.equal(await limiter.run(() => 'next'), 'next')
})

test('time counts from the call, in the queue and while it runs', () =>
  simulate(async ({ now }) => {
    const limiter = new Limiter({ concurrency: 1, timeoutMs: 30 })
    let aborted = false
    const long = limiter.run(async ({ signal }) => {
      signal.addEventListener('abort', () => {
        aborted = true
      })
      await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
    })
    const queued = limiter.run(() => assert.fail('its time was over'), { timeoutMs: 20 })
    assert.ok((await failed(queued)) instanceof TimeoutError)
    assert.equal(now(), 20)
    const error = (await failed(long)) as TimeoutError
    assert.ok(error instanceof TimeoutError)
    assert.deepEqual([now(), error.timeoutMs], [30, 30])
    await limiter.idle()
    assert.ok(aborted)
  }))

test('what a running call waits for with atonce ends when the call is stopped', () =>
  simulate(async ({ now }) => {
    const limiter = new Limiter(1)
    await failed(limiter.run(() => sleep(60_000), { timeoutMs: 10 }))
    await limiter.idle()
    assert.equal(now(), 10)
  }))

test('a cancelled scope drops its queued calls and stops those that run', () =>
  simulate(async ({ now }) => {
    const limiter = new Limiter(1)
    let begun = 0
    await scope(async s => {
      for (let at = 0; at < 3; at += 1)
        s.spawn(() =>
          limiter.run(() => {
            begun += 1
            return sleep(60_000)
          }),
        )
      await sleep(5)
      s.cancel()
    })
    await limiter.idle()
    assert.deepEqual([begun, now(), limiter.queued], [1, 5, 0])
  }))

test('in a scope that is cancelled already nothing is begun or waited for', () =>
  simulate(async () => {
    const limiter = new Limiter(1)
    const reason = new Error('over')
    const { opened, open } = door()
    const running = limiter.run(() => opened)
    const errors: unknown[] = []
    await scope(async s => {
      s.spawn(async () => {
        await sleep(60_000).catch(() => {})
        const never = () => assert.fail('it must not begin')
        const waits = [limiter.run(never), limiter.idle(), limiter.map([1], never)]
        errors.push(...(await Promise.all(waits.map(failed))))
      })
      await sleep(1)
      s.cancel(reason)
    })
    open()
    await running
    assert.equal(errors.length, 3)
    for (const error of errors)
      assert.ok(error === reason || (error as Error).cause === reason, String(error))
    assert.deepEqual([limiter.running, limiter.queued], [0, 0])
  }))

test('a call that was stopped but goes on has no timer and no listener any more', () =>
  simulate(async simulation => {
    const limiter = new Limiter(1)
    const { opened, open } = door()
    const controller = new AbortController()
    const call = limiter.run(() => opened, { signal: controller.signal, timeoutMs: 60_000 })
    await sleep(1)
    controller.abort()
    await failed(call)
    assert.deepEqual([simulation.timers, getEventListeners(controller.signal, 'abort').length], [0, 0])
    open()
    await limiter.idle()
  }))

test('clear drops what is queued, each with an AbortError, and leaves what runs', async () => {
  const limiter = new Limiter(1)
  const { opened, open } = door()
  const running = limiter.run(() => opened.then(() => 'done'))
  const queued = [limiter.run(() => 1), limiter.run(() => 2, { signal: new AbortController().signal })]
  limiter.clear('not needed')
  for (const call of queued) {
    const error = (await failed(call)) as AbortError
    assert.ok(error instanceof AbortError)
    assert.equal(error.cause, 'not needed')
  }
  open()
  assert.equal(await running, 'done')
})

test('a queue at its limit refuses the next call, and takes one again when there is room', async () => {
  const limiter = new Limiter({ concurrency: 1, queueLimit: 1, name: 'uploads' })
  const { opened, open } = door()
  const calls = [limiter.run(() => opened), limiter.run(() => {})]
  const error = (await failed(limiter.run(() => {}))) as QueueFullError
  assert.ok(error instanceof QueueFullError)
  assert.match(error.message, /uploads/)
  open()
  await Promise.all(calls)
  await limiter.run(() => {})
})

test('calls that come and go leave no listener, no timer and nobody parked', () =>
  simulate(
    async simulation => {
      const limiter = new Limiter(100)
      const { signal } = new AbortController()
      for (let round = 0; round < 20; round += 1)
        await Promise.all(
          Array.from({ length: 50 }, (_, at) =>
            at % 2 === 0 ? limiter.run(() => at) : limiter.run(() => sleep(1), { signal, timeoutMs: 1_000 }),
          ),
        )
      assert.equal(getEventListeners(signal, 'abort').length, 0)
      assert.equal(simulation.timers, 0)
      assert.equal(everyoneParked().filter(({ resource }) => resource === limiter).length, 0)
    },
    { schedule: 'fifo' },
  ))

// ── the limiter itself ──

test('a paused limiter begins nothing; what runs goes on', async () => {
  const limiter = new Limiter(2)
  const { opened, open } = door()
  const running = limiter.run(() => opened)
  limiter.pause()
  let begun = false
  const waiting = limiter.run(() => {
    begun = true
  })
  open()
  await running
  await limiter.whenRunningBelow(1)
  assert.deepEqual([begun, limiter.paused, limiter.queued], [false, true, 1])
  limiter.resume()
  await waiting
  assert.ok(begun)
})

test('idle waits for all that is queued and runs; a failed call counts as over', () =>
  simulate(async ({ now }) => {
    const limiter = new Limiter(2)
    await limiter.idle()
    for (let at = 0; at < 5; at += 1)
      limiter
        .run(async () => {
          await sleep(10)
          throw new Error('as expected')
        })
        .catch(() => {})
    await limiter.idle()
    assert.equal(now(), 30)
  }))

test('a producer that waits for a short queue never makes a long one', () =>
  simulate(async () => {
    const limiter = new Limiter(2)
    let longest = 0
    for (let at = 0; at < 50; at += 1) {
      await limiter.whenQueuedBelow(3)
      void limiter.run(() => sleep(1))
      longest = Math.max(longest, limiter.queued)
    }
    await limiter.idle()
    assert.equal(longest, 3)
  }))

test('a wait for the limiter ends with its signal or its time, and leaves nothing behind', () =>
  simulate(async simulation => {
    const limiter = new Limiter(1)
    const { opened, open } = door()
    const running = limiter.run(() => opened)
    const controller = new AbortController()
    const waiting = limiter.idle({ signal: controller.signal })
    await Promise.resolve()
    controller.abort(new Error('enough'))
    assert.match(String(await failed(waiting)), /enough/)
    assert.match(String(await failed(limiter.idle({ signal: controller.signal }))), /enough/)
    assert.ok((await failed(limiter.whenRunningBelow(1, { timeoutMs: 5 }))) instanceof TimeoutError)
    open()
    await running
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
    assert.equal(simulation.timers, 0)
  }))

test('each call runs in the context of its caller, whatever the one before has entered', async () => {
  const storage = new AsyncLocalStorage<string>()
  const limiter = new Limiter(1)
  const seen: unknown[] = []
  const call = () =>
    limiter.run(async () => {
      seen.push(storage.getStore())
      storage.enterWith('leaked')
      await Promise.resolve()
      seen.push(storage.getStore())
    })
  await Promise.all([storage.run('first', call), storage.run('second', call), call()])
  assert.deepEqual(seen, ['first', 'leaked', 'second', 'leaked', undefined, 'leaked'])
  function* inputs() {
    for (let n = 0; n < 6; n += 1) yield storage.getStore()
  }
  const read = await storage.run('map', () =>
    limiter.map(inputs(), input => {
      seen.push(storage.getStore())
      storage.enterWith('leaked')
      return input
    }),
  )
  assert.deepEqual([seen.slice(6), read], [new Array(6).fill('map'), new Array(6).fill('map')])
})

test('wrap makes a limited function of the same signature, that keeps this', async () => {
  const limiter = new Limiter(1)
  const add = limiter.wrap(async (a: number, b = 2) => a + b)
  const sums: number[] = await Promise.all([add(1), add(1, 5)])
  assert.deepEqual(sums, [3, 6])
  const counter = {
    count: 3,
    times: limiter.wrap(function times(this: { count: number }, n: number) {
      return this.count * n
    }),
  }
  assert.equal(await counter.times(4), 12)
})

test('what can’t be is refused at the call', () => {
  for (const options of [0, -1, 1.5, Number.NaN, '3', null, undefined, {}, { concurrency: 0 }])
    assert.throws(() => new Limiter(options as never), OptionError, String(options))
  for (const rate of [
    { calls: 0, perMs: 10 },
    { calls: 1, perMs: -1 },
    { calls: 1, perMs: Number.NaN },
    { calls: 1, perMs: 10, window: 'other' },
  ])
    assert.throws(() => new Limiter({ rate: rate as never }), OptionError)
  assert.throws(() => new Limiter({ concurrency: 1, queueLimit: -1 }), OptionError)
  assert.throws(() => new Limiter({ concurrency: 1, timeoutMs: -1 }), OptionError)
  const limiter = new Limiter(2)
  const promise = Promise.resolve()
  assert.throws(() => limiter.run(promise as never), /a promise, so it runs already/)
  assert.throws(() => limiter.wrap(5 as never), OptionError)
  assert.throws(() => limiter.map([1], undefined as never), OptionError)
  assert.throws(() => limiter.map(5 as never, () => {}), OptionError)
  for (const options of [
    { timeoutMs: -1 },
    { timeoutMs: Number.NaN },
    { priority: Number.NaN },
    { weight: 0 },
    { weight: 1.5 },
    { signal: {} as never },
  ])
    assert.throws(() => limiter.run(() => {}, options), OptionError)
  assert.throws(() => limiter.whenQueuedBelow(0), OptionError)
  assert.throws(() => limiter.idle({ timeoutMs: -1 }), OptionError)
})

test('a name that is not a text is refused, and a method without its limiter says what to write', () => {
  assert.throws(() => new Limiter({ concurrency: 3, name: 5 as never }), OptionError)
  const limiter = new Limiter(3)
  for (const method of ['run', 'wrap', 'map'] as const) {
    const { [method]: alone } = limiter
    const call = alone as unknown as (...args: unknown[]) => unknown
    assert.throws(() => call([1], () => 1), {
      name: 'OptionError',
      message: new RegExp(`limiter\\.${method}`),
    })
  }
})
