/**
 * A failure shows who waited for it, through whatever of atonce it came, as it does through a bare
 * await.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Channel } from '../channel/channel.ts'
import { realRuntime } from '../runtime/real.ts'
import { task } from '../task/task.ts'
import { coroutines } from './coroutines.ts'
import { Limiter } from './limiter/limiter.ts'
import { scope } from './scope/scope.ts'
import { hedge } from './time/hedge.ts'
import { any, race } from './time/race.ts'
import { retry } from './time/retry.ts'
import { sleep } from './time/sleep.ts'
import { timeout } from './time/timeout.ts'

async function inner(): Promise<never> {
  await realRuntime.yieldToLoop()
  throw new Error('boom')
}
const failing = task(import.meta, inner)
const { signal } = new AbortController()

const ways: Readonly<Record<string, () => Promise<unknown>>> = {
  scope: () => scope(() => inner()),
  'a child that is awaited': () => scope(async s => await s.spawn(inner)),
  'a child that is not': () => scope(s => void s.spawn(inner)),
  timeout: () => timeout(10_000, inner),
  'a time that passes': () => timeout(1, () => sleep(60_000)),
  retry: () => retry(inner, { retryIf: () => false }),
  'the last retry': () => retry(inner, { attempts: 1 }),
  race: () => race([inner]),
  any: () => any([inner]),
  hedge: () => hedge(inner, { delayMs: 0, max: 1 }),
  'limiter.run': () => new Limiter(1).run(inner),
  'limiter.run with a signal': () => new Limiter(1).run(inner, { signal }),
  'limiter.run in a scope': () => scope(() => new Limiter(1).run(inner)),
  'limiter.run out of time': () => new Limiter(1).run(() => sleep(60_000), { timeoutMs: 1 }),
  'limiter.map': async () => await new Limiter(1).map([1], inner),
  'a receive out of time': () => new Channel(1).receive({ timeoutMs: 1 }),
  'a call of coroutines()': async () => await coroutines().run(failing),
  'a map of coroutines()': async () => await coroutines().map(failing, [[]]),
}

for (const [name, way] of Object.entries(ways)) {
  test(`${name} shows the caller`, async () => {
    async function userCaller(): Promise<unknown> {
      return await way()
    }
    const error = await userCaller().catch(error => error)
    assert.match((error as Error).stack ?? '', /at async userCaller /)
  })
}

test('a hook, a limit of no frames, or a frozen error change no outcome', async () => {
  const { prepareStackTrace, stackTraceLimit } = Error
  const frozen = Object.freeze(new Error('frozen'))
  try {
    Error.prepareStackTrace = () => ({ no: 'text' })
    await assert.rejects(scope(inner), { message: 'boom' })
    Error.prepareStackTrace = () => {
      throw new Error('of the hook')
    }
    await assert.rejects(
      scope(() => Promise.reject(frozen)),
      frozen,
    )
    Error.prepareStackTrace = prepareStackTrace
    Error.stackTraceLimit = 0
    await assert.rejects(scope(inner), { message: 'boom' })
  } finally {
    Error.prepareStackTrace = prepareStackTrace
    Error.stackTraceLimit = stackTraceLimit
  }
  await assert.rejects(
    scope(() => Promise.reject(frozen)),
    frozen,
  )
  await assert.rejects(
    scope(() => Promise.reject('no error')),
    error => error === 'no error',
  )
})
