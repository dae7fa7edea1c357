/** What a limiter promises whatever its functions return, and however its calls are awaited. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Channel } from '../../channel/channel.ts'
import { realRuntime } from '../../runtime/real.ts'
import { simulate } from '../../runtime/simulate.ts'
import { task } from '../../task/task.ts'
import { coroutines } from '../coroutines.ts'
import { scope } from '../scope/scope.ts'
import { retry } from '../time/retry.ts'
import { sleep } from '../time/sleep.ts'
import { timeout } from '../time/timeout.ts'
import { Limiter } from './limiter.ts'

/** Objects and functions with a `then`, and what a call that returns them comes to. */
const thenables: readonly (readonly [string, () => unknown, unknown])[] = [
  ['calls back and returns nothing', () => ({ then: (done: (n: number) => void) => done(5) }), 5],
  [
    'calls back twice',
    () => ({
      then(done: (n: number) => void) {
        done(1)
        done(2)
      },
    }),
    1,
  ],
  [
    'throws after it called back',
    () => ({
      then(done: (n: number) => void) {
        done(3)
        throw new Error('late')
      },
    }),
    3,
  ],
  [
    'throws',
    () => ({
      then() {
        throw new Error('t')
      },
    }),
    new Error('t'),
  ],
  [
    'can’t even be looked at',
    () => ({
      get then() {
        throw new Error('g')
      },
    }),
    new Error('g'),
  ],
  [
    'is a function',
    () => Object.assign(() => {}, { then: (done: (s: string) => void) => realRuntime.soon(() => done('f')) }),
    'f',
  ],
]

for (const [what, make, expected] of thenables) {
  test(`a thenable that ${what} gives its place back once`, async () => {
    const limiter = new Limiter(1)
    for (const limits of [undefined, { timeoutMs: 10_000 }]) {
      const calling = limiter.run(make as () => unknown, limits)
      if (expected instanceof Error) await assert.rejects(calling, expected)
      else assert.equal(await calling, expected)
      assert.deepEqual([limiter.running, limiter.queued], [0, 0])
    }
    const results = await limiter.map([1, 2], make as () => unknown).settled()
    assert.deepEqual(
      results.map(({ status }) => status),
      expected instanceof Error ? ['rejected', 'rejected'] : ['fulfilled', 'fulfilled'],
    )
    assert.equal(limiter.running, 0)
    assert.equal(await limiter.run(() => 'next'), 'next')
  })
}

const ways: readonly (readonly [string, (call: Promise<void>) => unknown])[] = [
  [
    'then(done, failed)',
    call =>
      call.then(
        () => {},
        () => {},
      ),
  ],
  ['catch(report)', call => call.catch(() => {})],
  ['finally(count)', call => call.finally(() => {})],
  [
    'a long chain',
    call =>
      call
        .then(() => 1)
        .then(
          () => 2,
          () => 3,
        )
        .finally(() => {}),
  ],
]

for (const [how, leave] of ways) {
  test(`calls that a call only leaves ${how} on never exceed the limit`, () =>
    simulate(async () => {
      for (const places of [1, 2, 3]) {
        const limiter = new Limiter(places)
        let [now, most, visits] = [0, 0, 0]
        const work = async (ms: number) => {
          now += 1
          most = Math.max(most, now)
          await sleep(ms)
          now -= 1
        }
        const visit = async (depth: number): Promise<void> => {
          visits += 1
          await work(5)
          if (depth > 0) for (let n = 0; n < 3; n += 1) void leave(limiter.run(() => visit(depth - 1)))
          await work(20)
        }
        await limiter.run(() => visit(3))
        await limiter.idle()
        assert.deepEqual([visits, most], [40, places])
      }
    }))
}

const inTask = new Limiter(1)
const limited = task(import.meta, async function limited() {
  return await inTask.run(() => 'ok')
})

