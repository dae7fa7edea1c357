/** What every executor must do with many calls of one task: order, laziness, failures, limits. */
import { strict as assert } from 'node:assert'
import { InvalidTaskError, TimeoutError } from '../../errors.ts'
import { move } from '../../task/transfer.ts'
import type { Behaviour } from './behaviour.ts'
import * as tasks from './conformance-tasks.ts'
import { failure } from './failure.ts'
import { until } from './until.ts'

export const mapBehaviours: readonly Behaviour[] = [
  // ── map ──
  [
    'map keeps the order of its inputs, whatever the chunk (test_process_pool.test_map_chunksize)',
    async start => {
      const executor = start({ workers: 2 })
      const inputs = Array.from({ length: 40 }, (_, n) => n)
      for (const chunk of ['auto', 1, 6, 40, 50] as const) {
        assert.deepEqual(
          await executor.map(tasks.square, inputs, { chunk }),
          inputs.map(n => n * n),
        )
      }
      assert.deepEqual(
        (await executor.map(tasks.square, inputs, { ordered: false })).sort((a, b) => a - b),
        inputs.map(n => n * n),
      )
    },
  ],
  [
    'map takes tuples for tasks of several parameters, and typed arrays, sets, generators and async generators',
    async start => {
      const executor = start({ workers: 2 })
      assert.deepEqual(await executor.map(tasks.add, [[1], [1, 2]]), [11, 3])
      assert.deepEqual(await executor.map(tasks.square, new Float64Array([1, 2])), [1, 4])
      assert.deepEqual(await executor.map(tasks.square, new Set([3])), [9])
      assert.deepEqual(await executor.map(tasks.square, upTo(3)), [0, 1, 4])
      assert.deepEqual(await executor.map(tasks.square, upToLater(3)), [0, 1, 4])
      assert.deepEqual(await executor.map(tasks.echo, [[1, 2]]), [[1, 2]])
      assert.deepEqual(await executor.map(tasks.square, []), [])
    },
  ],
  [
    'numbers come back exactly, many to a message and from typed arrays too',
    async start => {
      const executor = start({ workers: 2 })
      const edges = [-0, 0, Number.NaN, Number.NEGATIVE_INFINITY, 2 ** 53, -(2 ** 31), 0.1, 5e-324]
      const numbers = [...edges, ...upTo(200), ...edges]
      for (const inputs of [numbers, Float64Array.from(numbers)]) {
        for (const chunk of ['auto', 1, 100] as const) {
          const back = await executor.map(tasks.echo, inputs, { chunk })
          assert.ok(numbers.every((number, at) => Object.is(number, back[at])))
        }
      }
      assert.deepEqual(await executor.map(tasks.echo, new BigInt64Array([1n, -1n]), { chunk: 2 }), [1n, -1n])
      assert.deepEqual(await executor.map(tasks.echo, Buffer.from('ab'), { chunk: 2 }), [97, 98])
    },
  ],
  [
    'in a chunk, an input or a result that can not be copied fails alone',
    async (start, { copies }) => {
      if (!copies) return
      const executor = start({ workers: 1 })
      const statuses = (endings: readonly PromiseSettledResult<unknown>[]) =>
        endings.map(ending =>
          ending.status === 'rejected' ? (ending.reason as Error).message : ending.value,
        )
      const refused = 'args[0] is a function. Pass data, and let the task call a function of its own module.'
      assert.deepEqual(
        statuses(await executor.map(tasks.echo, [1, () => {}, 3, 4, 5], { chunk: 5 }).settled()).map(
          status => (status === refused ? 'refused' : status),
        ),
        [1, 'refused', 3, 4, 5],
      )
      const results = statuses(
        await executor
          .map(
            tasks.functionFor,
            [
              [0, 1],
              [1, 1],
              [2, 1],
            ],
            { chunk: 3 },
          )
          .settled(),
      )
      assert.deepEqual([results[0], results[2]], [0, 2])
      assert.match(String(results[1]), /^result is a function/)
    },
  ],
  [
    'in a chunk, each call begins in a context of its own',
    async (start, { copies }) => {
      if (!copies) return // On the caller's own loop there are no chunks.
      const executor = start({ workers: 1 })
      assert.deepEqual(await executor.map(tasks.enterContext, [1, 2, 3], { chunk: 3 }), [
        undefined,
        undefined,
        undefined,
      ])
    },
  ],
  [
    'in a chunk, moved buffers arrive whole and come back whole',
    async (start, { copies }) => {
      const buffers = upToList(3).map(() => new Uint8Array(1_000))
      const filled = await start({ workers: 1 }).map(
        tasks.fill,
        buffers.map((bytes, at) => [move(bytes), at + 1] as const),
        { chunk: 3 },
      )
      assert.deepEqual(
        filled.map(bytes => [bytes.length, bytes[999]]),
        [
          [1_000, 1],
          [1_000, 2],
          [1_000, 3],
        ],
      )
      if (copies) assert.ok(buffers.every(bytes => bytes.length === 0))
    },
  ],
  [
    'map waits where its own calls fill the queue',
    async start => {
      const executor = start({ workers: 1, queueLimit: 0 })
      assert.deepEqual(
        await executor.map(tasks.square, upTo(50)),
        upToList(50).map(n => n * n),
      )
    },
  ],
  [
    'map works through a great many inputs',
    async start => {
      const results = await start({ workers: 2 }).map(tasks.square, upTo(20_000))
      assert.equal(results.length, 20_000)
      assert.equal(results[19_999], 19_999 ** 2)
    },
  ],
  [
    'map reads an endless input no further ahead than asked (test_map_buffersize_on_infinite_iterable)',
    async start => {
      let read = 0
      const endless = (function* () {
        for (;;) yield read++
      })()
      const taken: number[] = []
      for await (const value of start({ workers: 2 }).map(tasks.square, endless, { ahead: 4 })) {
        taken.push(value)
        assert.ok(read <= taken.length + 4)
        if (taken.length === 10) break
      }
      assert.deepEqual(
        taken,
        Array.from({ length: 10 }, (_, n) => n * n),
      )
    },
  ],
  [
    'leaving the loop early closes the inputs and cancels what has not started (test_map_close)',
    async start => {
      const executor = start({ workers: 1 })
      let closed = false
      const inputs = (function* () {
        try {
          for (let n = 0; ; n += 1) yield n
        } finally {
          closed = true
        }
      })()
      for await (const value of executor.map(tasks.square, inputs, { chunk: 3 })) if (value >= 25) break
      assert.equal(closed, true)
      await until(() => executor.stats().running === 0 && executor.stats().queued === 0)
      assert.equal(await executor.run(tasks.square, 2), 4)
    },
  ],
  [
    'the first failure cancels the rest and is thrown',
    async start => {
      const executor = start({ workers: 1 })
      let read = 0
      const inputs = (function* () {
        for (; read < 1_000; read += 1) yield [read, 3] as const
      })()
      const error = await failure(executor.map(tasks.failOn, inputs, { chunk: 1 }))
      assert.ok(error instanceof tasks.Overdrawn)
      assert.ok(read < 1_000)
      assert.equal(await executor.run(tasks.square, 2), 4)
    },
  ],
  [
    'a failure in a stream is thrown at its place',
    async start => {
      const taken: number[] = []
      const stream = start({ workers: 2 }).map(
        tasks.failOn,
        [0, 1, 2, 3, 4].map(n => [n, 3] as const),
      )
      await assert.rejects(async () => {
        for await (const value of stream) taken.push(value)
      }, tasks.Overdrawn)
      assert.deepEqual(taken, [0, 1, 2])
    },
  ],
  [
    'settled() goes on past failures, with chunks too (executor.test_map_exception)',
    async start => {
      const executor = start({ workers: 2 })
      for (const chunk of [1, 4]) {
        const endings = await executor
          .map(
            tasks.failOn,
            [0, 1, 2, 3, 4].map(n => [n, 3] as const),
            { chunk },
          )
          .settled()
        assert.deepEqual(
          endings.map(ending => ending.status),
          ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
        )
      }
    },
  ],
  [
    'inputs that throw end the map at that place, and the executor works on (test_pool.test_map_handle_iterable_exception)',
    async start => {
      const executor = start({ workers: 1 })
      for (const after of [0, 3]) {
        const inputs = (function* () {
          yield* upTo(after)
          throw new Overdrawn_()
        })()
        await assert.rejects(executor.map(tasks.square, inputs), Overdrawn_)
      }
      assert.equal(await executor.run(tasks.square, 2), 4)
    },
  ],
  [
    'a stream gives the results before its inputs threw, then throws that',
    async start => {
      const executor = start({ workers: 2 })
      for (const chunk of ['auto', 2, 10] as const) {
        for (const inputs of [upToThenThrow(5), laterUpToThenThrow(5)]) {
          const taken: number[] = []
          await assert.rejects(async () => {
            for await (const value of executor.map(tasks.square, inputs, { chunk })) taken.push(value)
          }, Overdrawn_)
          assert.deepEqual(taken, [0, 1, 4, 9, 16])
        }
      }
    },
  ],
  [
    'map reads asynchronous inputs no further ahead than asked, and closes them when the loop is left',
    async start => {
      let read = 0
      let closed = false
      const inputs = (async function* () {
        try {
          for (;;) yield read++
        } finally {
          closed = true
        }
      })()
      let taken = 0
      for await (const _ of start({ workers: 2 }).map(tasks.square, inputs, { ahead: 6 })) {
        taken += 1
        assert.ok(read <= taken + 6, `${read} were read when ${taken} were taken`)
        if (taken === 30) break
      }
      await until(() => closed)
    },
  ],
  [
    'the time of a map counts from the call (executor.test_map_timeout)',
    async start => {
      const executor = start({ workers: 1 })
      await executor.run(tasks.square, 1)
      await assert.rejects(executor.with({ timeoutMs: 30 }).map(tasks.untilAborted, [[], []]), TimeoutError)
      assert.equal(await executor.run(tasks.square, 2), 4)
    },
  ],
  [
    'map tells its progress',
    async start => {
      const seen: [number, number | undefined][] = []
      await start({ workers: 1 }).map(tasks.square, [1, 2, 3], {
        onProgress: (done, total) => seen.push([done, total]),
      })
      assert.deepEqual(seen, [
        [1, 3],
        [2, 3],
        [3, 3],
      ])
    },
  ],
  [
    'each call of a map counts, however they travel',
    async start => {
      const executor = start({ workers: 2 })
      await executor.map(tasks.square, Float64Array.from(upTo(5_000)))
      assert.equal(executor.stats().done, 5_000)
      assert.equal(executor.stats().failed, 0)
      const results = executor.map(
        tasks.failOn,
        upToList(100).map(n => [n, 7] as const),
        { chunk: 25 },
      )
      await Array.fromAsync(results.settled())
      const { queued, running, done, failed, cancelled } = executor.stats()
      assert.deepEqual([queued, running, done, failed, cancelled], [0, 0, 5_099, 1, 0])
    },
    'alone',
  ],
  [
    'the results of one map are awaited, or told apart, not both',
    async start => {
      const results = start({ workers: 1 }).map(tasks.square, [1])
      await results
      assert.throws(() => results.settled(), InvalidTaskError)
    },
  ],
]

class Overdrawn_ extends Error {}

function* upTo(end: number): Generator<number> {
  for (let n = 0; n < end; n += 1) yield n
}

async function* upToLater(end: number): AsyncGenerator<number> {
  yield* upTo(end)
}

function upToList(end: number): number[] {
  return [...upTo(end)]
}

function* upToThenThrow(end: number): Generator<number> {
  yield* upTo(end)
  throw new Overdrawn_()
}

async function* laterUpToThenThrow(end: number): AsyncGenerator<number> {
  yield* upToThenThrow(end)
}
