/**
 * Waiting, time limits, and several ways to one result. Every test runs under many schedules of
 * virtual time.
 */
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { AbortError, OptionError, RetryError, TimeoutError, UnresponsiveError } from '../../errors.ts'
import { everyoneParked } from '../../runtime/park.ts'
import { type Simulation, simulate } from '../../runtime/simulate.ts'
import { outermostScopes, scope } from '../scope/scope.ts'
import { hedge } from './hedge.ts'
import { any, race, type Way } from './race.ts'
import { retry } from './retry.ts'
import { sleep } from './sleep.ts'
import { timeout } from './timeout.ts'

/** Runs the body under many schedules, and afterwards nothing is left behind. */
function everySchedule(name: string, body: (simulation: Simulation) => Promise<void>): void {
  test(name, () =>
    simulate(
      async simulation => {
        await body(simulation)
        assert.deepEqual([simulation.timers, everyoneParked(), outermostScopes()], [0, [], []])
      },
      { seed: 1, runs: 20 },
    ),
  )
}

async function caught(promise: Promise<unknown>): Promise<any> {
  try {
    await promise
  } catch (error) {
    return error
  }
  assert.fail('it did not throw')
}

/** A way that takes its time, then returns or throws; and says when it was cancelled. */
function after<T>(ms: number, ending: T | Error, cancelled?: (ms: number) => void): Way<T> {
  return async () => {
    try {
      await sleep(ms)
    } catch (error) {
      cancelled?.(ms)
      throw error
    }
    if (ending instanceof Error) throw ending
    return ending
  }
}

everySchedule(
  'sleep takes as long as it is told, a signal ends it early and is left without a listener',
  async time => {
    await sleep(250)
    await sleep(0)
    assert.equal(time.now(), 250)
    const control = new AbortController()
    const sleeping = caught(sleep(1_000, { signal: control.signal }))
    await sleep(1, { signal: control.signal })
    assert.equal(getEventListeners(control.signal, 'abort').length, 1)
    control.abort('enough')
    assert.deepEqual([await sleeping, time.timers], ['enough', 0])
    assert.equal(getEventListeners(control.signal, 'abort').length, 0)
    assert.equal(await caught(sleep(1, { signal: control.signal })), 'enough')
  },
)

everySchedule('timeout passes on what comes in time, be it a value or a failure', async time => {
  assert.equal(await timeout(10, after(5, 'value')), 'value')
  assert.match((await caught(timeout(10, after(5, new Error('failure'))))).message, /failure/)
  assert.equal(
    await timeout(
      10,
      sleep(5).then(() => 'promised'),
    ),
    'promised',
  )
  assert.equal(time.now(), 15)
})

everySchedule('timeout cancels a function, waits until it has stopped, and throws', async time => {
  const stopped: number[] = []
  const error = await caught(
    timeout(
      10,
      after(50, 'late', ms => stopped.push(ms)),
    ),
  )
  assert.ok(error instanceof TimeoutError)
  assert.deepEqual([stopped, time.now(), error.timeoutMs], [[50], 10, 10])
})

everySchedule('timeout no longer waits for a promise, whose failure is nobody’s then', async time => {
  const late = Promise.withResolvers<void>()
  const error = await caught(timeout(10, late.promise))
  assert.ok(error instanceof TimeoutError)
  assert.match(error.message, /a promise to settle did not end within 10 ms/)
  late.reject(new Error('late'))
  await sleep(1)
  assert.equal(time.now(), 11)
  const control = new AbortController()
  control.abort('stop')
  assert.equal(await caught(timeout(10, new Promise(() => {}), { signal: control.signal })), 'stop')
})

everySchedule('race gives the first ending, and the losers have stopped by then', async time => {
  const stopped: number[] = []
  const stop = (ms: number) => stopped.push(ms)
  assert.equal(await race([after(30, 'c', stop), after(10, 'a', stop), after(20, 'b', stop)]), 'a')
  assert.deepEqual([stopped.sort(), time.now()], [[20, 30], 10])
  const failure = new Error('first')
  assert.equal(await caught(race([after(20, 'b', stop), after(10, failure, stop)])), failure)
  assert.equal(await race([() => 'at once', after(5, 'later')]), 'at once')
})

everySchedule(
  'any gives the first value, past failures; if all fail, all are thrown in the order given',
  async time => {
    const stopped: number[] = []
    const [one, two] = [new Error('one'), new Error('two')]
    assert.equal(await any([after(5, one), after(20, 'b'), after(30, 'c', ms => stopped.push(ms))]), 'b')
    assert.deepEqual([stopped, time.now()], [[30], 20])
    const error = await caught(any([after(9, one), after(3, two)]))
    assert.ok(error instanceof AggregateError)
    assert.deepEqual(error.errors, [one, two])
  },
)