test('a nested call is seen through a task, a promise of one’s own, and another limiter', () =>
  simulate(async () => {
    await using pool = coroutines()
    assert.equal(await inTask.run(() => pool.run(limited)), 'ok')
    assert.deepEqual(await inTask.run(async () => await pool.map(limited, [[], []])), ['ok', 'ok'])
    const [limiter, other] = [new Limiter(1), new Limiter(1)]
    const nested = () => limiter.run(() => 'ok')
    assert.equal(await limiter.run(() => new Promise(resolve => void nested().then(resolve))), 'ok')
    assert.equal(await limiter.run(() => new Promise(resolve => resolve(nested()))), 'ok')
    assert.equal(await limiter.run(async () => other.run(async () => await nested())), 'ok')
    const late = await limiter.run(async () => {
      const inner = other.run(async () => {
        const deep = nested()
        await sleep(5)
        return await deep
      })
      await sleep(50)
      return await inner
    })
    assert.equal(late, 'ok')
  }))

test('idle() within a call waits for the others, not for itself', () =>
  simulate(async () => {
    const limiter = new Limiter(2)
    let done = 0
    const first = limiter.run(() => sleep(20).then(() => done++))
    await limiter.run(async () => {
      await limiter.idle()
      assert.equal(done, 1)
      await limiter.whenRunningBelow(1)
    })
    await first
  }))

test('idle() and whenRunningBelow(1) resolve after every outcome was told, through whatever chain', async () => {
  const adds: readonly ((limiter: Limiter, n: number) => Promise<number>)[] = [
    (limiter, n) => limiter.run(() => realRuntime.yieldToLoop().then(() => n)),
    (limiter, n) =>
      limiter.run(() => realRuntime.yieldToLoop().then(() => n), { signal: new AbortController().signal }),
    (limiter, n) => limiter.run(() => realRuntime.yieldToLoop().then(() => n), { timeoutMs: 10_000 }),
    (limiter, n) => limiter.run(() => Promise.reject(n)).catch(error => error as number),
    (limiter, n) =>
      limiter.run(() => Promise.reject(n), { timeoutMs: 10_000 }).catch(error => error as number),
    async (limiter, n) =>
      await (async () => await limiter.run(() => realRuntime.yieldToLoop().then(() => n)))(),
    (limiter, n) =>
      limiter
        .run(() => n)
        .then(m => m)
        .finally(() => {})
        .then(m => m),
  ]
  const waits: readonly ((limiter: Limiter) => Promise<void>)[] = [
    limiter => limiter.idle(),
    limiter => limiter.whenRunningBelow(1),
  ]
  for (const add of adds)
    for (const waited of waits)
      for (const around of [
        (body: () => Promise<void>) => body(),
        (body: () => Promise<void>) => scope(body),
      ])
        await around(async () => {
          const limiter = new Limiter(4)
          const kept: number[] = []
          for (let n = 0; n < 4; n += 1) void add(limiter, n).then(value => kept.push(value))
          await waited(limiter)
          assert.deepEqual(kept, [0, 1, 2, 3], String(add))
        })
})

test('work that is added as soon as the last was told keeps idle() waiting', () =>
  simulate(async () => {
    const limiter = new Limiter(1)
    let last = 0
    const chain = async () => {
      for (let n = 1; n <= 5; n += 1) last = await limiter.run(() => sleep(3).then(() => n))
    }
    void chain()
    await limiter.idle()
    assert.equal(last, 5)
  }))

test('a chain of nested calls costs steps in proportion to its depth, through one limiter or two', async () => {
  const stepsOf = async (depth: number, limiters: readonly Limiter[]): Promise<number> => {
    let steps = 0
    const { has } = Set.prototype
    Set.prototype.has = function (value) {
      steps += 1
      return has.call(this, value)
    }
    const { add } = Set.prototype
    Set.prototype.add = function (value) {
      steps += 1
      return add.call(this, value)
    }
    try {
      const down = (level: number): Promise<number> =>
        (limiters[level % limiters.length] as Limiter).run(async () =>
          level === 0 ? 0 : 1 + (await down(level - 1)),
        )
      assert.equal(await down(depth), depth)
    } finally {
      Set.prototype.add = add
      Set.prototype.has = has
    }
    return steps
  }
  for (const count of [1, 2]) {
    const make = () => Array.from({ length: count }, () => new Limiter(1))
    const [shallow, deep] = [await stepsOf(50, make()), await stepsOf(400, make())]
    assert.ok(deep < shallow * 8 * 1.5, `${deep} steps for a depth of 400, ${shallow} for 50`)
  }
})

