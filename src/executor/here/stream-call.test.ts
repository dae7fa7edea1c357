/** A generator and its outlet, on a clock that the test moves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runtime, withRuntime } from '../../runtime/runtime.ts'
import { VirtualRuntime } from '../../runtime/virtual.ts'
import { CallContext } from '../../task/context.ts'
import { type Task, task } from '../../task/task.ts'
import { StreamCall } from './stream-call.ts'

const meta = { url: 'test:stream-call' } as ImportMeta

/** A stream whose values are written down as they leave, message by message. */
class Stage {
  readonly sent: unknown[][] = []
  readonly stream: StreamCall
  readonly ended: Promise<unknown>
  returned = false
  #gathered: unknown[] = []

  constructor(credit: number, generator: () => unknown, { weight = 1, refuses = undefined as unknown } = {}) {
    this.stream = new StreamCall(credit, {
      yielded: value => {
        if (value === refuses) throw new TypeError('it can not cross')
        this.#gathered.push(value)
        return weight
      },
      flush: () => {
        if (this.#gathered.length > 0) this.sent.push(this.#gathered)
        this.#gathered = []
      },
      returning: () => {
        this.returned = true
      },
    })
    const context = new CallContext(1, 'played', { report() {}, pollCancelled: () => false })
    this.ended = this.stream.run(task(meta, generator) as Task, [], context)
    this.ended.catch(() => {})
  }
}

async function wait(ms: number): Promise<void> {
  await new Promise<void>(resolve => runtime().setTimer(ms, resolve))
}

function played(name: string, body: (time: VirtualRuntime) => Promise<void>): void {
  test(name, () => {
    const time = new VirtualRuntime()
    return withRuntime(time, () => body(time))
  })
}

played('a generator goes on as far as its credit, and rests', async time => {
  let asked = 0
  const { stream, sent } = new Stage(3, function* () {
    for (;;) {
      asked += 1
      yield asked
    }
  })
  await time.advance(100)
  assert.equal(asked, 3)
  assert.deepEqual(sent.flat(), [1, 2, 3])
  stream.pull(2)
  await time.advance(100)
  assert.deepEqual(sent.flat(), [1, 2, 3, 4, 5])
  stream.leave()
  await time.advance(0)
})

played('the first values leave alone, and then more and more travel together', async time => {
  const { sent, ended } = new Stage(100_000, function* () {
    for (let n = 0; n < 1_000; n += 1) yield n
    return 'end'
  })
  assert.equal(await time.until(ended), 'end')
  assert.deepEqual(
    sent.map(({ length }) => length),
    [...Array(8).fill(1), 1, 2, 4, 8, 16, 32, 64, 128, 256, 256, 225],
  )
  assert.deepEqual(
    sent.flat(),
    Array.from({ length: 1_000 }, (_, n) => n),
  )
})

played('what a generator yields before it computes for long has left by then', async () => {
  const gathered: unknown[] = []
  const left: unknown[] = []
  const stream = new StreamCall(100, {
    yielded: value => {
      gathered.push(value)
      return 1
    },
    flush: () => left.push(...gathered.splice(0)),
    returning() {},
  })
  let leftByThen = 0
  const generator = task(meta, function* computes() {
    for (let n = 0; n < 4; n += 1) yield n
    leftByThen = left.length // Nothing else runs on its thread meanwhile.
  })
  await stream.run(generator, [], new CallContext(1, 'played', { report() {}, pollCancelled: () => false }))
  assert.equal(leftByThen, 4)
})

played('a value for which the generator waits leaves at once, and nothing waits meanwhile', async time => {
  const { sent, ended } = new Stage(100, async function* () {
    for (let n = 0; n < 20; n += 1) yield n
    await wait(10)
    yield 'late'
    await wait(10)
    yield 'later'
  })
  await time.advance(5)
  assert.equal(sent.flat().length, 20)
  await time.advance(5)
  assert.equal(sent.flat().at(-1), 'late')
  await time.until(ended)
  assert.equal(sent.flat().at(-1), 'later')
})

played('a slow generator sends each value by itself', async time => {
  const { sent, ended } = new Stage(100, async function* () {
    for (let n = 0; n < 40; n += 1) yield n
    for (let n = 0; n < 5; n += 1) {
      await wait(3)
      yield 'slow'
    }
  })
  await time.until(ended)
  assert.deepEqual(sent.slice(-4), [['slow'], ['slow'], ['slow'], ['slow']])
})

played('values of weight use the credit up sooner', async time => {
  const { sent, stream } = new Stage(
    10,
    function* () {
      for (let n = 0; ; n += 1) yield n
    },
    { weight: 4 },
  )
  await time.advance(1)
  assert.deepEqual(sent.flat(), [0, 1, 2])
  stream.leave()
  await time.advance(0)
})

played('a generator that never waits gives the loop its turn', async time => {
  // A clock that goes on by 0.1 ms each time that it is read, as the generator works.
  const now = time.now.bind(time)
  let readings = 0
  time.now = () => {
    readings += 1
    return now() + readings / 10
  }
  let turns = 0
  time.yieldToLoop = async () => {
    turns += 1
    await new Promise(resolve => setImmediate(resolve))
  }
  const { stream, ended, sent } = new Stage(Number.POSITIVE_INFINITY, function* () {
    for (let n = 0; ; n += 1) yield n
  })
  while (turns < 3) await new Promise(resolve => setImmediate(resolve))
  stream.leave()
  assert.equal(await ended, undefined)
  assert.ok(sent.length > 3)
})

played('leaving runs the finally to its end, wherever the generator is', async time => {
  for (const where of ['resting', 'waiting', 'running'] as const) {
    let cleaned = false
    const { stream, ended } = new Stage(where === 'resting' ? 1 : 1_000, async function* () {
      try {
        for (let n = 0; ; n += 1) {
          if (where === 'waiting' && n === 5) await wait(50)
          yield n
        }
      } finally {
        await wait(5)
        cleaned = true
      }
    })
    await time.advance(1)
    stream.leave()
    assert.equal(await time.until(ended), undefined)
    assert.ok(cleaned, where)
  }
  assert.equal(time.timers, 0)
})

played('an iterator that waits for ever is returned all the same', async time => {
  let returned = false
  const stage = new Stage(10, () => ({
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      async return() {
        returned = true
        return { done: true, value: undefined }
      },
    }),
  }))
  await time.advance(1)
  assert.ok(!stage.returned)
  stage.stream.leave()
  await stage.ended
  assert.ok(stage.returned && returned)
})

