/** What every executor must do with one call: its value, errors, cancellation and future. */
import { strict as assert } from 'node:assert'
import {
  AbortError,
  InvalidTaskError,
  OptionError,
  QueueFullError,
  SerializationError,
  ThrownValueError,
  TimeoutError,
} from '../../errors.ts'
import type { Future } from '../../task/future.ts'
import type { Task } from '../../task/task.ts'
import { move } from '../../task/transfer.ts'
import { asCompleted, wait } from '../../task/wait.ts'
import type { Behaviour } from './behaviour.ts'
import * as tasks from './conformance-tasks.ts'
import { failure } from './failure.ts'
import { until } from './until.ts'

export const callBehaviours: readonly Behaviour[] = [
  // ── run ──
  [
    'a call returns what the function returns, with its default values',
    async start => {
      const executor = start({ workers: 1 })
      assert.equal(await executor.run(tasks.add, 1, 2), 3)
      assert.equal(await executor.run(tasks.add, 1), 11)
      assert.equal(await executor.run(tasks.addLater, 1, 2), 3)
    },
  ],
  [
    'a task still runs when it is called directly',
    async () => {
      assert.equal(tasks.add(1, 2), 3)
    },
  ],
  [
    'a plain function is refused at the call, with the line that makes it a task',
    async start => {
      const plain = function plain() {}
      assert.throws(
        () => start({ workers: 1 }).run(plain as unknown as Task<() => void>),
        (error: Error) =>
          error instanceof InvalidTaskError &&
          error.message.includes('export const plainTask = task(import.meta, plain)'),
      )
    },
  ],
  [
    'what is not a function is refused at the call, before and after a task was run',
    async start => {
      const executor = start({ workers: 1 })
      for (let round = 0; round < 2; round += 1) {
        for (const none of [undefined, null, 'add', {}])
          assert.throws(() => executor.run(none as unknown as Task<() => void>), InvalidTaskError)
        await executor.run(tasks.add, 1, 2)
      }
    },
  ],
  [
    'no more calls run at a time than there are workers (test_process_pool.test_saturation)',
    async start => {
      const executor = start({ workers: 2 })
      const seen = await Promise.all(Array.from({ length: 30 }, () => executor.run(tasks.crowd, 2)))
      assert.ok(Math.max(...seen) <= 2)
      assert.equal(executor.stats().done, 30)
    },
    'alone',
  ],
  [
    'calls of one priority run in the order they came, higher priorities first',
    async start => {
      const executor = start({ workers: 1 })
      const blocker = executor.run(tasks.wait, 20)
      const order = [1, 2, 3].map(n => executor.run(tasks.noted, n))
      const urgent = executor.with({ priority: 1 }).run(tasks.noted, 4)
      await blocker
      assert.deepEqual((await urgent).slice(-1), [4])
      assert.deepEqual((await order[2])?.slice(-4), [4, 1, 2, 3])
    },
  ],
  [
    'a task tells its progress, its worker and its attempt',
    async start => {
      const seen: [number, number | undefined][] = []
      const future = start({ workers: 1 })
        .run(tasks.reportProgress, 3)
        .onProgress((done, total) => seen.push([done, total]))
      assert.match(await future, /main|thread|process/)
      assert.deepEqual(seen, [
        [1, 3],
        [2, 3],
        [3, 3],
      ])
    },
  ],

  // ── values ──
  [
    'values arrive as they were sent',
    async start => {
      const executor = start({ workers: 1 })
      const cyclic: { self?: unknown; list: number[] } = { list: [1] }
      cyclic.self = cyclic
      const sent = [
        undefined,
        null,
        Number.NaN,
        -0,
        Number.POSITIVE_INFINITY,
        2n ** 70n,
        'text \u0000 \ud800',
        true,
        new Date(0),
        /a+/giu,
        new Map<unknown, unknown>([['k', new Set([1, { deep: [1n] }])]]),
        Object.assign(new Array(3), { 0: 1, 2: 3 }),
        new Uint8Array([1, 2]),
        new Float64Array([0.5]),
        new BigInt64Array([5n]),
        new DataView(new ArrayBuffer(2)),
        Buffer.from('bytes'),
        { undefined: undefined, nested: { a: [] } },
        cyclic,
        JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}'),
      ]
      for (const value of sent) {
        const back = await executor.run(tasks.echo, value)
        assert.deepEqual(back, value)
        if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) !== null) {
          assert.equal(
            Object.getPrototypeOf(back),
            Object.getPrototypeOf(value),
            `the class of ${String(value)}`,
          )
        }
      }
      assert.equal(({} as { polluted?: boolean }).polluted, undefined)
      // A known limit, the platform's own: an object without a prototype arrives as a plain one.
      const bare = Object.assign(Object.create(null), { a: 1 })
      assert.deepEqual({ ...((await executor.run(tasks.echo, bare)) as object) }, { a: 1 })
    },
  ],
  [
    'an error inside of a value keeps class, properties and cause',
    async start => {
      const back = (await start({ workers: 1 }).run(tasks.echo, {
        error: new tasks.Overdrawn(-5, { cause: new TypeError('why') }),
      })) as { error: tasks.Overdrawn }
      assert.ok(back.error instanceof Error)
      assert.equal(back.error.balance, -5)
      assert.ok(back.error.cause instanceof TypeError)
    },
  ],
  [
    'what can not be copied is refused by its path, and the worker goes on',
    async (start, { copies }) => {
      if (!copies) return
      const executor = start({ workers: 1 })
      const refused: [unknown, string, RegExp][] = [
        [{ rows: [{ callback() {} }] }, 'args[0].rows[0].callback', /is a function/],
        [Symbol('s'), 'args[0]', /is a symbol/],
        [new Map([['key', new WeakMap()]]), 'args[0].get("key")', /WeakMap/],
        [{ when: new (class Appointment {})() }, 'args[0].when', /instance of Appointment/],
        [Promise.resolve(1), 'args[0]', /Await it first/],
      ]
      for (const [value, path, message] of refused) {
        await assert.rejects(
          executor.run(tasks.echo, value),
          (error: Error) =>
            error instanceof SerializationError && error.path === path && message.test(error.message),
        )
      }
      assert.equal(await executor.run(tasks.square, 3), 9)
    },
  ],
  [
    'a moved buffer arrives whole and comes back whole',
    async (start, { copies }) => {
      const executor = start({ workers: 1 })
      const bytes = new Uint8Array(100_000)
      const filled = await executor.run(tasks.fill, move(bytes), 7)
      assert.equal(filled.length, 100_000)
      assert.equal(filled[99_999], 7)
      if (copies) assert.equal(bytes.length, 0)
    },
  ],

  // ── errors ──
  [
    'an error comes back with class, message, properties, cause and the far stack (test_process_pool.test_traceback)',
    async start => {
      const error = await failure(start({ workers: 1 }).run(tasks.overdraw, -7))
      assert.ok(error instanceof tasks.Overdrawn)
      assert.equal(error.message, 'balance would be -7')
      assert.equal(error.balance, -7)
      assert.equal(error.code, 'OVERDRAWN')
      assert.ok(error.cause instanceof RangeError)
      assert.match(error.stack ?? '', /overdraw/)
    },
  ],
  [
    'an error shows where the caller stood',
    async (start, { copies }) => {
      if (!copies) return
      const error = await failure(start({ workers: 1 }).run(tasks.overdraw, -7))
      assert.match(error.stack ?? '', /overdraw[\s\S]*called from[\s\S]*conformance/)
    },
  ],
  [
    'so do the executor’s own errors',
    async (start, { copies }) => {
      if (!copies) return
      const executor = start({ workers: 1 })
      const short = executor.with({ timeoutMs: 1 })
      for (const fails of [
        () => executor.with({ signal: AbortSignal.abort() }).run(tasks.untilAborted),
        () => executor.run(tasks.echo, () => {}),
        () => short.run(tasks.untilAborted),
        () => executor.map(tasks.echo, [() => {}]),
        () => short.map(tasks.untilAborted, [[], []]),
      ])
        assert.match((await failure(fails())).stack ?? '', /call-behaviours|conformance/)
    },
  ],
  [
    'an AggregateError comes back with all its errors',
    async start => {
      const error = await failure(start({ workers: 1 }).run(tasks.failTwice))
      assert.ok(error instanceof AggregateError)
      assert.equal(error.errors.length, 2)
      assert.ok(error.errors[1] instanceof TypeError)
      assert.equal(error.errors[0].balance, -1)
    },
  ],
  [
    'a thrown value that is not an error rejects with a ThrownValueError that holds it',
    async start => {
      const executor = start({ workers: 1 })
      for (const [kind, value] of [
        ['null', null],
        ['text', 'a text'],
        ['undefined', undefined],
      ] as const) {
        const error = await failure(executor.run(tasks.throwValue, kind))
        assert.ok(error instanceof ThrownValueError)
        assert.equal(error.value, value)
      }
    },
  ],

  // ── cancel, time ──
  [
    'a queued call that is cancelled never starts',
    async start => {
      const executor = start({ workers: 1 })
      const blocker = executor.run(tasks.wait, 20)
      const cancelled = executor.run(tasks.noted, 99)
      assert.equal(cancelled.state, 'queued')
      assert.equal(cancelled.cancel('changed my mind'), true)
      const error = await failure(cancelled)
      assert.ok(error instanceof AbortError)
      assert.equal(error.cause, 'changed my mind')
      assert.equal(cancelled.state, 'cancelled')
      await blocker
      assert.ok(!(await executor.run(tasks.noted, 100)).includes(99))
      assert.equal(cancelled.cancel(), false)
    },
  ],
  [
    'a running call that is cancelled is told by its signal, and its worker works on',
    async start => {
      const executor = start({ workers: 1 })
      await executor.run(tasks.square, 1)
      const running = executor.run(tasks.untilAborted)
      await until(() => running.state === 'running')
      running.cancel()
      await assert.rejects(running, AbortError)
      assert.equal(await executor.run(tasks.square, 4), 16)
      assert.equal(executor.stats().crashes, 0)
    },
    'alone',
  ],
  [
    'an aborted signal cancels before the call is queued, and while it runs',
    async start => {
      const executor = start({ workers: 1 })
      await assert.rejects(
        executor.with({ signal: AbortSignal.abort('no') }).run(tasks.noted, 77),
        AbortError,
      )
      const controller = new AbortController()
      const running = executor.with({ signal: controller.signal }).run(tasks.untilAborted)
      await until(() => running.state === 'running')
      controller.abort(new Error('enough'))
      assert.match(String(((await failure(running)).cause as Error).message), /enough/)
      assert.ok(!(await executor.run(tasks.noted, 78)).includes(77))
    },
  ],
  [
    'a call that takes longer than its time rejects with TimeoutError, queued or running',
    async start => {
      const executor = start({ workers: 1 })
      await executor.run(tasks.square, 1)
      const running = executor.with({ timeoutMs: 20 }).run(tasks.untilAborted)
      assert.ok((await failure(running)) instanceof TimeoutError)
      const blocker = executor.run(tasks.untilAborted)
      const queued = executor.with({ timeoutMs: 20 }).run(tasks.square, 2)
      assert.ok((await failure(queued)) instanceof TimeoutError)
      assert.equal(blocker.cancel(), true)
      assert.equal(await executor.run(tasks.square, 5), 25)
    },
  ],
  [
    'options out of range are refused at the call',
    async start => {
      const executor = start({ workers: 1 })
      for (const timeoutMs of [0, -1, Number.NaN])
        assert.throws(() => executor.with({ timeoutMs }), OptionError)
      assert.throws(() => executor.with({ priority: Number.NaN }), OptionError)
      assert.throws(() => executor.with({ signal: {} as AbortSignal }), OptionError)
      for (const chunk of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2' as never])
        assert.throws(() => executor.map(tasks.square, [1], { chunk }), OptionError)
      for (const wrong of [{ ordered: 1 }, { onProgress: 'log' }])
        assert.throws(() => executor.map(tasks.square, [1], wrong as never), OptionError)
      assert.throws(() => executor.map(tasks.square, [1], { ahead: 0 }), OptionError)
      assert.throws(() => executor.map(tasks.square, 5 as never), OptionError)
      await assert.rejects(executor.close({ graceMs: -1 }), OptionError)
    },
  ],
  [
    'a full queue refuses the next call',
    async start => {
      const executor = start({ workers: 1, queueLimit: 2 })
      const accepted = Array.from({ length: 3 }, () => executor.run(tasks.wait, 5))
      await assert.rejects(executor.run(tasks.wait, 5), QueueFullError)
      assert.deepEqual(await Promise.all(accepted), [5, 5, 5])
    },
  ],

  // ── futures ──
  [
    'futures are yielded as they settle, each once (test_as_completed.test_duplicate_futures)',
    async start => {
      const executor = start({ workers: 1 })
      const [first, second] = [executor.run(tasks.wait, 5), executor.run(tasks.square, 2)]
      const order: unknown[] = []
      for await (const { future, index } of asCompleted([second, first, second])) order.push([future, index])
      assert.deepEqual(order, [
        [first, 1],
        [second, 0],
      ])
    },
  ],
  [
    'wait returns exact sets (test_wait.test_first_exception)',
    async start => {
      const executor = start({ workers: 1 })
      const [failing, slow] = [executor.run(tasks.overdraw, 1), executor.run(tasks.wait, 20)]
      const { settled, pending } = await wait<Future<unknown>>([slow, failing], { until: 'failure' })
      assert.deepEqual([[...settled], [...pending]], [[failing], [slow]])
      assert.equal((await wait([slow])).pending.size, 0)
      assert.equal((await wait([executor.run(tasks.untilAborted)], { timeoutMs: 1 })).pending.size, 1)
    },
  ],
]
