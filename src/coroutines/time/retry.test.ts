/**
 * What users of p-retry rely on: delays that the error decides, a hook on failure, and no failure
 * of its own.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { OptionError, RetryError } from '../../errors.ts'
import { simulate } from '../../runtime/simulate.ts'
import { type RetryFailure, retry } from './retry.ts'

const down = () => {
  throw new Error('down')
}

test('no number of attempts makes retry fail by itself, with no delay or with a long one', () =>
  simulate(async ({ now }) => {
    for (const options of [
      { minDelayMs: 0 },
      { minDelayMs: 1, maxDelayMs: 1 },
      { minDelayMs: 1e308, maxDelayMs: 1e308, timeoutMs: 5 },
    ]) {
      const error = await retry(down, { attempts: 1_100, ...options }).catch(error => error)
      assert.ok(error instanceof RetryError || error.code === 'ATONCE_TIMEOUT', String(error))
    }
    const startMs = now()
    await retry(({ attempt }) => (attempt === 1 ? down() : 1), { minDelayMs: 60_000, jitter: 'none' })
    assert.equal(now() - startMs, 60_000)
  }))

test('a bound below the first delay is refused', () => {
  assert.throws(() => retry(down, { minDelayMs: 10, maxDelayMs: 5 }), OptionError)
})

test('the error can say how long to wait, beyond every bound', () =>
  simulate(async ({ now }) => {
    const waited: number[] = []
    let beforeMs = now()
    await retry(
      ({ attempt }) => {
        waited.push(now() - beforeMs)
        beforeMs = now()
        if (attempt <= 4)
          throw Object.assign(new Error('busy'), {
            retryAfterMs: [90_000, -5, Number.NaN, undefined][attempt - 1],
          })
      },
      { attempts: 5, minDelayMs: 10, maxDelayMs: 40, jitter: 'none', delayMs: error => error.retryAfterMs },
    )
    assert.deepEqual(waited, [0, 90_000, 0, 40, 40])
  }))

test('each failure is told, and waited for; what the hook throws ends it all', () =>
  simulate(async () => {
    const told: RetryFailure[] = []
    const failure = await retry(down, {
      attempts: 3,
      onFailure: async one => {
        await null
        told.push(one)
      },
    }).catch(error => error)
    assert.ok(failure instanceof RetryError)
    assert.deepEqual(
      told.map(({ error, attempt, left }) => [(error as Error).message, attempt, left]),
      [
        ['down', 1, 2],
        ['down', 2, 1],
        ['down', 3, 0],
      ],
    )
    const enough = new Error('enough')
    let runs = 0
    const fn = () => {
      runs += 1
      throw new Error('down')
    }
    const hook = () => {
      throw enough
    }
    await assert.rejects(retry(fn, { onFailure: hook }), enough)
    assert.equal(runs, 1)
  }))

test('with unref a delay does not keep the program', () => {
  const program = `
    import { retry } from ${JSON.stringify(new URL('./retry.ts', import.meta.url).href)}
    process.on('exit', () => console.log('ended'))
    retry(() => { throw new Error('down') }, { minDelayMs: 3_600_000, jitter: 'none', unref: true })`
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.equal(out, 'ended\n')
})

test('an error of more attempts than it keeps errors of says how many there were', async () => {
  await simulate(async () => {
    const failure = await retry(() => Promise.reject(new Error('down')), {
      attempts: 1_500,
      minDelayMs: 0,
      maxDelayMs: 0,
    }).catch((error: RetryError) => error)
    assert.ok(failure instanceof RetryError)
    assert.match(failure.message, /failed 1500 times/)
    assert.equal(failure.errors.length, 1_000)
  })
})

test('a delay that is not a number is refused, with the failure as its cause', async () => {
  const failure = new Error('the first')
  const error = await retry(() => Promise.reject(failure), { delayMs: () => '5' as never }).catch(e => e)
  assert.ok(error instanceof OptionError)
  assert.equal(error.cause, failure)
})
