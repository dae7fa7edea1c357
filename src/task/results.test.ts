/** The results of `map`: awaited or iterated over, in order or as they come, to the end or not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvalidTaskError } from '../errors.ts'
import { type Outcome, Results, ResultsBuffer } from './results.ts'

/** An executor that reads numbers while there is room, and delivers them when the test says so. */
class Feed {
  readonly buffer: ResultsBuffer<number>
  readonly results: Results<number>
  readonly cancels: unknown[] = []
  readonly underWay: number[] = []
  read = 0
  readonly #total: number

  constructor(total: number, { ordered = true, ahead = 4 }: { ordered?: boolean; ahead?: number } = {}) {
    this.#total = total
    this.buffer = new ResultsBuffer<number>(ordered, ahead)
    this.buffer.producer = {
      demand: () => this.readMore(),
      cancel: reason => {
        this.cancels.push(reason)
        this.buffer.break(reason instanceof Error ? reason : new Error('cancelled'))
      },
    }
    this.results = Results.of(this.buffer)
  }

  readMore(): void {
    while (this.read < this.#total && this.buffer.room > 0) {
      this.underWay.push(this.buffer.noteRead())
      this.read += 1
    }
    if (this.read === this.#total) this.buffer.end(this.#total)
  }

  /** Delivers one that is under way: the oldest, or the one at that place. */
  deliver(at = 0, outcome?: Outcome<number>): void {
    const [index] = this.underWay.splice(at, 1)
    assert.ok(index !== undefined, 'nothing is under way')
    this.buffer.deliver(index, outcome ?? { ok: true, value: index * 10 })
    this.readMore()
  }

  deliverAll(): void {
    while (this.underWay.length > 0) this.deliver()
  }
}

const failure: Outcome<number> = { ok: false, error: new TypeError('of one call') }

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

test('awaited, results are an array in the order of the inputs, in whatever order they came', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(20),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.nat(4)),
      async (total, ahead, picks) => {
        const feed = new Feed(total, { ahead })
        const all = feed.results.then(values => values)
        for (let turn = 0; feed.underWay.length > 0; turn += 1)
          feed.deliver((picks[turn % Math.max(1, picks.length)] ?? 0) % feed.underWay.length)
        assert.deepEqual(
          await all,
          Array.from({ length: total }, (_, at) => at * 10),
        )
      },
    ),
  )
})

test('iterated over, they come in the order of the inputs; unordered, as they were delivered', async () => {
  for (const ordered of [true, false]) {
    const feed = new Feed(4, { ordered })
    feed.readMore()
    for (const at of [3, 1, 1, 0]) feed.deliver(at)
    const expected = ordered ? [0, 10, 20, 30] : [30, 10, 20, 0]
    assert.deepEqual(await Array.fromAsync(feed.results), expected)
  }
})

test('unordered and awaited, they are in the order of their delivery', async () => {
  const feed = new Feed(3, { ordered: false })
  const all = feed.results.then(values => values)
  for (const at of [2, 0, 0]) feed.deliver(at)
  assert.deepEqual(await all, [20, 0, 10])
})

test('no more inputs are read ahead than there is room for (test_map_buffersize_on_infinite_iterable)', async () => {
  const feed = new Feed(Number.POSITIVE_INFINITY, { ahead: 3 })
  feed.readMore()
  assert.equal(feed.read, 3)
  feed.deliver()
  feed.deliver()
  assert.equal(feed.read, 3, 'delivered, but not taken')
  let taken = 0
  for await (const value of feed.results) {
    assert.equal(value, taken * 10)
    taken += 1
    assert.equal(feed.read, 3 + taken)
    if (taken === 50) break
    feed.deliver()
  }
  assert.deepEqual([taken, feed.cancels.length > 0], [50, true])
})

test('awaited, only the calls under way are bounded: results pile up in the array', async () => {
  const feed = new Feed(100, { ahead: 3 })
  const all = feed.results.then(values => values)
  let most = 0
  while (feed.underWay.length > 0) {
    most = Math.max(most, feed.underWay.length)
    feed.deliver()
  }
  assert.equal(most, 3)
  assert.equal((await all).length, 100)
})

test('no inputs give no results, at once', async () => {
  assert.deepEqual(await new Feed(0).results, [])
  const iterated = new Feed(0)
  iterated.readMore()
  assert.deepEqual(await Array.fromAsync(iterated.results), [])
})

test('awaited, the first failure cancels the rest and is thrown', async () => {
  const feed = new Feed(10)
  const all = feed.results.then(values => values)
  feed.deliver(2, failure)
  await assert.rejects(all, /of one call/)
  assert.ok(feed.cancels.length > 0)
})

test('a failure that came before anybody awaited is thrown all the same', async () => {
  const feed = new Feed(10)
  feed.readMore()
  feed.deliver(1, failure)
  await assert.rejects(async () => await feed.results, /of one call/)
})

