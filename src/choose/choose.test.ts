import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OptionError, TrialError } from '../errors.ts'
import { choose } from './choose.ts'
import {
  area,
  counted,
  invert,
  isPrime,
  never,
  refuses,
  resetCounted,
  rest,
  sieve,
  takesFunction,
} from './fixtures/tasks.ts'

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at)

test('tiny functions stay in a plain loop', async () => {
  const { way, profile, reasons } = await choose(isPrime, {
    sample: upTo(64).map(n => 100_003 + 2 * n),
    count: 2_000,
  })
  assert.equal(way, 'plain loop')
  assert.ok(profile.wallMs < 0.1)
  assert.ok(reasons.length > 0)
})

test('a function that computes goes to threads when there is enough of it', async () => {
  const { predictions, way } = await choose(sieve, {
    sample: upTo(8).map(() => 300_000),
    count: 100_000,
    workers: 4,
  })
  assert.ok(predictions.some(one => one.way === 'threads'))
  assert.match(way, /threads|plain loop/) // With one core nothing else would be right.
})

test('a function that waits goes to coroutines, and is tried several at a time', async () => {
  const { way, concurrency, profile } = await choose(rest, { sample: upTo(120).map(() => 20), count: 1_000 })
  assert.equal(way, 'coroutines')
  assert.ok(concurrency >= 4 && profile.probe.length >= 1)
})

test('the caller’s own limit on calls at a time is kept', async () => {
  const { profile, predictions } = await choose(rest, {
    sample: upTo(40).map(() => 20),
    count: 1_000,
    maxConcurrency: 4,
  })
  assert.deepEqual(
    profile.probe.map(({ concurrency }) => concurrency),
    [4],
  )
  assert.ok(predictions.every(({ concurrency }) => concurrency <= 4))
})

test('each input is run once at most', async () => {
  resetCounted()
  const { profile } = await choose(counted, { sample: upTo(500), count: 1e9 })
  assert.ok(profile.items <= 500)
  assert.equal(counted(0), profile.items + 1)
})

test('buffers are offered to be moved or shared', async () => {
  const sample = upTo(6).map(at => new Uint8Array(2 ** 20).fill(at))
  const { predictions } = await choose(invert, { sample, count: 1_000 })
  assert.deepEqual(
    predictions.map(({ way }) => way),
    ['plain loop', 'threads', 'threads, moving', 'threads, sharing', 'processes'],
  )
})

test('what can’t cross is vetoed by its path', async () => {
  const { way, predictions } = await choose(takesFunction, { sample: [() => 1, () => 2], count: 1e6 })
  assert.equal(way, 'plain loop')
  assert.match(predictions.find(one => one.way === 'threads')?.vetoed ?? '', /args\[0\]/)
})

test('a sample that throws, a task that never ends and no samples are told in one line', async () => {
  await assert.rejects(
    choose(refuses, { sample: [3] }),
    (error: Error) =>
      error instanceof TrialError &&
      /input 1 of 1.*RangeError: not three/.test(error.message) &&
      error.cause instanceof RangeError,
  )
  await assert.rejects(choose(never, { sample: [1], timeoutMs: 20 }), /did not end within 20 ms/)
  await assert.rejects(choose(isPrime, {}), OptionError)
  await assert.rejects(choose(isPrime, { sample: [] }), /needs inputs to try/)
  await assert.rejects(choose(area, { sample: [1 as never] }), /list of arguments/)
  await assert.rejects(choose(isPrime, { samples: [1] } as never), /sample/)
})

test('all inputs are looked at from all over', async () => {
  const inputs = upTo(1_000).map(at => [at, 1] as const)
  const { items } = await choose(area, { inputs })
  assert.equal(items, 1_000)
})

test('one item in thirty that takes long is seen, though the others take nothing', async () => {
  const inputs = upTo(300).map(at => (at % 30 === 0 ? 400_000 : 10))
  const { profile } = await choose(sieve, { inputs })
  // 10 where nothing else runs; others' work makes the short ones longer.
  assert.ok(profile.items >= 31, `${profile.items}`)
  assert.ok(profile.longestOverMean > 1.5, `${profile.longestOverMean}`)
})
