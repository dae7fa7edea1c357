/** What every executor must do with a generator whose values are streamed. */
import { strict as assert } from 'node:assert'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  AbortError,
  ClosedError,
  InvalidTaskError,
  OptionError,
  SerializationError,
  TimeoutError,
} from '../../errors.ts'
import type { Executor } from '../../executor/executor.ts'
import type { Task } from '../../task/task.ts'
import * as tasks from './conformance-tasks.ts'
import * as streams from './stream-tasks.ts'

type Body = (
  start: (options: { workers: number }) => Executor,
  subject: { readonly copies: boolean },
) => Promise<void>

export const streamBehaviours: readonly (readonly [string, Body, 'alone'?])[] = [
  [
    'a stream brings what a generator yields, in order, then its return value',
    async start => {
      const executor = start({ workers: 1 })
      for (const count of [streams.countTo, streams.countLater, streams.hiddenGenerator]) {
        const stream = executor.stream(count, 200)
        for (let n = 0; n < 200; n += 1) assert.deepEqual(await stream.next(), { done: false, value: n })
        assert.deepEqual(await stream.next(), { done: true, value: 'counted' })
        assert.deepEqual(await stream.next(), { done: true, value: undefined })
      }
      assert.deepEqual(await valuesOf(executor.stream(streams.countTo, 5_000)), upTo(5_000))
      assert.deepEqual(await valuesOf(executor.stream(streams.countTo, 0)), [])
      assert.deepEqual(await valuesOf(executor.stream(streams.openLater, 3)), [0, 1, 2])
      assert.deepEqual(await valuesOf(executor.stream(streams.countPromises, 3)), [0, 1, 2])
      assert.equal(executor.stats().done, 7)
    },
    'alone',
  ],
  [
    'a stream brings the same values whatever it may be ahead',
    async start => {
      const executor = start({ workers: 2 })
      for (const ahead of [1, 2, 3, 100, 100_000]) {
        const values = await valuesOf(executor.with({ ahead }).stream(streams.countLater, 50))
        assert.deepEqual(values, upTo(50))
      }
    },
  ],
  [
    'several values can be asked for at once, and come in order',
    async start => {
      const stream = start({ workers: 1 }).with({ ahead: 2 }).stream(streams.countTo, 8)
      const results = await Promise.all(Array.from({ length: 10 }, () => stream.next()))
      assert.deepEqual(
        results.map(({ value }) => value),
        [0, 1, 2, 3, 4, 5, 6, 7, 'counted', undefined],
      )
    },
  ],
  [
    'a stream that is never iterated over never starts',
    async start => {
      const executor = start({ workers: 1 })
      const untouched = executor.with({ timeoutMs: 50 }).stream(streams.countAndClean, 'untouched')
      assert.equal(executor.stats().queued + executor.stats().running, 0)
      assert.equal(await executor.run(streams.streamState, 'untouched'), undefined)
      assert.deepEqual(await untouched.return(), { done: true, value: undefined })
      assert.deepEqual(await untouched.next(), { done: true, value: undefined })
      assert.equal(await executor.run(streams.streamState, 'untouched'), undefined)
      executor.stream(streams.countAndClean, 'untouched')
      await executor.close()
      assert.equal(executor.stats().done, 2)
    },
    'alone',
  ],
  [
    'leaving the loop runs the finally of the generator before it goes on',
    async start => {
      const executor = start({ workers: 1 })
      for (const count of [streams.countAndClean, streams.countAtOnce]) {
        const name = `left ${count.name}`
        for await (const value of executor.stream(count, name)) if (value === 20) break
        assert.partialDeepStrictEqual(await executor.run(streams.streamState, name), {
          ended: 'cleanly',
          aborted: true,
        })
        const thrown = `thrown ${count.name}`
        const error = await failure(
          valuesOf(executor.stream(count, thrown), () => {
            throw new LeftByError()
          }),
        )
        assert.ok(error instanceof LeftByError)
        assert.partialDeepStrictEqual(await executor.run(streams.streamState, thrown), { ended: 'cleanly' })
      }
      {
        await using stream = executor.stream(streams.countAndClean, 'disposed')
        await stream.next()
      }
      assert.partialDeepStrictEqual(await executor.run(streams.streamState, 'disposed'), { ended: 'cleanly' })
      assert.equal(executor.stats().crashes, 0)
    },
    'alone',
  ],
  [
    'throw() ends the generator and rejects with what it was given',
    async start => {
      const executor = start({ workers: 1 })
      const stream = executor.stream(streams.countAndClean, 'throw()')
      await stream.next()
      await assert.rejects(stream.throw(new LeftByError()), LeftByError)
      assert.deepEqual(await stream.next(), { done: true, value: undefined })
      assert.partialDeepStrictEqual(await executor.run(streams.streamState, 'throw()'), { ended: 'cleanly' })
    },
  ],
  [
    'what a finally throws when the loop is left is thrown by the loop',
    async start => {
      const executor = start({ workers: 1 })
      const error = await failure(
        (async () => {
          for await (const value of executor.stream(streams.countAndClean, 'fails', -1))
            if (value === 1) break
        })(),
      )
      assert.ok(error instanceof tasks.Overdrawn)
      assert.equal(await executor.run(tasks.square, 3), 9)
    },
  ],
  [
    'what a generator throws comes after the values before it, once, whole',
    async start => {
      const executor = start({ workers: 1 })
      const taken: number[] = []
      const stream = executor.stream(streams.failAfter, 300)
      const error = await failure(valuesOf(stream, value => taken.push(value)))
      assert.ok(error instanceof tasks.Overdrawn)
      assert.equal(error.balance, 300)
      assert.match(error.stack ?? '', /failAfter/)
      assert.deepEqual(taken, upTo(300))
      assert.deepEqual(await stream.next(), { done: true, value: undefined })
      assert.equal(await executor.run(tasks.square, 3), 9)
    },
  ],
  [
    'an error of a stream shows where the stream was made',
    async (start, { copies }) => {
      if (!copies) return
      const error = await failure(valuesOf(start({ workers: 1 }).stream(streams.failAfter, 1)))
      assert.match(error.stack ?? '', /failAfter[\s\S]*called from[\s\S]*stream-behaviours/)
    },
  ],
  [
    'what a generator threw ahead of a consumer that has left is thrown nowhere',
    async start => {
      const executor = start({ workers: 1 })
      for (let round = 1; round < 20; round += 1) {
        for await (const value of executor.stream(streams.failAfter, round)) if (value === round >> 1) break
      }
      assert.equal(await executor.run(tasks.square, 3), 9)
    },
  ],
  [
    'a generator is no further ahead of its consumer than asked',
    async start => {
      const executor = start({ workers: 1 })
      for (const count of [streams.countAndClean, streams.countAtOnce]) {
        const name = `ahead ${count.name}`
        const stream = executor.with({ ahead: 7 }).stream(count, name)
        for (let n = 0; n < 30; n += 1) await stream.next()
        for (let turn = 0; turn < 50; turn += 1) await nextTurn()
        await stream.return()
        const state = await executor.run(streams.streamState, name)
        assert.ok(state !== undefined && state.yielded >= 30 && state.yielded <= 37, JSON.stringify(state))
      }
    },
  ],
  [
    'a signal that aborts ends a stream at once, and its generator with its finally',
    async start => {
      const executor = start({ workers: 1 })
      for (const count of [streams.countAndClean, streams.countAtOnce]) {
        const name = `aborted ${count.name}`
        const controller = new AbortController()
        const stream = executor.with({ signal: controller.signal }).stream(count, name)
        for (let n = 0; n < 10; n += 1) await stream.next()
        controller.abort(new Error('enough'))
        const error = await failure(stream.next())
        assert.ok(error instanceof AbortError)
        assert.match(String((error.cause as Error).message), /enough/)
        assert.deepEqual(await stream.next(), { done: true, value: undefined })
        assert.deepEqual(
          { ...(await executor.run(streams.streamState, name)), yielded: 0 },
          { yielded: 0, ended: 'cleanly', aborted: true },
        )
      }
      const never = executor.with({ signal: AbortSignal.abort('no') }).stream(streams.countAndClean, 'never')
      assert.ok((await failure(never.next())) instanceof AbortError)
      assert.equal(await executor.run(streams.streamState, 'never'), undefined)
    },
  ],
  [
    'a stream that takes longer than its time rejects with TimeoutError, however fast its values come',
    async start => {
      const executor = start({ workers: 1 })
      await executor.run(tasks.square, 1)
      for (const count of [streams.countAndClean, streams.countAtOnce]) {
        const stream = executor.with({ timeoutMs: 30 }).stream(count, 'too long')
        assert.ok((await failure(valuesOf(stream, () => {}))) instanceof TimeoutError)
      }
      assert.equal(await executor.run(tasks.square, 3), 9)
    },
  ],
  [
    'a stream keeps its worker: no call runs before it has ended, and it waits for its turn',
    async start => {
      const executor = start({ workers: 1 })
      await Promise.all(upTo(50).map(n => executor.run(tasks.square, n))) // It is known to be cheap now.
      const before = upTo(5).map(n => executor.run(tasks.square, n))
      const stream = executor.stream(streams.countTo, 3)
      const first = stream.next()
      const after = upTo(5).map(n => executor.run(tasks.square, n))
      assert.deepEqual(await first, { done: false, value: 0 })
      assert.ok(before.every(future => future.state === 'done'))
      await stream.next()
      await stream.next()
      assert.deepEqual(await stream.next(), { done: true, value: 'counted' })
      assert.deepEqual(await Promise.all(after), [0, 1, 4, 9, 16])
    },
  ],
  [
    'a stream that waits in the queue can be left, and never starts',
    async start => {
      const executor = start({ workers: 1 })
      const blocker = executor.run(tasks.wait, 20)
      const stream = executor.stream(streams.countAndClean, 'queued')
      const waiting = stream.next()
      await stream.return()
      assert.deepEqual(await waiting, { done: true, value: undefined })
      await blocker
      assert.equal(await executor.run(streams.streamState, 'queued'), undefined)
    },
  ],
  [
    'a value that can not be copied fails the stream by its place, after those before it; the finally runs',
    async (start, { copies }) => {
      if (!copies) return
      const executor = start({ workers: 1 })
      const taken: unknown[] = []
      const error = await failure(
        valuesOf(executor.stream(streams.yieldFunctionAt, 'uncopied', 12), value => taken.push(value)),
      )
      assert.ok(error instanceof SerializationError)
      assert.equal(error.path, 'yielded[12].list[0]')
      assert.deepEqual(taken, upTo(12))
      assert.partialDeepStrictEqual(await executor.run(streams.streamState, 'uncopied'), { ended: 'cleanly' })
    },
  ],
  [
    'an object that is changed from yield to yield arrives each time as it was',
    async start => {
      const rows: number[] = []
      for await (const { row } of start({ workers: 1 }).stream(streams.reuseRow, 40)) rows.push(row)
      assert.deepEqual(rows, upTo(40))
    },
  ],
  [
    'buffers that are moved out of a generator arrive whole',
    async start => {
      const buffers = await valuesOf(start({ workers: 1 }).stream(streams.yieldBuffers, 20))
      assert.deepEqual(
        buffers.map(bytes => [bytes.length, bytes[99_999]]),
        upTo(20).map(n => [100_000, n]),
      )
    },
  ],
  [
    'the body of a generator is in its own call after every yield, and can tell its progress',
    async start => {
      const executor = start({ workers: 1 })
      const seen: number[] = []
      const stream = executor.stream(streams.sameContext, 5).onProgress(done => seen.push(done))
      assert.deepEqual(await valuesOf(stream), new Array(5).fill(true))
      assert.deepEqual(seen, [1, 2, 3, 4, 5])
      assert.deepEqual(
        await valuesOf(executor.stream(streams.sameContextAtOnce, 50)),
        new Array(50).fill(true),
      )
    },
  ],
  [
    'an iterator whose next() gives no result ends a stream or a map with a TypeError',
    async start => {
      const executor = start({ workers: 1 })
      const refused = { name: 'TypeError', message: /next\(\).* must return \{ value, done \}/ }
      await assert.rejects(valuesOf(executor.stream(streams.noSteps)), refused)
      const inputs = { [Symbol.iterator]: () => ({ next: () => 5 as never }) }
      await assert.rejects(executor.map(tasks.square, inputs), refused)
    },
  ],
  [
    'run and map of a generator are refused with the way to stream it; a stream of what is none, with the way to run it',
    async start => {
      const executor = start({ workers: 1 })
      const refused = (error: Error) =>
        error instanceof InvalidTaskError && /executor\.stream\(count(To|Later), …\)/.test(error.message)
      assert.throws(() => executor.run(streams.countTo, 3), refused)
      assert.throws(() => executor.run(streams.countLater, 3), refused)
      assert.throws(() => executor.map(streams.countTo, [3]), refused)
      const stream = (task: unknown, ...args: unknown[]) =>
        executor.stream(task as Task<(...args: unknown[]) => Iterable<unknown> & object>, ...args)
      assert.throws(() => stream(() => []), InvalidTaskError)
      for (const value of [5, 'text', null, undefined, { length: 2 }]) {
        const error = await failure(stream(tasks.echo, value).next())
        assert.ok(error instanceof InvalidTaskError)
        assert.match(error.message, /run\(echo, …\)/)
      }
      for (const ahead of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2' as never])
        assert.throws(() => executor.with({ ahead }), OptionError)
    },
  ],
  [
    'a closed executor refuses a stream, and one that is closed meanwhile ends it',
    async start => {
      const executor = start({ workers: 1 })
      const stream = executor.stream(streams.countAndClean, 'closed')
      await stream.next()
      await executor.close({ graceMs: 0 })
      const error = await failure(valuesOf(stream, () => {}))
      assert.ok(error instanceof ClosedError)
      assert.ok((await failure(executor.stream(streams.countTo, 1).next())) instanceof ClosedError)
    },
    'alone',
  ],
]

class LeftByError extends Error {}

function upTo(end: number): number[] {
  return Array.from({ length: end }, (_, n) => n)
}

/** What a stream brings; `look` is told of each value instead. */
async function valuesOf<Y>(stream: AsyncIterable<Y>, look?: (value: Y) => unknown): Promise<Y[]> {
  const values: Y[] = []
  for await (const value of stream) {
    if (look === undefined) values.push(value)
    else look(value)
  }
  return values
}

/** The error that it rejects with; fails the test if it does not reject. */
async function failure(promise: PromiseLike<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new assert.AssertionError({ message: 'It should have been rejected.' })
}