played(
  'what the generator still throws after it was left is dropped; what its finally throws is not',
  async time => {
    const first = new Stage(10, async function* () {
      await wait(10)
      yield* []
      throw new Error('too late')
    })
    await time.advance(1)
    first.stream.leave()
    assert.equal(await time.until(first.ended), undefined)
    const second = new Stage(1, function* () {
      try {
        yield 1
      } finally {
        JSON.parse('no JSON')
      }
    })
    await time.advance(1)
    second.stream.leave()
    await assert.rejects(second.ended, SyntaxError)
    assert.ok(second.returned)
  },
)

played('a stream that is left before it begins never calls its task', async () => {
  const outlet = { yielded: () => 1, flush() {}, returning() {} }
  const stream = new StreamCall(1, outlet)
  stream.leave()
  const never = task(meta, () => assert.fail('it was called'))
  const context = new CallContext(1, 'played', { report() {}, pollCancelled: () => false })
  assert.equal(await stream.run(never, [], context), undefined)
})

played('a value that can not cross ends the generator; the values before it have left', async time => {
  for (const synchronous of [true, false]) {
    let cleaned = false
    const values = function* () {
      try {
        yield* [1, 2, 'bad', 3]
      } finally {
        cleaned = true
        JSON.parse('and this is nobody’s') // The reason why it ends comes first.
      }
    }
    const stage = new Stage(
      10,
      synchronous
        ? values
        : async function* () {
            yield* values()
          },
      { refuses: 'bad' },
    )
    await assert.rejects(time.until(stage.ended), /it can not cross/)
    assert.deepEqual([stage.sent.flat(), cleaned, stage.returned], [[1, 2], true, false])
  }
})

played('what a generator throws comes after the values before it', async time => {
  const { ended, sent } = new Stage(10, function* () {
    yield 1
    yield 2
    throw new RangeError('midway')
  })
  await assert.rejects(time.until(ended), RangeError)
  assert.deepEqual(sent.flat(), [1, 2])
})

played(
  'a promise that a synchronous generator yields is waited for; one that rejects ends it',
  async time => {
    let cleaned = false
    const { ended, sent } = new Stage(10, function* () {
      try {
        yield wait(5).then(() => 'came')
        yield Promise.reject(new RangeError('did not'))
      } finally {
        cleaned = true
      }
    })
    await assert.rejects(time.until(ended), RangeError)
    assert.deepEqual([sent.flat(), cleaned], [['came'], true])
  },
)