test('iterated over, a failure is thrown at its place, after the results before it (executor.test_map_exception)', async () => {
  const feed = new Feed(4)
  feed.readMore()
  feed.deliver(2, failure)
  feed.deliver()
  feed.deliver()
  const seen: number[] = []
  await assert.rejects(async () => {
    for await (const value of feed.results) seen.push(value)
  }, /of one call/)
  assert.deepEqual(seen, [0, 10])
  assert.ok(feed.cancels.length > 0)
})

test('settled results go past failures, each with its own ending, and cancel nothing', async () => {
  for (const read of [
    (results: Results<PromiseSettledResult<number>>) => results.then(endings => endings),
    (results: Results<PromiseSettledResult<number>>) => Array.fromAsync(results),
  ]) {
    const feed = new Feed(3)
    const endings = read(feed.results.settled())
    feed.readMore()
    feed.deliver(1, failure)
    feed.deliverAll()
    assert.deepEqual(await endings, [
      { status: 'fulfilled', value: 0 },
      { status: 'rejected', reason: new TypeError('of one call') },
      { status: 'fulfilled', value: 20 },
    ])
  }
})

test('leaving the loop early cancels what has not started, by break, return or throw', async () => {
  const ways: ((feed: Feed) => Promise<unknown>)[] = [
    async feed => {
      for await (const _ of feed.results) break
    },
    async feed => {
      for await (const value of feed.results) return value
    },
    async feed => {
      for await (const _ of feed.results) throw new Error('own')
    },
  ]
  for (const leave of ways) {
    const feed = new Feed(10)
    feed.readMore()
    feed.deliver()
    await leave(feed).catch(() => {})
    assert.deepEqual([feed.cancels.length > 0, feed.read], [true, 5])
    assert.ok(feed.buffer.broken)
  }
})

test('when the run breaks, whoever waits is told: the inputs threw, or it timed out', async () => {
  const awaited = new Feed(10)
  const all = awaited.results.then(values => values)
  const iterated = new Feed(10)
  iterated.readMore()
  const iterator = iterated.results[Symbol.asyncIterator]()
  const next = iterator.next()
  await turn()
  const broken = new RangeError('of the inputs')
  awaited.buffer.break(broken)
  iterated.buffer.break(broken)
  await assert.rejects(all, error => error === broken)
  await assert.rejects(next, error => error === broken)
})

test('only the first error that breaks a run is thrown, and what comes after it is left', async () => {
  const feed = new Feed(3)
  const all = feed.results.then(values => values)
  feed.buffer.break(new Error('first'))
  feed.buffer.break(new Error('second'))
  feed.deliverAll()
  await assert.rejects(all, /first/)
})

test('results that were cancelled reject, whether they were awaited before, are later, or never', async () => {
  const before = new Feed(3)
  const awaited = before.results.then(values => values)
  before.results.cancel('enough')
  await assert.rejects(awaited, /cancelled/)
  assert.deepEqual(before.cancels.includes('enough'), true)

  const later = new Feed(3)
  later.results.cancel()
  // Were nobody told that it was on purpose, Node would report an unhandled rejection now, and fail
  // this test.
  await turn()
  await assert.rejects(async () => await later.results, /cancelled/)

  const iterated = new Feed(3)
  iterated.results.cancel()
  await assert.rejects(Array.fromAsync(iterated.results), /cancelled/)
})

test('results can be awaited as often as a promise, after a catch too', async () => {
  const feed = new Feed(2)
  feed.results.catch(() => {})
  const both = Promise.all([feed.results, feed.results])
  feed.readMore()
  feed.deliverAll()
  const [one, other] = await both
  assert.equal(one, other)
  assert.equal(await feed.results, one)
  const failing = new Feed(1)
  failing.results.catch(() => {})
  failing.results.cancel()
  for (let times = 0; times < 2; times += 1)
    await assert.rejects(async () => await failing.results, /cancelled/)
})

test('results go one way, and say so', async () => {
  const uses: ((results: Results<number>) => unknown)[] = [
    results => results.then(),
    results => results.settled(),
    results => results[Symbol.asyncIterator]().next(),
  ]
  for (const first of uses) {
    for (const second of uses) {
      if (first === second && first === uses[0]) continue
      const feed = new Feed(1)
      const used = first(feed.results)
      await assert.rejects(
        async () => await second(feed.results),
        (error: unknown) => error instanceof InvalidTaskError && /go one way/.test(error.message),
      )
      feed.readMore()
      feed.deliverAll()
      await used
    }
  }
})

test('results behave as the promise that they are', async () => {
  const feed = new Feed(1)
  assert.equal(Object.prototype.toString.call(feed.results), '[object Results]')
  let ended = false
  const all = feed.results.finally(() => {
    ended = true
  })
  feed.deliverAll()
  assert.deepEqual([await all, ended], [[0], true])
  const failing = new Feed(1)
  const caught = failing.results.catch((error: unknown) => (error as Error).message)
  failing.deliver(0, failure)
  assert.equal(await caught, 'of one call')
})
