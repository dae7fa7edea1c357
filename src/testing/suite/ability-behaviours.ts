/**
 * What every executor must be able to do beside running calls: limits of running time, and what
 * each worker does first and last.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AbortError,
  ClosedError,
  InvalidTaskError,
  OptionError,
  TimeoutError,
  WorkerCrashedError,
  WorkerExitedError,
  WorkerStartError,
} from '../../errors.ts'
import type { Executor } from '../../executor/executor.ts'
import { move } from '../../task/transfer.ts'
import * as tasks from './ability-tasks.ts'
import type { Behaviour, StartOptions } from './behaviour.ts'
import { echo, overdraw, square, wait } from './conformance-tasks.ts'

/** Options with which so many workers run so many calls each. */
type SideBySide = (workers: number, calls: number) => StartOptions
type Body = (
  start: (options: StartOptions) => Executor,
  sideBySide: SideBySide,
  subject: { readonly copies: boolean; readonly inside?: Executor['model'] },
) => Promise<void>

const behaviours: readonly (readonly [string, Body, 'alone'?])[] = [
  // ── a limit of the running time ──
  [
    'runTimeoutMs counts from the moment when the task begins, not while it waits',
    async start => {
      const executor = start({ workers: 1 })
      const blocker = executor.run(wait, 400)
      const behind = executor.with({ runTimeoutMs: 300 }).run(square, 3)
      assert.equal(await behind, 9)
      await blocker
      await assert.rejects(executor.with({ runTimeoutMs: 20 }).run(tasks.untilStopped), isRunTimeout(20))
      assert.equal(await executor.run(square, 2), 4)
    },
  ],
  [
    'of timeoutMs and runTimeoutMs the one that passes first ends the call',
    async start => {
      const executor = start({ workers: 1 })
      const both = executor
        .with({ timeoutMs: 60_000 })
        .with({ runTimeoutMs: 30 })
        .with({ runTimeoutMs: 60_000 })
      await assert.rejects(both.run(tasks.untilStopped), isRunTimeout(30))
      const other = executor.with({ timeoutMs: 30, runTimeoutMs: 60_000 })
      await assert.rejects(other.run(tasks.untilStopped), { name: 'TimeoutError', timeoutMs: 30 })
    },
  ],
  [
    'runTimeoutMs is for each call of a map, and for the whole of a stream',
    async start => {
      const limited = start({ workers: 2 }).with({ runTimeoutMs: 500 })
      const settled = await limited.map(tasks.stoppedAtZero, [1, 2, 0, 3, 4]).settled()
      assert.deepEqual(
        settled.map(one => (one.status === 'fulfilled' ? one.value : isRunTimeout(500)(one.reason))),
        [1, 2, true, 3, 4],
      )
      const stream = limited.stream(tasks.yieldsThenWaits)
      assert.deepEqual(await stream.next(), { done: false, value: 1 })
      await assert.rejects(stream.next(), isRunTimeout(500))
    },
  ],

  // ── what each worker does first and last ──
  [
    'each worker runs initialize once, with its arguments, before its first call',
    async start => {
      const model = { weights: new Float64Array([1, 2]), names: new Map([['a', 1]]) }
      const executor = start({ workers: 2, initialize: [tasks.keep, model] })
      const before = (await start({ workers: 1 }).run(tasks.whatWasKept))[1]
      for (const [kept, times] of await executor.map(tasks.whatWasKept, [[], [], [], []])) {
        assert.deepEqual(kept, model)
        assert.ok(times === 1 || times === before + 1)
      }
    },
  ],
  [
    'a worker whose initialize throws takes no call: those that wait get the reason, and later ones try again',
    async start => {
      const file = join(mkdtempSync(join(tmpdir(), 'atonce-')), 'note')
      writeFileSync(`${file}.bad`, '')
      const executor = start({ workers: 1, initialize: [tasks.keep, 'ready', file] })
      await assert.rejects(
        executor.run(square, 2),
        (error: Error) => error instanceof WorkerStartError && error.cause instanceof RangeError,
      )
      rmSync(`${file}.bad`)
      assert.equal((await executor.run(tasks.whatWasKept))[0], 'ready')
    },
  ],
  [
    'close() waits for the teardown of each worker, after its last call',
    async start => {
      const file = join(mkdtempSync(join(tmpdir(), 'atonce-')), 'note')
      const executor = start({ workers: 1, teardown: [tasks.leaveNote, file, 'left'] })
      const last = executor.run(tasks.leaveNote, file, 'called')
      await executor.close({ graceMs: 60_000 })
      await last
      assert.equal(readFileSync(file, 'utf8'), 'called\nleft\n')
    },
    'alone',
  ],
  [
    'a teardown that throws is a warning, and the executor closes',
    async start => {
      const executor = start({ workers: 1, teardown: tasks.failToLeave })
      await executor.run(square, 2)
      const warned = once(process, 'warning')
      await executor.close()
      const [warning] = (await warned) as [Error & { code?: string }]
      assert.equal(warning.code, 'ATONCE_TEARDOWN')
      assert.match(warning.message, /failToLeave.*the door is stuck/)
    },
    'alone',
  ],
  [
    'what is neither a task nor a list that begins with one is refused as initialize and as teardown',
    async start => {
      for (const none of [[], 'keep', 5, null, () => {}, [() => {}], [5], tasks.yieldSteps])
        for (const option of ['initialize', 'teardown'])
          assert.throws(
            () => start({ workers: 1, [option]: none as never }),
            (error: Error) =>
              (error instanceof OptionError || error instanceof InvalidTaskError) &&
              error.message.includes(`({ ${option} }) takes a task`),
          )
    },
  ],
  [
    'nobody receives what initialize and teardown return, so it need not be what can be copied',
    async start => {
      const own = tasks.readyAndReturnMore
      const executor = start({ workers: 1, initialize: own, teardown: own })
      assert.equal(await executor.run(square, 3), 9)
      await executor.close()
    },
  ],

  // ── who ended the worker ──
  [
    'what a call leaves behind is not told as the fault of a call that runs when it throws',
    async (start, _, { copies }) => {
      if (!copies) return // There is no worker to die.
      const executor = start({ workers: 1 })
      await executor.run(tasks.leaveBomb)
      await assert.rejects(
        executor.run(tasks.lightBomb),
        (error: unknown) =>
          error instanceof WorkerCrashedError &&
          error.cause instanceof RangeError &&
          error.task === undefined &&
          /^What task leaveBomb left behind/.test(error.message) &&
          !error.message.includes('lightBomb'),
      )
      assert.equal(await executor.run(square, 4), 16)
    },
  ],
  [
    'a call that ends its worker is named, though others of its module have just begun beside it',
    async (start, sideBySide, { copies }) => {
      if (!copies) return // There is no worker to die.
      const executor = start(sideBySide(1, 4))
      const exiting = executor.run(tasks.exitAtOnce)
      const beside = [executor.run(tasks.neverStop), executor.run(tasks.untilStopped)]
      await assert.rejects(
        exiting,
        (error: unknown) => error instanceof WorkerExitedError && error.task === 'exitAtOnce',
      )
      for (const call of beside) call.cancel()
      await Promise.allSettled(beside)
    },
  ],

  // ── calls side by side ──
  [
    'a worker runs as many calls side by side as callsPerWorker says, and no more',
    async (start, sideBySide, { inside }) => {
      const executor = start(sideBySide(1, 3))
      assert.deepEqual(await Promise.all([1, 2, 3].map(() => executor.run(tasks.meet, 3))), [3, 3, 3])
      const seen = await Promise.all(Array.from({ length: 20 }, () => executor.run(tasks.crowdOf)))
      const items = Array.from({ length: 20 }, () => [] as const)
      const mapped = await executor.map(tasks.crowdOf, items, { chunk: 1 })
      // One that hands calls on may go over to several workers: it is asked about the first place.
      const crowdsOf = (calls: typeof seen) => calls.filter(([on]) => on === seen[0]?.[0]).map(([, n]) => n)
      assert.equal(Math.max(...crowdsOf(seen)), 3)
      const there = crowdsOf(mapped)
      if (inside === undefined) assert.deepEqual([there.length, Math.max(...there)], [20, 3])
      assert.ok(there.every(crowd => crowd <= 3))
      const { queued, running, done } = executor.stats()
      assert.deepEqual([queued, running, done], [0, 0, 43])
    },
    'alone',
  ],
  [
    'of calls side by side each can be cancelled, fail and time out alone',
    async (start, sideBySide) => {
      const executor = start(sideBySide(1, 4))
      const begun = Promise.withResolvers<void>()
      const cancelled = executor.run(tasks.untilStopped).onProgress(() => begun.resolve())
      const limited = executor.with({ runTimeoutMs: 50 }).run(tasks.untilStopped)
      const met = Promise.all([executor.run(tasks.meet, 2), executor.run(square, 3)])
      await begun.promise
      cancelled.cancel()
      await assert.rejects(cancelled, AbortError)
      await assert.rejects(limited, isRunTimeout(50))
      await assert.rejects(executor.run(overdraw, -1), /balance would be -1/)
      assert.equal(await executor.run(tasks.meet, 2), 2)
      assert.deepEqual(await met, [2, 9])
      assert.equal(executor.stats().crashes, 0)
    },
    'alone',
  ],
  [
    'calls that tasks make on their own executor never wait for ever beside others',
    async (start, sideBySide) => {
      for (const [workers, calls] of [
        [1, 2],
        [2, 3],
      ] as const) {
        const executor = start(sideBySide(workers, calls))
        const all = Array.from({ length: 8 }, (_, n) => executor.run(tasks.split, n % 4))
        assert.deepEqual(await Promise.all(all), [1, 2, 4, 8, 1, 2, 4, 8])
      }
    },
  ],
  [
    'a worker that dies with several calls takes them with it, and later ones run',
    async (start, sideBySide) => {
      const options = sideBySide(1, 3)
      if (options.callsPerWorker === undefined) return // There is no worker to die.
      const executor = start(options)
      const beside = executor.run(tasks.neverStop)
      const dying = executor.run(tasks.endWorker)
      await assert.rejects(dying, WorkerExitedError)
      await assert.rejects(beside, WorkerExitedError)
      assert.equal(await executor.run(square, 4), 16)
      const stuck = executor.run(tasks.neverStop)
      await executor.run(square, 1)
      stuck.cancel()
      await assert.rejects(stuck, AbortError)
      assert.equal(await executor.run(square, 5), 25)
    },
  ],
  [
    'streams rest beside other calls of their worker',
    async (start, sideBySide) => {
      const executor = start(sideBySide(1, 3))
      const streams = [1, 2].map(() => executor.stream(tasks.yieldsThenWaits))
      for (const stream of streams) assert.deepEqual(await stream.next(), { done: false, value: 1 })
      assert.equal(await executor.run(square, 6), 36)
      for (const stream of streams) await stream.return()
      assert.equal(await executor.run(square, 7), 49)
    },
  ],

  // ── one worker, every worker ──
  [
    'calls of one key go to one worker, several keys to several, whatever else runs',
    async start => {
      const executor = start({ workers: 3 })
      const keys = Array.from({ length: 12 }, (_, n) => `key ${n % 6}`)
      const others = executor.map(
        tasks.noteKey,
        Array.from({ length: 30 }, () => ''),
      )
      const seen = await Promise.all(keys.map(key => executor.with({ key }).run(tasks.noteKey, key)))
      const mapped = await executor.with({ key: 'key 1' }).map(tasks.noteKey, ['key 1', 'key 1'])
      await others
      const workers = new Map(seen.map(([worker], at) => [keys[at], worker]))
      for (const [at, [worker]] of seen.entries()) assert.equal(worker, workers.get(keys[at]))
      for (const [worker] of mapped) assert.equal(worker, workers.get('key 1'))
      if (executor.model !== 'coroutines') assert.ok(new Set(workers.values()).size > 1)
      assert.deepEqual([executor.stats().queued, executor.stats().running], [0, 0])
    },
  ],
  [
    'a key’s calls go on with another worker when theirs has died; those that wait are not lost',
    async (start, _, { copies }) => {
      if (!copies) return // There is no worker to die.
      const executor = start({ workers: 2 }).with({ key: 7 })
      const file = join(mkdtempSync(join(tmpdir(), 'atonce-')), 'died')
      const dying = executor.run(tasks.endWorkerOnce, file)
      const waiting = [1, 2, 3].map(() => executor.run(tasks.whoAmI))
      const cancelled = executor.run(tasks.whoAmI)
      cancelled.cancel()
      await assert.rejects(dying, WorkerExitedError)
      await assert.rejects(cancelled, AbortError)
      assert.equal(new Set(await Promise.all(waiting)).size, 1)
      const { done, failed, queued } = executor.stats()
      assert.deepEqual([done, failed, cancelled.state, queued], [3, 1, 'cancelled', 0])
    },
    'alone',
  ],
  [
    'runOnEach runs a task once on every worker, started or not, busy or not',
    async (start, _, { inside }) => {
      const executor = start({ workers: 3 })
      const busy = executor.run(wait, 50)
      const names = await executor.runOnEach(tasks.whoAmI)
      const count = (inside ?? executor.model) === 'coroutines' ? 1 : 3
      assert.deepEqual([names.length, new Set(names).size], [count, count])
      await busy
      assert.deepEqual([...(await executor.runOnEach(tasks.whoAmI))].sort(), [...names].sort())
    },
  ],
  [
    'runOnEach rejects with the first failure, and can be cancelled; its workers go on',
    async start => {
      const executor = start({ workers: 2 })
      const [first] = await executor.runOnEach(tasks.whoAmI)
      await assert.rejects(executor.runOnEach(tasks.whoAmI, first), RangeError)
      const stopped = executor.runOnEach(tasks.untilStopped)
      stopped.cancel('enough')
      await assert.rejects(stopped, AbortError)
      assert.equal(await executor.run(square, 3), 9)
      const moved = move(new Uint8Array(8))
      assert.throws(() => executor.runOnEach(echo, moved), OptionError)
      await executor.close()
      await assert.rejects(executor.runOnEach(tasks.whoAmI), ClosedError)
    },
    'alone',
  ],
  [
    'inside of a worker, what would wait for its own worker is refused',
    async (start, _, { inside }) => {
      const executor = start({ workers: 1 })
      const refused = (inside ?? executor.model) === 'coroutines' ? 'ran' : 'ATONCE_OPTION'
      assert.deepEqual(await executor.run(tasks.nestedKey), [refused, refused])
      assert.throws(() => executor.with({ key: {} as never }), OptionError)
    },
  ],

  // ── what surrounds a worker ──
  [
    'env, argv and execArgv are what a worker finds, and nothing else of the program’s',
    async (start, _, { copies }) => {
      if (!copies) return // On this loop they are the program's own.
      const options = {
        env: { MODE: 'test', GONE: undefined },
        argv: ['--fast', 'a b'],
        execArgv: ['--no-deprecation'],
      }
      const given = start({ workers: 1, ...options })
      assert.deepEqual(await given.run(tasks.surroundings), ['test', undefined, ['--fast', 'a b'], true])
      const inherited = start({ workers: 1 })
      assert.deepEqual(await inherited.run(tasks.surroundings), [undefined, process.env['PATH'], [], false])
      for (const wrong of [{ env: 'MODE=test' }, { env: { MODE: 1 } }, { argv: '--fast' }, { execArgv: [1] }])
        assert.throws(() => start({ workers: 1, ...(wrong as object) }), OptionError)
    },
  ],
]

const isRunTimeout = (ms: number) => (error: Error) =>
  error instanceof TimeoutError && error.timeoutMs === ms && /of its beginning/.test(error.message)

/** Where nothing is copied there is one worker, this loop: it runs them all. */
export const abilityBehaviours: readonly Behaviour[] = behaviours.map(([sentence, body, ...alone]) => [
  sentence,
  (start, subject) =>
    body(
      start,
      (workers, calls) =>
        subject.copies ? { workers, callsPerWorker: calls } : { workers: workers * calls },
      subject,
    ),
  ...alone,
])
