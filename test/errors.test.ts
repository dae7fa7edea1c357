/**
 * Error classes are a contract: codes and names that never change, details that are own properties.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as errors from '../src/errors.ts'
import * as publicApi from '../src/index.ts'
import { root } from './source-tree.ts'

const details = { worker: 'thread 2', task: 'resize' }

/** Each class, made as atonce makes it: its code, and the details that one would look at. */
const made: readonly (readonly [Error, string, object])[] = [
  [new errors.OptionError('workers'), 'ATONCE_OPTION', {}],
  [new errors.InvalidTaskError('x'), 'ATONCE_INVALID_TASK', {}],
  [new errors.DeclarationError('x'), 'ATONCE_DECLARATION', {}],
  [new errors.EntryPointError('/a.ts'), 'ATONCE_ENTRY_POINT', {}],
  [new errors.UnsupportedError('x'), 'ATONCE_UNSUPPORTED', {}],
  [
    new errors.TaskLoadError('file:///a.ts', 'x', { cause: 1 }),
    'ATONCE_TASK_LOAD',
    { module: 'file:///a.ts' },
  ],
  [new errors.TaskVersionError('file:///a.ts', 'x'), 'ATONCE_TASK_VERSION', { module: 'file:///a.ts' }],
  [new errors.NotOwnerError('threads'), 'ATONCE_NOT_OWNER', {}],
  [new errors.SerializationError('args[0]', 'x'), 'ATONCE_SERIALIZATION', { path: 'args[0]' }],
  [
    new errors.UnknownClassError('file:///a.ts', 'Point', 'x'),
    'ATONCE_UNKNOWN_CLASS',
    { module: 'file:///a.ts', className: 'Point' },
  ],
  [new errors.PayloadTooLargeError(9, 5), 'ATONCE_PAYLOAD_TOO_LARGE', { payloadBytes: 9, limitBytes: 5 }],
  [new errors.ThrownValueError(null, 'null'), 'ATONCE_THROWN_VALUE', { value: null }],
  [new errors.AbortError('x', { cause: 1 }), 'ATONCE_ABORTED', {}],
  [new errors.TimeoutError('x', 5), 'ATONCE_TIMEOUT', { timeoutMs: 5 }],
  [new errors.ClosedError('x'), 'ATONCE_CLOSED', {}],
  [new errors.ChannelClosedError('x', { cause: 1 }), 'ATONCE_CHANNEL_CLOSED', {}],
  [new errors.QueueFullError('threads', 5), 'ATONCE_QUEUE_FULL', { queueLimit: 5 }],
  [
    new errors.UnresponsiveError('crawl', ['fetch'], 5),
    'ATONCE_UNRESPONSIVE',
    { scope: 'crawl', children: ['fetch'], graceMs: 5 },
  ],
  [
    new errors.DeadlockError([{ who: 'a', reason: 'b' }]),
    'ATONCE_DEADLOCK',
    { waits: [{ who: 'a', reason: 'b' }] },
  ],
  [new errors.SyncUseError('x'), 'ATONCE_SYNC_USE', {}],
  [new errors.OwnerDiedError('accounts'), 'ATONCE_OWNER_DIED', { lock: 'accounts' }],
  [new errors.BrokenBarrierError('a barrier', 'x'), 'ATONCE_BROKEN_BARRIER', {}],
  [new errors.NoisyMachineError(1.5, 0.15, 1_000), 'ATONCE_NOISY_MACHINE', { foreignCores: 1.5 }],
  [new errors.TrialError('x threw', undefined), 'ATONCE_TRIAL', {}],
  [new errors.RetryError('load', [1, 2]), 'ATONCE_RETRY', { errors: [1, 2] }],
  [new errors.WorkerExitedError(3, details), 'ATONCE_WORKER_EXITED', { ...details, exitCode: 3 }],
  [
    new errors.WorkerCrashedError('x', { ...details, signal: 'SIGSEGV' }),
    'ATONCE_WORKER_CRASHED',
    { ...details, signal: 'SIGSEGV' },
  ],
  [new errors.OutOfMemoryError(32, details), 'ATONCE_OUT_OF_MEMORY', { ...details, limitMb: 32 }],
  [new errors.WorkerStartError('x', details), 'ATONCE_WORKER_START', details],
  [
    new errors.WorkerStartTimeoutError('starting', 5, details),
    'ATONCE_WORKER_START_TIMEOUT',
    { ...details, startTimeoutMs: 5 },
  ],
  [new errors.SpawnError('EMFILE', details), 'ATONCE_SPAWN', details],
  [new errors.ConnectionLostError('x', details), 'ATONCE_CONNECTION_LOST', details],
  [new errors.ProtocolError('x', details), 'ATONCE_PROTOCOL', details],
]