everySchedule('race and any are cancelled from outside, and then so are all their ways', async () => {
  for (const one of [race, any]) {
    const stopped: number[] = []
    const stop = (ms: number) => stopped.push(ms)
    const control = new AbortController()
    const racing = caught(one([after(10, 'a', stop), after(20, 'b', stop)], { signal: control.signal }))
    await sleep(5)
    control.abort('stop')
    assert.deepEqual([await racing, stopped.sort()], ['stop', [10, 20]])
    assert.equal(getEventListeners(control.signal, 'abort').length, 0)
    assert.ok((await caught(one([after(10, 'a')], { timeoutMs: 5 }))) instanceof TimeoutError)
  }
})

test('a loser that does not stop is named, and the race has an end', async t => {
  t.mock.method(process, 'emitWarning', () => {})
  await simulate(async time => {
    const deaf = () => new Promise(() => {})
    const error = await caught(race([after(10, 'a'), deaf], { graceMs: 50 }))
    assert.ok(error instanceof UnresponsiveError)
    assert.deepEqual([error.children, time.now()], [['deaf'], 60])
  })
})

everySchedule('hedge starts a second attempt after the delay, and cancels the slower one', async time => {
  const started: [number, number][] = []
  const cancelled: number[] = []
  const run = (delays: number[], max?: number) =>
    hedge(
      async ({ attempt, ...me }) => {
        started.push([attempt, time.now()])
        await after(delays[attempt - 1] ?? 0, '', ms => cancelled.push(ms))(me)
        return attempt
      },
      { delayMs: 10, max },
    )
  assert.equal(await run([5]), 1)
  assert.deepEqual([started.splice(0), time.now()], [[[1, 0]], 5])
  assert.equal(await run([100, 5]), 2)
  assert.deepEqual([started.splice(0), cancelled.splice(0), time.now()], [[[1, 5], [2, 15]], [100], 20]) // biome-ignore format: pairs
  assert.equal(await run([25, 100, 100], 3), 1)
  assert.deepEqual([started.length, cancelled.splice(0).length, time.now()], [3, 2, 45])
})

everySchedule(
  'hedge starts the next attempt at once when one fails, and throws when all have',
  async time => {
    const error = await caught(
      hedge(({ attempt, ...me }) => after(attempt, new Error(`attempt ${attempt}`))(me), {
        delayMs: 50,
        max: 3,
      }),
    )
    assert.ok(error instanceof AggregateError)
    assert.deepEqual(
      [error.errors.map(({ message }: Error) => message), time.now()],
      [['attempt 1', 'attempt 2', 'attempt 3'], 6],
    )
    assert.equal(await hedge(({ attempt }) => (attempt === 1 ? Promise.reject(new Error()) : attempt), { delayMs: 50 }), 2) // biome-ignore format: one line
  },
)

everySchedule('retry runs again after growing delays until it succeeds', async time => {
  const at: number[] = []
  const value = await retry(
    ({ attempt }) => {
      at.push(time.now())
      if (attempt < 5) throw new Error(`attempt ${attempt}`)
      return 'value'
    },
    { attempts: 5, minDelayMs: 10, maxDelayMs: 35, jitter: 'none' },
  )
  assert.deepEqual([value, at], ['value', [0, 10, 30, 65, 100]])
})

everySchedule('with full jitter a delay is anything from 0 to its bound', async time => {
  for (let round = 0; round < 10; round += 1) {
    const begun = time.now()
    let second = 0
    await caught(
      retry(
        ({ attempt }) => {
          if (attempt === 2) second = time.now()
          throw new Error('again')
        },
        { attempts: 2, minDelayMs: 100 },
      ),
    )
    assert.ok(second >= begun && second < begun + 100)
  }
  assert.ok(time.now() > 200 && time.now() < 800, 'ten delays of 50 on the average')
})

everySchedule('retry gives up after the last attempt, with every failure', async () => {
  const error = await caught(
    retry(({ attempt }) => Promise.reject(new RangeError(`attempt ${attempt}`)), {
      attempts: 3,
      name: 'load',
    }),
  )
  assert.ok(error instanceof RetryError)
  assert.equal(error.message, 'load failed 3 times; the last time: attempt 3')
  assert.deepEqual(
    error.errors.map(one => (one as Error).message),
    ['attempt 1', 'attempt 2', 'attempt 3'],
  )
  assert.equal(error.cause, error.errors[2])
})

everySchedule('retry gives up where retryIf says so, with that failure itself', async () => {
  const fatal = new TypeError('fatal')
  let attempts = 0
  const error = await caught(
    retry(
      ({ attempt }) => {
        attempts = attempt
        throw attempt === 2 ? fatal : new Error('again')
      },
      { attempts: 9, retryIf: async why => why !== fatal },
    ),
  )
  assert.deepEqual([error, attempts], [fatal, 2])
})

