/** Options of single calls. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OptionError } from '../errors.ts'
import { type CallOptions, mergeCallOptions, noCallOptions } from './call-options.ts'

test('options that were not given again stay; those that were count', () => {
  const { signal } = new AbortController()
  const first = mergeCallOptions({}, { signal, timeoutMs: 500, priority: 1 })
  assert.deepEqual(mergeCallOptions(first, {}), first)
  assert.deepEqual(mergeCallOptions(first, { priority: -2.5 }), { ...first, priority: -2.5 })
})

test('of two times the shorter counts, whichever was given first', () => {
  for (const [one, two] of [
    [500, 100],
    [100, 500],
    [100, Number.POSITIVE_INFINITY],
  ] as const)
    assert.equal(mergeCallOptions({ timeoutMs: one }, { timeoutMs: two }).timeoutMs, 100)
  assert.equal(mergeCallOptions({}, { timeoutMs: 0.5 }).timeoutMs, 0.5)
})

test('of two signals both count, with the reason of the one that aborted', () => {
  for (const aborting of [0, 1]) {
    const controllers = [new AbortController(), new AbortController()] as const
    const { signal } = mergeCallOptions({ signal: controllers[0].signal }, { signal: controllers[1].signal })
    assert.equal(signal?.aborted, false)
    controllers[aborting]?.abort('enough')
    assert.deepEqual([signal?.aborted, signal?.reason], [true, 'enough'])
  }
})

test('what is out of its range is refused, with what would do', () => {
  for (const [options, message] of [
    [{ timeoutMs: 0 }, /timeoutMs.*above 0; it got 0/],
    [{ timeoutMs: -1 }, /it got -1/],
    [{ timeoutMs: Number.NaN }, /it got NaN/],
    [{ timeoutMs: '5s' }, /it got '5s'/],
    [{ priority: Number.NaN }, /priority.*finite number/],
    [{ priority: Number.POSITIVE_INFINITY }, /it got Infinity/],
    [{ priority: '1' }, /it got '1'/],
    [{ signal: new AbortController() }, /takes an AbortSignal, as `new AbortController\(\)\.signal`/],
    [{ signal: null }, /takes an AbortSignal/],
  ] as const) {
    assert.throws(
      () => mergeCallOptions({}, options as unknown as CallOptions),
      (error: unknown) => error instanceof OptionError && message.test(error.message),
    )
  }
})

test('what was put on Object.prototype is not an option, whether one is given or none', () => {
  const hostile = { timeoutMs: 1, priority: 9, retries: 3, ahead: 1 }
  for (const [name, value] of Object.entries(hostile))
    Object.defineProperty(Object.prototype, name, { value, configurable: true, enumerable: true })
  try {
    for (const options of [noCallOptions, mergeCallOptions(noCallOptions, {})])
      for (const name of Object.keys(hostile))
        assert.equal((options as Record<string, unknown>)[name], undefined)
    assert.equal(mergeCallOptions(noCallOptions, { timeoutMs: 500 }).timeoutMs, 500)
  } finally {
    for (const name of Object.keys(hostile)) delete (Object.prototype as Record<string, unknown>)[name]
  }
})
