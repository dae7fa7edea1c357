/** The options of a pool are checked before anything is started. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OptionError } from '../errors.ts'
import { task } from '../task/task.ts'
import { machine } from './machine.ts'
import { checkPoolOptions, type PoolOptions, type PoolUserOptions } from './options.ts'

const worker = task({ url: 'test:options' } as ImportMeta, function worker() {})

/** Limits have no prototype. */
function plain(options: PoolOptions): PoolOptions {
  return { ...options, resourceLimits: { ...options.resourceLimits } }
}

test('every option has its default', () => {
  assert.deepEqual(plain(checkPoolOptions('threads', {})), {
    workers: machine().workers,
    callsPerWorker: 1,
    minWorkers: 0,
    idleMs: 30_000,
    queueLimit: 1_000_000,
    graceMs: 500,
    closeGraceMs: 5_000,
    startTimeoutMs: 30_000,
    maxPayloadBytes: 256 * 2 ** 20,
    maxCallsPerWorker: Number.POSITIVE_INFINITY,
    maxWorkerMiB: Number.POSITIVE_INFINITY,
    initialize: undefined,
    teardown: undefined,
    resourceLimits: {},
    env: undefined,
    argv: [],
    execArgv: undefined,
    name: 'threads',
  })
})

test('what was given is kept', () => {
  const given = {
    workers: 3,
    callsPerWorker: 4,
    minWorkers: 2,
    idleMs: Number.POSITIVE_INFINITY,
    queueLimit: 0,
    graceMs: 0,
    closeGraceMs: 7,
    startTimeoutMs: 1,
    maxPayloadBytes: 1,
    maxCallsPerWorker: 3,
    maxWorkerMiB: 64,
    initialize: worker,
    teardown: [worker, 7] as const,
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
    env: { MODE: 'test' },
    argv: ['--fast'],
    execArgv: ['--no-warnings'],
    name: 'images',
  }
  const kept = checkPoolOptions('threads', given)
  assert.deepEqual(plain(kept), {
    ...given,
    initialize: { task: worker, args: [], special: false },
    teardown: { task: worker, args: [7], special: false },
    argv: [process.argv[1], '--fast'],
  })
})

test('more workers kept than the machine would have are as many workers', () => {
  const minWorkers = machine().workers + 5
  assert.equal(checkPoolOptions('threads', { minWorkers }).workers, minWorkers)
})

test('a queue without a limit is one of every number', () => {
  const { queueLimit } = checkPoolOptions('threads', { queueLimit: Number.POSITIVE_INFINITY })
  assert.equal(queueLimit, Number.MAX_SAFE_INTEGER)
})

test('what is out of its range is refused, named by its maker and its key', () => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    ...[0, -1, 1.5, Number.NaN, '4'].flatMap(limit => [
      [{ maxCallsPerWorker: limit }, /^processes\(\{ maxCallsPerWorker \}\)/] as const,
      [{ maxWorkerMiB: limit }, /^processes\(\{ maxWorkerMiB \}\)/] as const,
    ]),
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 5_000, '4'].map(
      workers => [{ workers }, /^processes\(\{ workers \}\)/] as const,
    ),
    [
      { workers: 2, minWorkers: 3 },
      /minWorkers \}\) takes a whole number from 0 to workers, which is 2; it got 3/,
    ],
    [{ minWorkers: -1 }, /minWorkers/],
    [{ idleMs: -1 }, /idleMs \}\) takes 0 or more milliseconds; it got -1/],
    [{ idleMs: Number.NaN }, /idleMs/],
    [{ queueLimit: -1 }, /queueLimit/],
    [{ queueLimit: 0.5 }, /queueLimit/],
    [{ graceMs: '1s' }, /graceMs/],
    [{ startTimeoutMs: 0 }, /startTimeoutMs \}\) takes 1 or more/],
    [{ maxPayloadBytes: 0 }, /maxPayloadBytes/],
    [{ maxPayloadBytes: 2 ** 31 }, /maxPayloadBytes/],
    [
      { resourceLimits: { maxOldGenerationSizeMb: 15 } },
      /maxOldGenerationSizeMb \} \}\) takes 16 to .* it got 15/,
    ],
    [{ resourceLimits: { maxOldGenerationSizeMb: Number.NaN } }, /it got NaN/],
    [{ resourceLimits: { stackSizeMb: 0 } }, /stackSizeMb/],
    [{ workers: '4' }, /it got '4'\.$/],
    [{ workers: null }, /workers \}\).* it got null/],
    [{ graceMs: 5n }, /it got 5n/],
    [{ env: 'x' }, /env \}\) takes an object of texts, as .*; it got 'x'/],
    [{ env: null }, /env \}\).* it got null/],
    [{ env: ['A=1'] }, /env \}\).* it got an array/],
    [{ env: { X: 5 } }, /its variable X is 5\. Write '5'/],
    [{ env: { X: 'a\0b' } }, /its variable X is 'a\\u0000b', which has a zero byte/],
    [{ env: { 'X\0': 'a' } }, /its variable 'X\\u0000' is 'a'/],
    [{ argv: '--fast' }, /argv \}\) takes a list of texts, as .*; it got '--fast'/],
    [{ argv: ['--fast', 7] }, /argv \}\).*; \[1\] is 7/],
    [{ execArgv: ['a\0'] }, /execArgv \}\).*zero byte/],
    [{ name: 5 }, /name \}\) takes a text, as 'images'; it got 5/],
    [{ name: '' }, /name \}\).* it got ''/],
    [{ resourceLimits: { maxHeap: 100 } }, /no option maxHeap/],
  ]
  for (const [options, message] of wrong) {
    assert.throws(
      () => checkPoolOptions('processes', options as PoolUserOptions),
      (error: unknown) =>
        error instanceof OptionError &&
        error.code === 'ATONCE_OPTION' &&
        error instanceof RangeError &&
        error.message.startsWith('processes(') &&
        message.test(error.message),
      String(message),
    )
  }
})