everySchedule(
  'retry out of time throws a TimeoutError that has the failures; cancelled, the reason',
  async time => {
    const failing = () => Promise.reject(new Error('again'))
    const options = { attempts: 100, minDelayMs: 20, jitter: 'none', factor: 1 } as const
    const error = await caught(retry(failing, { ...options, timeoutMs: 50 }))
    assert.ok(error instanceof TimeoutError)
    assert.ok(error.cause instanceof RetryError)
    assert.deepEqual([error.cause.errors.length, time.now()], [3, 50])
    const control = new AbortController()
    const retrying = caught(retry(failing, { ...options, signal: control.signal }))
    await sleep(30)
    control.abort('stop')
    assert.equal(await retrying, 'stop')
    const outer = await caught(scope(() => retry(failing, { ...options, timeoutMs: 500 }), { timeoutMs: 50 }))
    assert.deepEqual([outer instanceof TimeoutError, outer.cause], [true, undefined])
  },
)

everySchedule(
  'what an attempt throws while it is being cancelled is thrown, and no attempt follows',
  async () => {
    const attempts: number[] = []
    const error = await caught(
      retry(
        ({ attempt }) => {
          attempts.push(attempt)
          return sleep(1e6).catch(() => Promise.reject(new RangeError('of the clean-up')))
        },
        { timeoutMs: 5 },
      ),
    )
    assert.ok(error instanceof RangeError)
    assert.deepEqual(attempts, [1])
  },
)

everySchedule('inside of a scope all of them end with it, without a signal', async () => {
  const forever = () => sleep(Number.POSITIVE_INFINITY)
  const ends: string[] = []
  await scope(async s => {
    const note = (name: string) => (error: unknown) => {
      assert.ok(error instanceof AbortError)
      ends.push(name)
    }
    s.spawn(() => sleep(1e6).catch(note('sleep')))
    s.spawn(() => timeout(1e6, forever).catch(note('timeout')))
    s.spawn(() => timeout(1e6, new Promise(() => {})).catch(note('timeout of a promise')))
    s.spawn(() => race([forever]).catch(note('race')))
    s.spawn(() => any([forever]).catch(note('any')))
    s.spawn(() => hedge(forever, { delayMs: 1 }).catch(note('hedge')))
    s.spawn(() =>
      retry(() => Promise.reject(new Error()), { attempts: 1e9, minDelayMs: 1e6 }).catch(note('retry')),
    )
    await sleep(5)
    s.cancel()
  })
  assert.deepEqual(ends.sort(), ['any', 'hedge', 'race', 'retry', 'sleep', 'timeout', 'timeout of a promise'])
})

test('bad input throws at the call', () => {
  const fn = () => {}
  const bad = [-1, Number.NaN, 'x' as never]
  for (const ms of bad) {
    assert.throws(() => sleep(ms), OptionError)
    assert.throws(() => timeout(ms, fn), OptionError)
    assert.throws(() => hedge(fn, { delayMs: ms }), OptionError)
    assert.throws(() => retry(fn, { minDelayMs: ms }), OptionError)
    assert.throws(() => retry(fn, { maxDelayMs: ms }), OptionError)
    assert.throws(() => retry(fn, { timeoutMs: ms }), OptionError)
    assert.throws(() => race([fn], { timeoutMs: ms }), OptionError)
  }
  for (const count of [...bad, 0, 1.5]) {
    assert.throws(() => retry(fn, { attempts: count }), OptionError)
    assert.throws(() => hedge(fn, { delayMs: 1, max: count }), OptionError)
  }
  assert.throws(() => retry(fn, { factor: 0.5 }), OptionError)
  assert.throws(() => retry(fn, { jitter: 'half' as never }), OptionError)
  assert.throws(() => retry(fn, { retryIf: true as never }), OptionError)
  assert.throws(() => sleep(5, { signal: {} as never }), OptionError)
  for (const none of [undefined, 5, {}] as never[]) {
    assert.throws(() => retry(none), OptionError)
    assert.throws(() => timeout(5, none), OptionError)
    assert.throws(() => hedge(none, { delayMs: 1 }), OptionError)
    assert.throws(() => race([none]), OptionError)
    assert.throws(() => any(none), OptionError)
  }
  assert.throws(() => race([]), /would wait for ever/)
})

everySchedule('ways of several types give a result of any of them, and a name of none', async () => {
  const result: string | number = await race([async () => 'text', ({ signal }) => Number(signal.aborted)])
  assert.ok(['text', 0].includes(result))
  // @ts-expect-error: a string would be assigned to a number
  const wrong: number = await any([async () => 'text', () => 5])
  assert.ok(wrong !== undefined)
  // @ts-expect-error: a promise is not a way
  assert.throws(() => race([Promise.resolve(5)]), OptionError)
})
