/**
 * `map` on a backend that the test plays: whatever the chunks, the results are those of the plain
 * loop.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OptionError, ProtocolError, QueueFullError, SerializationError } from '../../errors.ts'
import { runtime, withRuntime } from '../../runtime/runtime.ts'
import { VirtualRuntime } from '../../runtime/virtual.ts'
import type { Outcome, Results } from '../../task/results.ts'
import { type AnyFunction, type Task, task } from '../../task/task.ts'
import type { Backend, Job } from '../backend.ts'
import type { Pause, Paused } from '../repeat/pauses.ts'
import type { ExecutorStats, Model } from '../stats.ts'
import { runMap } from './map.ts'
import type { MapOptions } from './options.ts'
import { type PackedResults, pack, unpackedAt } from './packed.ts'

/** What the calls of a map do, by their input. */
interface Plan {
  costMs(input: number): number
  fails(input: number): boolean
  refused(input: number): boolean
}

const peaceful: Plan = { costMs: () => 1, fails: () => false, refused: () => false }

class CallFailed extends Error {}

/**
 * Workers that take virtual time, one job each, and a queue that refuses what it has no place for.
 */
class Stage implements Backend {
  readonly model: Model
  readonly name = 'stage'
  readonly workers: number
  readonly jobs: Job[] = []
  readonly #calls: number[] = []
  #mostSubmitted = 0
  readonly #plan: Plan
  readonly #queueLimit: number
  readonly #queue: Job[] = []
  readonly #running = new Set<Job>()

  constructor(
    plan: Plan,
    { workers = 2, queueLimit = Number.POSITIVE_INFINITY, model = 'threads' as Model } = {},
  ) {
    this.#plan = plan
    this.workers = workers
    this.#queueLimit = queueLimit
    this.model = model
  }

  /** The inputs that were called, in the order of their calls. */
  get calls(): readonly number[] {
    return this.#calls
  }

  pull(): void {}

  leave(): void {}

  pause(ms: number, { again }: Paused): Pause {
    return runtime().setTimer(ms, again)
  }

  get mostSubmitted(): number {
    return this.#mostSubmitted
  }

  get sizes(): number[] {
    return this.jobs.map(job => inputsOf(job).length)
  }

