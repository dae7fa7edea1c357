/** Options that do not exist are refused by every function that takes options. */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import * as atonce from '../src/index.ts'
import { isolate } from '../src/isolates.ts'
import { simulate } from '../src/runtime/simulate.ts'

const { OptionError } = atonce
const twice = atonce.task(import.meta, function twice(n: number): number {
  return 2 * n
})

test('every function of the public face that takes options refuses one that does not exist', async () => {
  const wrong = { timeotMs: 1 } as object
  const pool = atonce.coroutines()
  const channel = new atonce.Channel<number>(1)
  const limiter = new atonce.Limiter(1)
  const calls: readonly [string, () => unknown][] = [
    ['threads', () => atonce.threads(wrong)],
    ['threads({ resourceLimits })', () => atonce.threads({ resourceLimits: wrong })],
    ['processes', () => atonce.processes(wrong)],
    ['processes({ permissions })', () => atonce.processes({ permissions: wrong })],
    ['coroutines', () => atonce.coroutines(wrong)],
    ['with', () => pool.with(wrong)],
    ['map', () => pool.map(twice, [1], wrong)],
    ['close', () => pool.close(wrong)],
    ['room', () => pool.room(wrong)],
    ['scope', () => atonce.scope(() => 1, wrong)],
    ['spawn', () => atonce.scope(s => void s.spawn(() => 1, wrong))],
    ['sleep', () => atonce.sleep(1, wrong)],
    ['timeout', () => atonce.timeout(1, () => 1, wrong)],
    ['retry', () => atonce.retry(() => 1, wrong)],
    ['race', () => atonce.race([() => 1], wrong)],
    ['any', () => atonce.any([() => 1], wrong)],
    ['hedge', () => atonce.hedge(() => 1, { delayMs: 1, ...wrong })],
    ['wait', () => atonce.wait([], wrong)],
    ['new Limiter', () => new atonce.Limiter({ concurrency: 1, ...wrong })],
    ['new Limiter({ rate })', () => new atonce.Limiter({ rate: { calls: 1, perMs: 1, ...wrong } })],
    ['limiter.run', () => limiter.run(() => 1, wrong)],
    ['limiter.wrap', () => limiter.wrap(() => 1, wrong)],
    ['limiter.map', () => limiter.map([1], n => n, wrong)],
    ['limiter.idle', () => limiter.idle(wrong)],
    ['new Channel', () => new atonce.Channel(1, wrong)],
    ['send', () => channel.send(1, wrong)],
    ['receive', () => channel.receive(wrong)],
    ['values', () => channel.values(wrong)],
    ['drained', () => channel.drained(wrong)],
    ['select', () => atonce.select([channel.receiving()], wrong)],
    ['task', () => atonce.task(import.meta, function other() {}, wrong)],
    ['simulate', () => simulate(() => 1, wrong)],
  ]
  for (const [name, call] of calls)
    await assert.rejects(
      async () => await call(),
      (error: unknown) => error instanceof OptionError && error.message.includes('no option timeotMs'),
      name,
    )
})

test('a scope takes no options of retry, and retry passes none of its own on', async () => {
  await assert.rejects(
    async () => atonce.scope(() => 1, { attempts: 2 } as object),
    /scope\(…\) has no option attempts/,
  )
  assert.equal(await atonce.retry(() => 1, { attempts: 2, timeoutMs: 1_000 }), 1)
  assert.equal(await atonce.hedge(() => 1, { delayMs: 5, max: 2, graceMs: 10 }), 1)
})

test('the same wrong option is refused in the same words on every model that has it', () => {
  const models = {
    threads: atonce.threads,
    processes: atonce.processes,
    coroutines: atonce.coroutines,
    isolate,
  }
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ name: 5 }, /\(\{ name \}\) takes a text, as '\w+'; it got 5\.$/],
    [
      { initialize: 5 },
      /\(\{ initialize \}\) takes a task, or \[task, …its arguments\]; it got 5\. Make one/,
    ],
    [{ queueLimit: '9' }, /\(\{ queueLimit \}\) takes 0 or more, .*; it got '9'\.$/],
    [{ startTimeoutMs: '1s' }, /\(\{ startTimeoutMs \}\) takes .* it got '1s'\.$/],
  ]
  for (const [model, make] of Object.entries(models))
    for (const [options, message] of wrong)
      assert.throws(
        () => make(options as never),
        (error: unknown) =>
          error instanceof OptionError &&
          error.message.startsWith(`${model}(`) &&
          message.test(error.message),
        `${model} ${JSON.stringify(options)}`,
      )
})

test('a task without its module is refused with the line that makes it one', () => {
  const make = atonce.task as (...args: unknown[]) => unknown
  assert.throws(
    () => make(function double() {}),
    (error: unknown) =>
      error instanceof atonce.InvalidTaskError &&
      /it got the function double first\. Write task\(import\.meta, double\)/.test(error.message),
  )
})
