/** Inputs are read lazily, from whatever they come. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runtime, withRuntime } from '../../runtime/runtime.ts'
import { VirtualRuntime } from '../../runtime/virtual.ts'
import { openInputs } from './inputs.ts'

const open = (inputs: unknown) => openInputs(inputs, { shares: false })

test('every kind of inputs gives the same batches, and its end', async () => {
  const listed = [1, 2, 3, 4, 5]
  for (const inputs of [
    listed,
    Float64Array.from(listed),
    Buffer.from(listed),
    new Set(listed),
    listed.values(),
    (async function* () {
      yield* listed
    })(),
  ]) {
    const source = open(inputs)
    const batches: unknown[] = []
    for (let ended = false; !ended; ) {
      const batch = await source.take(2)
      batches.push(...batch.inputs)
      ended = batch.ended
      assert.ok(batch.inputs.length <= 2)
    }
    assert.deepEqual(batches, listed)
  }
})

test('how many there are is known of what has a length or a size, and of nothing else', () => {
  assert.deepEqual(
    [
      [1, 2],
      new Uint8Array(3),
      new Map([[1, 1]]),
      [1].values(),
      Object.assign([1].values(), { length: 0.5 }),
    ].map(inputs => open(inputs).total),
    [2, 3, 1, undefined, undefined],
  )
})

test('an array, a typed array or a Set that iterates in a way of its own is read in that way', async () => {
  class Backwards extends Array<number> {
    override *[Symbol.iterator](): ArrayIterator<number> {
      for (let at = this.length - 1; at >= 0; at -= 1) yield this[at] as number
    }
  }
  const typed = Object.assign(new Uint8Array([1, 2]), { [Symbol.iterator]: () => [8, 9].values() })
  assert.deepEqual((await open(Backwards.from([1, 2])).take(5)).inputs, [2, 1])
  assert.deepEqual((await open(typed).take(5)).inputs, [8, 9])
})

test('what is thrown while inputs are read ends them, after those that were read', async () => {
  const error = new Error('no more')
  const sources = [
    (function* () {
      yield 1
      throw error
    })(),
    (async function* () {
      yield 1
      throw error
    })(),
    Object.defineProperty([1, 2], 1, {
      get() {
        throw error
      },
    }),
  ]
  for (const inputs of sources)
    assert.deepEqual(await open(inputs).take(3), { inputs: [1], ended: true, failed: { error } })
})

test('an iterator whose next() gives no result ends the inputs with a TypeError', async () => {
  for (const step of [5, 'text', undefined, null, true])
    for (const inputs of [
      { [Symbol.iterator]: () => ({ next: () => step }) },
      { [Symbol.asyncIterator]: () => ({ next: () => step }) },
      { [Symbol.asyncIterator]: () => ({ next: async () => step }) },
    ]) {
      const { failed, ended, inputs: read } = await open(inputs).take(3)
      assert.ok(failed?.error instanceof TypeError, String(step))
      assert.match(failed.error.message, /must return \{ value, done \}/)
      assert.deepEqual([ended, read], [true, []])
    }
})

test('an array gives what its indices give: holes are undefined, a getter is called once, a class of arrays is not asked', async () => {
  class Own extends Array<unknown> {
    static override get [Symbol.species](): ArrayConstructor {
      throw new Error('Nobody makes one.')
    }
  }
  const calls: string[] = []
  const array = Own.from(['a', 'b', 'c'])
  delete array[0]
  Object.defineProperty(array, 1, { get: () => calls.push('got') })
  const { inputs } = await open(array).take(10)
  assert.deepEqual([Object.keys(inputs), inputs, calls], [['0', '1', '2'], [undefined, 1, 'c'], ['got']])
})

test('an array that has become shorter meanwhile has ended', async () => {
  const array = [1, 2, 3]
  const source = open(array)
  await source.take(2)
  array.length = 1
  assert.deepEqual(await source.take(2), { inputs: [], ended: true })
})

test('a typed array that was moved away meanwhile ends with an error', async () => {
  const typed = new Float64Array([1, 2, 3])
  const source = open(typed)
  assert.deepEqual(source.take(2), { inputs: new Float64Array([1, 2]), ended: false })
  typed.buffer.transfer()
  const { inputs, ended, failed } = await source.take(2)
  assert.deepEqual([inputs, ended, failed?.error instanceof TypeError], [[], true, true])
})

test('inputs that take long to make are given before there are as many as asked for', async () => {
  const time = new VirtualRuntime()
  let nowMs = 0
  time.now = () => nowMs
  await withRuntime(time, async () => {
    const source = open(
      (function* () {
        for (; ; nowMs += 0.5) yield nowMs
      })(),
    )
    assert.deepEqual((await source.take(1_000)).inputs.length, 6)
  })
})

test('what an asynchronous source gives without waiting comes together; it is not asked twice for what it waits for', async () => {
  let asked = 0
  const gate = Promise.withResolvers<void>()
  const inputs: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        asked += 1
        if (asked === 4) await gate.promise
        return { done: false, value: asked }
      },
    }),
  }
  const source = open(inputs)
  assert.deepEqual((await source.take(10)).inputs, [1, 2, 3])
  assert.equal(asked, 4)
  const rest = source.take(2)
  gate.resolve()
  assert.deepEqual((await rest).inputs.slice(0, 1), [4])
})

test('an input that fails while nobody waits for it is told of at the next take, and to nobody after close', async () => {
  const failing = () =>
    open(
      (async function* () {
        yield 1
        await runtime().yieldToLoop()
        await runtime().yieldToLoop()
        throw new Error('late')
      })(),
    )
  const source = failing()
  assert.deepEqual(await source.take(2), { inputs: [1], ended: false })
  for (let turn = 0; turn < 5; turn += 1) await runtime().yieldToLoop()
  assert.match(String((await source.take(1)).failed?.error), /late/)
  const closed = failing()
  await closed.take(2)
  closed.close()
  // Were it told to nobody in particular, Node would end this test with an unhandled rejection.
  for (let turn = 0; turn < 5; turn += 1) await runtime().yieldToLoop()
})

test('closing lets a generator run its finally, and what it throws then is nobody’s', async () => {
  let closed = 0
  for (const inputs of [
    (function* () {
      try {
        yield 1
      } finally {
        closed += 1
      }
    })(),
    (async function* () {
      try {
        yield 1
        yield 2
      } finally {
        closed += 1
        // biome-ignore lint/correctness/noUnsafeFinally: what is thrown here is what the test is about
        throw new Error('of the finally')
      }
    })(),
  ]) {
    const source = open(inputs)
    await source.take(1)
    source.close()
    await runtime().yieldToLoop()
  }
  assert.equal(closed, 2)
})
