/**
 * What every executor must do with classes that keep their class, contexts that are propagated, and
 * stacks.
 */
import { strict as assert } from 'node:assert'
import { AsyncLocalStorage } from 'node:async_hooks'
import { SerializationError } from '../../errors.ts'
import type { Executor } from '../../executor/executor.ts'
import * as tasks from './boundary-tasks.ts'
import { Unknown, unknownStorage } from './unknown-class.ts'

type Body = (
  start: (options: { workers: number }) => Executor,
  subject: { readonly copies: boolean },
) => Promise<void>

export const boundaryBehaviours: readonly (readonly [string, Body, 'alone'?])[] = [
  // ── classes that keep their class ──
  [
    'an instance of a shareable class is one on the other side, and comes back as one',
    async start => {
      const executor = start({ workers: 1 })
      const point = new tasks.Point(3, 4)
      assert.deepEqual(await executor.run(tasks.lengthOf, point), [5, true])
      const back = (await executor.run(tasks.giveBack, point)) as tasks.Point
      assert.ok(back instanceof tasks.Point)
      assert.deepEqual(back, point)
      assert.equal(back.length, 5)
      const price = await executor.run(tasks.doubled, new tasks.Money(21))
      assert.ok(price instanceof tasks.Money)
      assert.equal(price.cents, 42)
    },
  ],
  [
    'no constructor runs for an instance that arrives, unless its class says so',
    async start => {
      const executor = start({ workers: 1 })
      const before = await executor.run(tasks.pointsMade, 0)
      const point = Object.create(tasks.Point.prototype) as tasks.Point
      await executor.run(tasks.giveBack, point)
      assert.equal(await executor.run(tasks.pointsMade, 0), before)
    },
  ],
  [
    'instances keep their class and their links inside of arrays, records, maps, sets, errors and each other',
    async start => {
      const executor = start({ workers: 1 })
      const point = new tasks.Point(1, 2)
      const price = new tasks.Money(5)
      point.next = [point, price]
      const sent = {
        point,
        map: new Map<unknown, unknown>([[point, new Set([price])]]),
        error: Object.assign(new TypeError('x'), { price }),
        tags: new tasks.Tags(['a', 'b']),
      }
      const back = (await executor.run(tasks.giveBack, sent)) as typeof sent
      const [next, money] = back.point.next as [tasks.Point, tasks.Money]
      assert.ok(back.point instanceof tasks.Point)
      assert.equal(next, back.point)
      assert.equal(money.cents, 5)
      assert.ok((back.map.get(back.point) as Set<unknown>).has(money))
      assert.equal((back.error as Error & { price: tasks.Money }).price.cents, 5)
      assert.ok(back.tags instanceof tasks.Tags)
      assert.deepEqual([...back.tags], ['a', 'b'])
    },
  ],
  [
    'instances in each other keep their class as deep as records may be nested, packed ones half as deep',
    async start => {
      const executor = start({ workers: 1 })
      let point: tasks.Point | undefined
      for (let n = 0; n < 990; n += 1) point = Object.assign(new tasks.Point(n, 0), { next: point })
      let points = 0
      for (
        let at = (await executor.run(tasks.giveBack, point)) as unknown;
        at instanceof tasks.Point;
        at = at.next
      )
        points += 1
      let wrap: unknown = 'innermost'
      for (let n = 0; n < 490; n += 1) wrap = new tasks.Wrap(wrap)
      let wraps = 0
      for (let at = await executor.run(tasks.giveBack, wrap); at instanceof tasks.Wrap; at = at.inner)
        wraps += 1
      assert.deepEqual([points, wraps], [990, 490])
    },
  ],
  [
    'instances keep their class in a map, many to a message and one by one',
    async start => {
      const executor = start({ workers: 2 })
      const prices = Array.from({ length: 100 }, (_, n) => new tasks.Money(n))
      for (const chunk of ['auto', 1, 7, 100] as const) {
        const back = await executor.map(tasks.doubled, prices, { chunk })
        assert.deepEqual(
          back.map(price => price.cents),
          prices.map(price => price.cents * 2),
        )
      }
    },
  ],
  [
    'an error of a shareable class comes back as one, though no module exports the class by its name',
    async start => {
      const error = await failure(start({ workers: 1 }).run(tasks.refuse, new tasks.Money(9)))
      assert.equal(error.constructor, tasks.RefusedClass)
      assert.equal(error.message, '9 cents are too many')
      assert.ok(error['price'] instanceof tasks.Money)
      assert.match(error.stack ?? '', /refuse/)
    },
  ],
  [
    'an instance that its class will not send is refused by its path, in a chunk alone',
    async (start, { copies }) => {
      if (!copies) return
      const executor = start({ workers: 1 })
      const secret = new tasks.OneWay('is asked for a secret')
      const error = await failure(executor.run(tasks.giveBack, { deep: [secret] }))
      assert.ok(error instanceof SerializationError)
      assert.equal(error['path'], 'args[0].deep[0]')
      assert.match(error.message, /an instance of OneWay that can't be sent: it stays where it is/)
      const endings = await executor.map(tasks.giveBack, [1, secret, 3], { chunk: 3 }).settled()
      assert.deepEqual(
        endings.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      )
    },
  ],
  [
    'an instance that its class can not make there fails its own call, in a chunk alone',
    async (start, { copies }) => {
      if (!copies) return
      const executor = start({ workers: 1 })
      for (const [how, words] of [
        ['throws', /args has an instance of OneWay that can't be made on this side: its unpack\(\) threw/],
        ['returns nothing', /its unpack\(\) returned undefined, which is not an instance of the class/],
      ] as const) {
        const bad = new tasks.OneWay(how)
        const error = await failure(executor.run(tasks.giveBack, bad))
        assert.ok(error instanceof SerializationError)
        assert.match(error.message, words)
        for (const chunk of [1, 3]) {
          const endings = await executor.map(tasks.giveBack, [1, bad, 3], { chunk }).settled()
          assert.deepEqual(
            endings.map(({ status }) => status),
            ['fulfilled', 'rejected', 'fulfilled'],
          )
        }
      }
      assert.equal(executor.stats().crashes, 0)
    },
    'alone',
  ],
  [
    'a result is what it was when its call returned, though the next call of its chunk uses it again',
    async (start, { copies }) => {
      if (!copies) return
      const executor = start({ workers: 1 })
      const inputs = [1, 2, 3, 4, 5, 6, 7, 8]
      for (const chunk of [1, 'auto', 4] as const) {
        const results = await executor.map(tasks.fillAgain, inputs, { chunk })
        assert.deepEqual(
          results.map(({ n, bytes, rows }) => [n, bytes[3], rows.get('row')]),
          inputs.map(n => [n, n, [n]]),
        )
      }
    },
  ],
  [
    'a result that can not be copied is refused by its path and code, as an argument is, in a chunk alone',
    async (start, { copies }) => {
      if (!copies) return
      const executor = start({ workers: 1 })
      for (const [what, path] of [
        ['function', 'result.deep.it'],
        ['namespace', 'result.deep.it'],
        ['arguments', 'result.deep.it'],
      ] as const) {
        const argument = await failure(executor.run(tasks.giveBack, { deep: { it: tasks.uncopyable(what) } }))
        assert.deepEqual([argument['path'], argument['code']], ['args[0].deep.it', 'ATONCE_SERIALIZATION'])
        const result = await failure(executor.run(tasks.giveUncopyable, what))
        assert.ok(result instanceof SerializationError)
        assert.deepEqual([result['path'], result['code']], [path, 'ATONCE_SERIALIZATION'])
        const endings = await executor.map(tasks.giveUncopyable, ['', what, ''], { chunk: 3 }).settled()
        assert.deepEqual(
          endings.map(ending => (ending.status === 'rejected' ? ending.reason.path : ending.value)),
          [{ deep: { it: undefined } }, path, { deep: { it: undefined } }],
        )
      }
    },
  ],
  [
    'a result that can not be made here fails its own call, in a chunk alone',
    async (start, { copies }) => {
      if (!copies) return
      const executor = start({ workers: 1 })
      const error = await failure(executor.run(tasks.giveOneWay, 1))
      assert.ok(error instanceof SerializationError)
      assert.match(error.message, /^result has an instance of OneWay/)
      for (const chunk of [1, 3]) {
        const endings = await executor.map(tasks.giveOneWay, [0, 1, 2], { chunk }).settled()
        assert.deepEqual(
          endings.map(({ status }) => status),
          ['fulfilled', 'rejected', 'fulfilled'],
        )
      }
      assert.equal(executor.stats().crashes, 0)
    },
    'alone',
  ],
  [
    'an instance of a class that the other side has not declared fails with the name of the module that is missing there',
    async (start, { copies }) => {
      if (!copies) return
      const executor = start({ workers: 1 })
      const error = await failure(executor.run(tasks.giveBack, [new Unknown()]))
      assert.equal(error['code'], 'ATONCE_UNKNOWN_CLASS')
      assert.match(error.message, /Unknown .*Import .*\.[jt]s there too/)
      assert.equal(await executor.run(tasks.giveBack, 1), 1)
    },
  ],

  // ── context propagation ──
  [
    'a task sees what the caller’s propagated storages held at the call, and the next call does not',
    async start => {
      const executor = start({ workers: 1 })
      const during = tasks.requestId.run('r1', () => {
        const future = executor.run(tasks.storesOf, 0)
        tasks.requestId.enterWith('later')
        return future
      })
      const both = tasks.requestId.run({ id: 2 }, () =>
        tasks.tenant.run(['t'], () => executor.run(tasks.storesOf, 0)),
      )
      const none = executor.run(tasks.storesOf, 0)
      assert.deepEqual(await during, ['r1', undefined, 'r1', undefined])
      assert.deepEqual(await both, [{ id: 2 }, ['t'], { id: 2 }, ['t']])
      assert.deepEqual(await none, [undefined, undefined, undefined, undefined])
    },
  ],
  [
    'calls that wait together each see their own caller’s storages',
    async start => {
      const executor = start({ workers: 2 })
      const ids = Array.from({ length: 50 }, (_, n) => n)
      const seen = await Promise.all(
        ids.map(id => tasks.requestId.run(id, () => executor.run(tasks.storesOf, 0))),
      )
      assert.deepEqual(
        seen.map(stores => stores[2]),
        ids,
      )
    },
  ],
  [
    'what a task enters in a propagated storage is not seen by the next call',
    async start => {
      const executor = start({ workers: 1 })
      const seen = [
        await tasks.requestId.run('a', () => executor.run(tasks.storeLeft, 0)),
        await executor.run(tasks.storeLeft, 0),
        await tasks.requestId.run('b', () => executor.map(tasks.storeLeft, [0, 0, 0], { chunk: 3 })),
      ]
      assert.deepEqual(seen, ['a', undefined, ['b', 'b', 'b']])
    },
  ],
  [
    'what follows from a call, its progress too, is never in the context of another caller',
    async (start, { copies }) => {
      if (!copies) return
      const executor = start({ workers: 1 })
      await tasks.requestId.run('the first', () => executor.run(tasks.giveBack, 0))
      const seen: unknown[] = []
      await executor.run(tasks.tell, 3).onProgress(() => void seen.push(tasks.requestId.getStore()))
      assert.deepEqual(seen, [undefined, undefined, undefined])
    },
  ],
  [
    'every callback sees what storages held where it was given, whoever calls it',
    async start => {
      const executor = start({ workers: 1 })
      const request = new AsyncLocalStorage<string>()
      const seen = new Set<string>()
      const noting = (what: string) => () => void seen.add(`${what} in ${request.getStore()}`)
      const inA = <T>(body: () => T): T => request.run('a', body)
      await executor.run(tasks.tell, 1) // The worker lives from here on, outside of all of them.
      await request.run('b', async () => {
        const future = executor.run(tasks.tell, 2)
        inA(() => future.onProgress(noting('run')))
        await future
        await inA(() => executor.map(tasks.tell, [1, 2], { onProgress: noting('map') }))
        const stream = executor.stream(tasks.tellEach, 2)
        inA(() => stream.onProgress(noting('stream')))
        for await (const _ of stream);
        const retryIf = () => {
          noting('retryIf')()
          return true
        }
        await inA(() => executor.with({ retries: 2, retryIf })).run(tasks.secondTime, 0)
      })
      assert.deepEqual([...seen], ['run in a', 'map in a', 'stream in a', 'retryIf in a'])
    },
  ],
  [
    'a task hands its context on to the calls that it makes itself',
    async start => {
      const executor = start({ workers: 1 })
      assert.deepEqual(await tasks.requestId.run('outer', () => executor.run(tasks.nested, 0)), [
        ['outer', undefined, 'outer', undefined],
        ['outer', undefined, 'outer', undefined],
      ])
    },
  ],
  [
    'every call of a map sees its caller’s storages, in chunks too, whoever reads the results',
    async start => {
      const executor = start({ workers: 2 })
      const idOfInputs = new Set<unknown>()
      const inputs = function* () {
        for (let n = 0; n < 200; n += 1) {
          idOfInputs.add(tasks.requestId.getStore())
          yield n
        }
      }
      for (const chunk of ['auto', 1, 10] as const) {
        const results = tasks.requestId.run(`map ${chunk}`, () =>
          executor.map(tasks.storesOf, inputs(), { chunk, ahead: 20 }),
        )
        await tasks.requestId.run('reader', async () => {
          for await (const stores of results) assert.equal(stores[2], `map ${chunk}`)
        })
      }
      assert.deepEqual([...idOfInputs], ['map auto', 'map 1', 'map 10'])
    },
  ],
  [
    'a store that can not be copied rejects the call by its path',
    async (start, { copies }) => {
      if (!copies) return
      const executor = start({ workers: 1 })
      const store = { user: 'a', callback() {} }
      const error = await tasks.requestId.run(store, () => failure(executor.run(tasks.storesOf, 0)))
      assert.ok(error instanceof SerializationError)
      assert.equal(error['path'], 'context.requestId.callback')
      const mapped = await tasks.requestId.run(store, () => failure(executor.map(tasks.storesOf, [1, 2])))
      assert.equal(mapped['path'], 'context.requestId.callback')
    },
  ],
  [
    'a store keeps the class of its instances, and what nobody declared is left out',
    async (start, { copies }) => {
      const executor = start({ workers: 1 })
      const [store] = await tasks.requestId.run(new tasks.Money(3), () => executor.run(tasks.storesOf, 0))
      assert.equal((store as tasks.Money).cents, 3)
      if (!copies) return
      const undeclared = new AsyncLocalStorage<unknown>()
      const seen = await undeclared.run(
        () => {},
        () => unknownStorage.run(new Unknown(), () => executor.run(tasks.storesOf, 0)),
      )
      assert.deepEqual(seen, [undefined, undefined, undefined, undefined])
    },
  ],

  // ── stacks ──
  [
    'an error shows the far frames and the caller’s, from run, a map, a chunk and a packed chunk, its causes their own',
    async (start, { copies }) => {
      if (!copies) return
      const executor = start({ workers: 1 })
      const numbers = Array.from({ length: 100 }, (_, n) => (n === 70 ? 1 : 0))
      const errors = [
        await failure(executor.run(tasks.failDeep, 1)),
        await failure(executor.map(tasks.failDeep, [1], { chunk: 1 })),
        await failure(executor.map(tasks.failDeep, [0, 1, 0], { chunk: 3 })),
        await failure(executor.map(tasks.failDeep, numbers, { chunk: 100 })),
        await failure(executor.map(tasks.failDeep, Float64Array.from(numbers), { chunk: 100 })),
      ]
      for (const error of errors) {
        assert.match(
          error.stack ?? '',
          /^Error: outer 1\n[\s\S]*failDeep[\s\S]*called from[\s\S]*boundary-behaviours/,
        )
        const inner = error.cause as Error
        const parts = inner.cause as AggregateError
        assert.match(inner.stack ?? '', /^TypeError: inner\n[\s\S]*failDeep/)
        assert.match((parts.errors[0] as Error).stack ?? '', /^RangeError: part\n[\s\S]*failDeep/)
      }
    },
  ],
]

/** The error that it rejects with; fails the test if it does not reject. */
async function failure(promise: PromiseLike<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new assert.AssertionError({ message: 'It should have been rejected.' })
}