  submit(job: Job): void {
    const refused = inputsOf(job).find(input => this.#plan.refused(input))
    if (refused !== undefined)
      return job.settled({ ok: false, error: new SerializationError('args[0]', `${refused} is refused`) })
    if (this.#queue.length >= this.#queueLimit + this.workers - this.#running.size)
      return job.settled({ ok: false, error: new QueueFullError(this.name, this.#queueLimit) })
    this.jobs.push(job)
    this.#queue.push(job)
    this.#mostSubmitted = Math.max(this.#mostSubmitted, this.#queue.length + this.#running.size)
    this.#start()
  }

  cancel(job: Job, error: Error): void {
    const at = this.#queue.indexOf(job)
    if (at >= 0) this.#queue.splice(at, 1)
    else if (!this.#running.delete(job)) return
    job.settled({ ok: false, error })
  }

  stats(): ExecutorStats {
    throw new Error('Nobody asks.')
  }

  async room(): Promise<void> {
    while (this.#queue.length >= this.#queueLimit + this.workers - this.#running.size)
      await runtime().yieldToLoop()
  }

  readonly closeGraceMs = 0

  async close(): Promise<void> {}

  #start(): void {
    while (this.#running.size < this.workers) {
      const job = this.#queue.shift()
      if (job === undefined) return
      this.#running.add(job)
      job.started()
      const inputs = inputsOf(job)
      const costs = inputs.map(input => this.#plan.costMs(input))
      const workMs = costs.reduce((sum, costMs) => sum + costMs, 0)
      runtime().setTimer(workMs + 0.015, () => {
        if (!this.#running.delete(job)) return this.#start()
        this.#calls.push(...inputs)
        job.settled(this.#outcomeOf(job, inputs, Math.max(...costs)), workMs)
        this.#start()
      })
    }
  }

  #outcomeOf(job: Job, inputs: number[], longestMs: number): Outcome<unknown> {
    const outcomes = inputs.map(
      (input): Outcome<number> =>
        this.#plan.fails(input)
          ? { ok: false, error: new CallFailed(String(input)) }
          : { ok: true, value: resultOf(input) },
    )
    if (job.inputs === undefined) return outcomes[0] as Outcome<number>
    if (outcomes.some(({ ok }) => !ok)) return { ok: true, value: outcomes }
    const value: PackedResults = { values: pack(inputs.map(resultOf)), special: [], longestMs }
    return { ok: true, value }
  }
}

function inputsOf(job: Job): number[] {
  const { args, inputs } = job
  if (inputs === undefined) return [...(args as number[])]
  return Array.from(inputs, (_, at) => unpackedAt(inputs, at) as number)
}

function resultOf(input: number): number {
  return input === 7 ? -0 : input / 4
}

// The stage never looks at what the function does; it only must be a task of one parameter.
const work = task({ url: 'file:///work.ts' } as ImportMeta, function work(n: number): number {
  return n
})
const pair = task({ url: 'file:///work.ts' } as ImportMeta, (a: number, b: number): number => a + b)

function map(stage: Stage, inputs: unknown, options: MapOptions = {}, of: Task = work): Results<number> {
  return runMap(stage, {}, of as Task<AnyFunction>, inputs as Iterable<unknown>, options, map)
}

/** Plays it in virtual time. */
function play<T>(body: () => Promise<T>): Promise<T> {
  const time = new VirtualRuntime()
  return withRuntime(time, () => time.until(body()))
}

/** A generator that counts what was read of it, and knows whether it was closed. */
class Reading {
  read = 0
  closed = false
  readonly #inputs: readonly number[]
  readonly #throwsAfter: number

  constructor(inputs: readonly number[], throwsAfter: number = Number.POSITIVE_INFINITY) {
    this.#inputs = inputs
    this.#throwsAfter = throwsAfter
  }

  *now(): Generator<number> {
    try {
      for (const input of this.#inputs) {
        if (this.read === this.#throwsAfter) throw new RangeError('of the inputs')
        this.read += 1
        yield input
      }
      if (this.read === this.#throwsAfter) throw new RangeError('of the inputs')
    } finally {
      this.closed = true
    }
  }

  /** Makes its reader wait for time to pass before every third input. */
  async *later(): AsyncGenerator<number> {
    for (const input of this.now()) {
      if (input % 3 === 2) await new Promise<void>(resolve => void runtime().setTimer(0.5, resolve))
      yield input
    }
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

interface Case {
  readonly count: number
  readonly workers: number
  readonly costsMs: readonly number[]
  readonly failing: readonly number[]
  readonly refused: readonly number[]
  readonly throwsAfter: number | undefined
  readonly queueLimit: number
  readonly source: 'array' | 'typed' | 'generator' | 'async'
  readonly options: MapOptions
}

const cases = fc.record<Case>({
  count: fc.nat(150),
  workers: fc.integer({ min: 1, max: 4 }),
  costsMs: fc.array(fc.constantFrom(0, 0.001, 0.01, 0.1, 1, 30), { minLength: 1, maxLength: 9 }),
  failing: fc.array(fc.nat(200), { maxLength: 2 }),
  refused: fc.array(fc.nat(200), { maxLength: 2 }),
  throwsAfter: fc.option(fc.nat(200), { nil: undefined, freq: 5 }),
  queueLimit: fc.constantFrom(0, 1, Number.POSITIVE_INFINITY),
  source: fc.constantFrom('array', 'typed', 'generator', 'async'),
  options: fc.record(
    {
      chunk: fc.constantFrom<number | 'auto'>('auto', 1, 2, 7, 64, 1_000),
      ahead: fc.constantFrom(1, 2, 5, 40, Number.POSITIVE_INFINITY),
      ordered: fc.boolean(),
    },
    { requiredKeys: [] },
  ),
})

function stageOf({ costsMs, failing, refused, workers, queueLimit }: Case): Stage {
  return new Stage(
    {
      costMs: input => costsMs[input % costsMs.length] as number,
      fails: input => failing.includes(input),
      refused: input => refused.includes(input),
    },
    { workers, queueLimit },
  )
}

function inputsFor({ count, source, throwsAfter }: Case): { inputs: unknown; reading: Reading | undefined } {
  if (source === 'array') return { inputs: upTo(count), reading: undefined }
  if (source === 'typed') return { inputs: Float64Array.from(upTo(count)), reading: undefined }
  const reading = new Reading(upTo(count), throwsAfter)
  return { inputs: source === 'async' ? reading.later() : reading.now(), reading }
}

/** What the plain loop would have made of it. */
function expected({ count, failing, refused, throwsAfter, source }: Case): {
  endings: string[]
  inputsThrow: boolean
} {
  const throwing = source === 'generator' || source === 'async' ? throwsAfter : undefined
  const inputsThrow = throwing !== undefined && throwing <= count
  const endings = upTo(inputsThrow ? throwing : count).map(n =>
    refused.includes(n) ? `refused ${n}` : failing.includes(n) ? `failed ${n}` : described(resultOf(n)),
  )
  return { endings, inputsThrow }
}

function described(value: unknown): string {
  if (value instanceof CallFailed) return `failed ${value.message}`
  if (value instanceof SerializationError) return `refused ${Number.parseInt(value.message, 10)}`
  return Object.is(value, -0) ? '-0' : String(value)
}

const describedEnding = (ending: PromiseSettledResult<number>) =>
  described(ending.status === 'fulfilled' ? ending.value : ending.reason)

test('whatever calls cost, and however they are cut into chunks, settled() gives what the plain loop gives', async () => {
  await fc.assert(
    fc.asyncProperty(cases, fc.boolean(), async (given, iterates) => {
      const stage = stageOf(given)
      const { endings, inputsThrow } = expected(given)
      const seen: string[] = []
      const outcome = await play(async () => {
        const results = map(stage, inputsFor(given).inputs, given.options).settled()
        try {
          if (iterates) for await (const ending of results) seen.push(describedEnding(ending))
          else seen.push(...(await results).map(describedEnding))
        } catch (error) {
          return error
        }
        return undefined
      })
      assert.equal(outcome instanceof RangeError, inputsThrow, String(outcome))
      if (inputsThrow && !iterates) return
      const inOrder = given.options.ordered ?? true
      assert.deepEqual(inOrder ? seen : seen.sort(), inOrder ? endings : endings.sort())
      assert.equal(new Set(stage.calls).size, stage.calls.length, 'an input was called twice')
    }),
    { numRuns: 150 },
  )
})

test('iterated in order, a map gives the results before the first failure, then throws it and closes the inputs', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async given => {
      const stage = stageOf(given)
      const { endings, inputsThrow } = expected(given)
      const { inputs, reading } = inputsFor(given)
      const seen: string[] = []
      let thrown: unknown
      await play(async () => {
        try {
          for await (const value of map(stage, inputs, { ...given.options, ordered: true }))
            seen.push(described(value))
        } catch (error) {
          thrown = error
        }
      })
      const firstFailure = endings.findIndex(ending => /^(failed|refused)/.test(ending))
      if (firstFailure >= 0) {
        assert.deepEqual(seen, endings.slice(0, firstFailure))
        assert.equal(described(thrown), endings[firstFailure])
      } else {
        assert.deepEqual(seen, endings)
        assert.equal(thrown instanceof RangeError, inputsThrow)
      }
      if (reading !== undefined && given.source === 'generator') assert.equal(reading.closed, true)
      assert.equal(new Set(stage.calls).size, stage.calls.length, 'an input was called twice')
    }),
    { numRuns: 150 },
  )
})

test('awaited, a map gives all results in order, or throws a failure that there was', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async given => {
      const stage = stageOf(given)
      const { endings, inputsThrow } = expected(given)
      const options = { ...given.options, ordered: true }
      const failures = endings.filter(ending => /^(failed|refused)/.test(ending))
      await play(async () => {
        try {
          const values = await map(stage, inputsFor(given).inputs, options)
          assert.deepEqual(values.map(described), endings)
          assert.deepEqual([failures, inputsThrow], [[], false])
        } catch (error) {
          if (error instanceof assert.AssertionError) throw error
          assert.ok(
            failures.includes(described(error)) || (inputsThrow && error instanceof RangeError),
            String(error),
          )
        }
      })
    }),
    { numRuns: 100 },
  )
})

test('no input is read further ahead than asked, and no more jobs are under way than two for each worker', async () => {
  await fc.assert(
    fc.asyncProperty(cases, fc.integer({ min: 1, max: 60 }), async (given, ahead) => {
      const stage = stageOf({ ...given, failing: [], refused: [] })
      const reading = new Reading(upTo(given.count))
      const inputs = given.source === 'async' ? reading.later() : reading.now()
      let taken = 0
      await play(async () => {
        for await (const _ of map(stage, inputs, { ...given.options, ahead })) {
          taken += 1
          assert.ok(reading.read <= taken + ahead, `${reading.read} were read when ${taken} were taken`)
        }
      })
      assert.equal(taken, given.count)
      assert.ok(stage.mostSubmitted <= 2 * given.workers)
      assert.ok(Math.max(0, ...stage.sizes) <= ahead)
    }),
    { numRuns: 100 },
  )
})

test('a consumer that leaves closes the inputs and starts nothing more, wherever it leaves', async () => {
  await fc.assert(
    fc.asyncProperty(cases, fc.nat(100), async (given, leaveAt) => {
      const stage = stageOf({ ...given, failing: [], refused: [] })
      const reading = new Reading(upTo(1_000))
      const leave = async () => {
        let taken = 0
        for await (const _ of map(stage, reading.now(), given.options)) if (taken++ === leaveAt) break
      }
      const time = new VirtualRuntime()
      await withRuntime(time, async () => {
        await time.until(leave())
        const before = [stage.jobs.length, reading.read]
        await time.advance(100_000)
        assert.deepEqual([stage.jobs.length, reading.read], before)
      })
      assert.equal(reading.closed, true)
    }),
    { numRuns: 50 },
  )
})

test('a consumer that asks for several results at once gets each in its turn', async () => {
  const stage = new Stage(peaceful)
  const values = await play(async () => {
    const iterator = map(stage, upTo(5))[Symbol.asyncIterator]()
    const asked = upTo(6).map(() => iterator.next())
    return (await Promise.all(asked)).map(({ value }) => value)
  })
  assert.deepEqual(values, [...upTo(5).map(resultOf), undefined])
})

test('while a consumer does nothing, four chunks for each worker are read and no more', async () => {
  const stage = new Stage({ ...peaceful, costMs: () => 0.01 })
  const reading = new Reading(upTo(100_000))
  const time = new VirtualRuntime()
  await withRuntime(time, async () => {
    const iterator = map(stage, reading.now())[Symbol.asyncIterator]()
    await time.until(iterator.next())
    await time.advance(1_000)
    const largest = Math.max(...stage.sizes)
    assert.ok(reading.read <= 4 * stage.workers * largest + 1, `${reading.read}`)
    await iterator.return?.(undefined)
  })
  assert.equal(reading.closed, true)
})

test('cheap items travel in chunks of about 4 ms, and a great many cost few messages', async () => {
  const stage = new Stage({ ...peaceful, costMs: () => 0.001 })
  await play(async () => void (await map(stage, upTo(100_000))))
  assert.ok(Math.max(...stage.sizes) <= 4_000)
  assert.ok(stage.sizes.length < 200, `${stage.sizes.length}`)
})

test('items that differ much travel alone', async () => {
  const stage = new Stage({ ...peaceful, costMs: input => (input % 8 === 3 ? 20 : 0.04) })
  await play(async () => void (await map(stage, upTo(400))))
  assert.ok(stage.sizes.slice(40).every(size => size === 1))
})

test('the last chunks are small, so that all workers end together', async () => {
  const stage = new Stage({ ...peaceful, costMs: () => 0.1 })
  await play(async () => void (await map(stage, upTo(2_000))))
  assert.ok(Math.max(...stage.sizes) >= 16)
  assert.ok((stage.sizes.at(-1) as number) <= 5)
})

test('on coroutines nothing travels, so each call is a job of its own, whatever the chunk', async () => {
  const stage = new Stage(peaceful, { model: 'coroutines', workers: 3 })
  assert.deepEqual(await play(async () => await map(stage, upTo(9), { chunk: 4 })), upTo(9).map(resultOf))
  assert.deepEqual([Math.max(...stage.sizes), stage.mostSubmitted], [1, 3])
})

test('many numbers travel as one typed array; fewer, and anything else, as a list', async () => {
  const chunksOf = async (inputs: unknown, options: MapOptions) => {
    const stage = new Stage(peaceful)
    await play(async () => void (await map(stage, inputs, options)))
    return stage.jobs.map(({ inputs }) => inputs?.constructor.name)
  }
  assert.deepEqual(await chunksOf(upTo(100), { chunk: 100 }), ['Int32Array'])
  assert.deepEqual(await chunksOf([...upTo(99), 0.5], { chunk: 100 }), ['Float64Array'])
  assert.deepEqual(await chunksOf(upTo(10), { chunk: 10 }), ['Array'])
  assert.deepEqual(await chunksOf([...upTo(99), 'text'], { chunk: 100 }), ['Array'])
  assert.deepEqual(await chunksOf(Int16Array.from(upTo(10)), { chunk: 10 }), ['Int16Array'])
  assert.deepEqual(await chunksOf(Buffer.from(upTo(10)), { chunk: 10 }), ['Uint8Array'])
})

test('inputs on shared memory are shared with threads, and copied for processes', async () => {
  const shared = new Float64Array(new SharedArrayBuffer(80))
  for (const model of ['threads', 'processes'] as const) {
    const stage = new Stage(peaceful, { model })
    await play(async () => void (await map(stage, shared, { chunk: 5 })))
    const buffers = stage.jobs.map(({ inputs }) => (inputs as Float64Array).buffer)
    assert.deepEqual(
      buffers.map(buffer => buffer === shared.buffer),
      model === 'threads' ? [true, true] : [false, false],
    )
  }
})

test('a typed array that is not shared stays whole: its chunks are copies', async () => {
  const inputs = Float64Array.from(upTo(10_000))
  await play(async () => void (await map(new Stage(peaceful), inputs, { chunk: 5_000 })))
  assert.equal(inputs.length, 10_000)
})

test('a slow asynchronous source keeps nothing waiting: what it has given is sent, also with a chunk that is not full', async () => {
  const given: number[] = []
  async function* answersOnly(): AsyncGenerator<number> {
    for (const input of upTo(3)) {
      yield input
      // The next input is made of the result of this one.
      while (given.length <= input) await runtime().yieldToLoop()
    }
  }
  await play(async () => {
    for await (const value of map(new Stage(peaceful), answersOnly(), { chunk: 10 })) given.push(value)
  })
  assert.deepEqual(given, upTo(3).map(resultOf))
})

test('a map waits for a place in the queue, whether its own chunks fill it or others', async () => {
  const narrow = new Stage(peaceful, { workers: 1, queueLimit: 0 })
  assert.deepEqual(await play(async () => await map(narrow, upTo(20))), upTo(20).map(resultOf))
  const full = new Stage(peaceful, { workers: 1, queueLimit: 0 })
  await play(async () => {
    const first = map(full, [1]).then(values => values)
    assert.deepEqual(await map(full, [2, 3]), [2, 3].map(resultOf))
    assert.deepEqual(await first, [resultOf(1)])
  })
})

test('an input that is not a list of arguments ends the inputs at its place, and says what was expected', async () => {
  const reading = new Reading(upTo(3))
  const tuples = (function* () {
    yield [1, 2]
    yield* reading.now()
  })()
  const seen: unknown[] = []
  await assert.rejects(
    play(async () => {
      for await (const value of map(new Stage(peaceful), tuples, {}, pair)) seen.push(value)
    }),
    (error: Error) => error instanceof OptionError && /input 2 is a number/.test(error.message),
  )
  assert.deepEqual([seen.length, reading.closed], [1, true])
})

test('a chunk that failed after it was sent is not sent again: its calls may have run', async () => {
  const stage = new Stage(peaceful)
  stage.submit = job => {
    stage.jobs.push(job)
    job.started()
    job.settled({ ok: false, error: new SerializationError('result', 'result is a function') })
  }
  const endings = await play(async () => await map(stage, [1, 2], { chunk: 2 }).settled())
  assert.deepEqual([endings.map(({ status }) => status), stage.jobs.length], [['rejected', 'rejected'], 1])
})

test('a reply that does not fit the inputs fails them, and is taken for none', async () => {
  for (const forged of [
    null,
    [],
    { values: [1], special: [], longestMs: 0 },
    { values: [1, 2], special: [5], longestMs: 0 },
    { values: [1, 2], special: [], longestMs: Number.NaN },
    { values: [{ '\u0000atonce': 'Error', error: null }, 2], special: [0], longestMs: 0 },
  ]) {
    const stage = new Stage(peaceful)
    stage.submit = job => {
      job.started()
      job.settled({ ok: true, value: forged }, 1)
    }
    await assert.rejects(
      play(async () => await map(stage, [1, 2], { chunk: 2 })),
      ProtocolError,
    )
  }
})