test('every class that can be made is in this test, is exported, and is found by its name', () => {
  const names = new Set(['AtonceError', 'WorkerError', ...made.map(([error]) => error.constructor.name)])
  assert.deepEqual(new Set(errors.errorClasses.keys()), names)
  for (const [name, found] of errors.errorClasses) {
    assert.equal(found.name, name)
    assert.equal((errors as Record<string, unknown>)[name], found)
    assert.equal((publicApi as Record<string, unknown>)[name], found, `${name} is not exported`)
  }
})

test('every error has its own code, its class’s name, and its details as own properties', () => {
  assert.equal(new Set(made.map(([, code]) => code)).size, made.length)
  for (const [error, code, properties] of made) {
    const { name } = error.constructor
    assert.equal((error as { code?: unknown }).code, code)
    assert.equal(error.name, name)
    assert.ok(error.stack?.startsWith(`${name}: `) || error.stack?.startsWith(`${name} `), name)
    assert.ok(!Object.hasOwn(error, 'name'))
    for (const [key, value] of Object.entries(properties)) {
      assert.ok(Object.hasOwn(error, key), `${name}.${key}`)
      assert.deepEqual((error as unknown as Record<string, unknown>)[key], value)
    }
  }
})

test('all are AtonceErrors but those that are a RangeError or an AggregateError; those of a failed worker are WorkerErrors', () => {
  for (const [error, code] of made) {
    const isOther = code === 'ATONCE_OPTION'
    assert.equal(error instanceof errors.AtonceError, !isOther)
    const failedWorker = /WORKER|MEMORY|SPAWN|CONNECTION|PROTOCOL/.test(code)
    assert.equal(error instanceof errors.WorkerError, failedWorker, code)
  }
  assert.ok(new errors.OptionError('x') instanceof RangeError)
})

test('a cause is there when it was given, and only then', () => {
  for (const [error, code] of made)
    assert.equal(
      Object.hasOwn(error, 'cause'),
      ['ATONCE_TASK_LOAD', 'ATONCE_ABORTED', 'ATONCE_CHANNEL_CLOSED', 'ATONCE_RETRY'].includes(code),
      code,
    )
  const cause = new TypeError('below')
  assert.equal(new errors.WorkerCrashedError('x', { ...details, cause }).cause, cause)
})

test('the messages of failed workers name the task and the worker, with or without a task', () => {
  assert.equal(
    new errors.WorkerExitedError(3, details).message,
    'Task resize ended its worker (thread 2) with exit code 3.',
  )
  assert.equal(
    new errors.WorkerExitedError(3, { worker: 'thread 2' }).message,
    'thread 2 ended with exit code 3.',
  )
  assert.match(new errors.OutOfMemoryError(32, details).message, /its heap limit of 32 MiB \(thread 2\)/)
  assert.match(new errors.OutOfMemoryError(undefined, details).message, /reached its heap limit \(/)
})

test('messages that can have a cure say it', () => {
  for (const [error, cure] of [
    [new errors.EntryPointError('/a.ts'), /if \(!isWorker\) await main\(\)/],
    [new errors.EntryPointError(undefined), /A worker imported a module/],
    [new errors.PayloadTooLargeError(9, 5), /raise maxPayloadBytes/],
    [new errors.ThrownValueError(null, 'null'), /Throw new Error\(…\) instead/],
    [new errors.QueueFullError('threads', 5), /use map\(\).*or raise queueLimit/],
    [new errors.WorkerStartTimeoutError('starting', 5, details), /or raise startTimeoutMs/],
  ] as const)
    assert.match(error.message, cure)
})

test('every code of an error or of a warning stands on the page about troubleshooting', () => {
  const page = readFileSync(join(root, 'docs/guide/troubleshooting.md'), 'utf8')
  const files = globSync('src/**/*.ts', { cwd: root }).filter(path => !path.endsWith('.test.ts'))
  const codes = new Set<string>()
  for (const path of files) {
    const text = readFileSync(join(root, path), 'utf8')
    const found = /error(s|-\w+)?\.ts$/.test(path)
      ? text.matchAll(/'(ATONCE_\w+)'/g)
      : text.matchAll(/\bcode: '(ATONCE_\w+)'/g)
    for (const [, code] of found) codes.add(code as string)
  }
  assert.ok(codes.size > 50, `${codes.size}`)
  assert.deepEqual(
    [...codes].filter(code => !page.includes(`\`${code}\``)),
    [],
  )
})