/** What is warned of while `body` runs, which ends when the warning has come. */
async function warned(body: () => void): Promise<string> {
  const warning = new Promise<Error>(resolve => process.once('warning', resolve))
  body()
  return (await warning).message
}

test('a call that waits for a nested one in a way that no promise shows is named within seconds', async () => {
  const limiter = new Limiter({ concurrency: 1, name: 'the network' })
  const answers = new Channel<string>(1)
  const message = await warned(
    () =>
      void limiter.run(async function fetchPage() {
        void limiter.run(() => answers.send('ok')).catch(() => {})
        return await answers.receive()
      }),
  )
  assert.match(
    message,
    /^the network has stood still for 1000 ms: 1 calls wait.*fetchPage has made calls of it/,
  )
  answers.trySend('on')
  await limiter.idle()
})

test('a call that goes on though its time is over keeps its place, and is named once others wait', async () => {
  const limiter = new Limiter({ concurrency: 1, name: 'the network' })
  let end = () => {}
  const hung = limiter.run(
    function deaf() {
      return new Promise<void>(resolve => {
        end = resolve
      })
    },
    { timeoutMs: 1 },
  )
  await assert.rejects(hung, { code: 'ATONCE_TIMEOUT' })
  let next: Promise<string> | undefined
  const message = await warned(() => {
    next = limiter.run(() => 'next')
  })
  assert.match(message, /deaf goes on though its time or signal is over/)
  end()
  assert.equal(await next, 'next')
})

test('a map limited by its rate alone reads no more inputs than may begin in one window beyond those that have', () =>
  simulate(async () => {
    const limiter = new Limiter({ rate: { calls: 5, perMs: 100 } })
    let read = 0
    function* endless() {
      for (;;) yield read++
    }
    const seen: number[] = []
    for await (const n of limiter.map(endless(), n => n)) {
      assert.ok(read <= n + 2 * 5 + 1, `${read} read at ${n}`)
      seen.push(n)
      if (seen.length === 23) break
    }
    assert.equal(seen.length, 23)
  }))

test('a time of 0 is a time-out like any other, for calls, maps and waits', () =>
  simulate(async () => {
    const limiter = new Limiter(1)
    const code = 'ATONCE_TIMEOUT'
    await assert.rejects(
      limiter.run(() => sleep(60_000), { timeoutMs: 0 }),
      { code },
    )
    const held = limiter.run(() => sleep(50))
    await assert.rejects(
      limiter.run(() => 1, { timeoutMs: 0 }),
      { code },
    )
    await assert.rejects(limiter.idle({ timeoutMs: 0 }), { code })
    await held
    let run = 0
    const work = () => {
      run += 1
    }
    await assert.rejects(limiter.run(work, { timeoutMs: 0 }), { code })
    await assert.rejects(Promise.resolve(limiter.map([1, 2], work, { timeoutMs: 0 })), { code })
    await assert.rejects(scope(work, { timeoutMs: 0 }), { code })
    await assert.rejects(timeout(0, work), { code })
    await assert.rejects(retry(work, { timeoutMs: 0 }), { code })
    assert.equal(run, 0)
  }))

test('a fixed window begins with the first call after a rest, and follows at once while calls wait', () =>
  simulate(async ({ now }) => {
    const limiter = new Limiter({ rate: { calls: 2, perMs: 100, window: 'fixed' } })
    await limiter.run(() => {})
    await sleep(290)
    const begun: number[] = []
    await Promise.all([1, 2, 3, 4, 5, 6].map(() => limiter.run(() => begun.push(now()))))
    assert.deepEqual(begun, [290, 290, 390, 390, 490, 490])
  }))
