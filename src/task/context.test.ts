/** What a task knows about its call. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AbortError, OptionError } from '../errors.ts'
import { CallContext, context, insideTask, withContext } from './context.ts'

function call(
  more: { poll?: () => boolean; report?: (done: number, total: number | undefined) => void } = {},
) {
  return new CallContext(1, 'thread 2', {
    report: (_context, done, total) => more.report?.(done, total),
    pollCancelled: () => more.poll?.() ?? false,
  })
}

test('outside of a task there is a context that is never cancelled', () => {
  assert.equal(insideTask(), false)
  const { signal, cancelled, throwIfCancelled, progress, attempt, worker } = context()
  throwIfCancelled()
  progress(1, 2)
  assert.deepEqual([signal.aborted, cancelled, attempt, worker], [false, false, 1, 'main'])
})

test('the context follows its call through awaits, and calls next to each other keep their own', async () => {
  const seen = await Promise.all(
    ['a', 'b'].map(worker =>
      withContext(new CallContext(1, worker, { report() {}, pollCancelled: () => false }), async () => {
        await Promise.resolve()
        await new Promise<void>(resolve => setImmediate(resolve))
        return [insideTask(), context().worker]
      }),
    ),
  )
  assert.deepEqual(seen, [
    [true, 'a'],
    [true, 'b'],
  ])
  assert.equal(context().worker, 'main')
})

test('a cancelled call’s signal has the reason, asked for before or after', () => {
  const [before, after] = [call(), call()]
  const signal = before.signal
  const reason = new AbortError('enough')
  before.cancel(reason)
  after.cancel(reason)
  for (const { aborted, reason: given } of [signal, after.signal]) {
    assert.ok(aborted)
    assert.equal(given, reason)
  }
  assert.throws(() => after.throwIfCancelled(), reason)
  assert.ok(after.cancelled)
})

test('only the first cancel counts', () => {
  const cancelled = call()
  cancelled.cancel(new AbortError('first'))
  cancelled.cancel(new AbortError('second'))
  assert.equal(cancelled.signal.reason.message, 'first')
})

test('a synchronous loop sees the shared flag, though no message can reach it', () => {
  let flag = false
  const polling = call({ poll: () => flag })
  polling.throwIfCancelled()
  flag = true
  assert.ok(polling.cancelled)
  assert.throws(() => polling.throwIfCancelled(), AbortError)
})

test('progress reaches the caller, taken off the context or not', () => {
  const told: unknown[] = []
  const { progress } = call({ report: (done, total) => told.push([done, total]) })
  progress(1, 4)
  progress(2)
  assert.deepEqual(told, [
    [1, 4],
    [2, undefined],
  ])
})

test('progress that is not a number is refused in the task: its executor would take the message for a forged one', () => {
  const { progress } = call({ report: () => assert.fail('it was reported') })
  for (const [done, total] of [
    ['50%', undefined],
    [undefined, 5],
    [1, '4'],
    [1n, 4],
    [1, null],
  ] as const)
    assert.throws(() => progress(done as unknown as number, total as unknown as number), OptionError)
})
