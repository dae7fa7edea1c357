/** The tasks that the conformance suite runs; a module of its own, as workers must import it. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as later } from 'node:timers/promises'
import { context } from '../task/context.ts'
import { task } from '../task/task.ts'
import { move } from '../task/transfer.ts'

/** An error of the user's own, with properties and a cause. */
export class Overdrawn extends Error {
  readonly code = 'OVERDRAWN'
  readonly balance: number

  constructor(balance: number, options?: ErrorOptions) {
    super(`balance would be ${balance}`, options)
    this.balance = balance
  }
}

export const add = task(import.meta, function add(a: number, b = 10): number {
  return a + b
})

export const addLater = task(import.meta, async function addLater(a: number, b: number): Promise<number> {
  await later(1)
  return a + b
})

export const square = task(import.meta, function square(n: number): number {
  return n * n
})

export const echo = task(import.meta, function echo(value: unknown): unknown {
  return value
})

/** Describes a value by what a copy could lose. */
export const inspectValue = task(
  import.meta,
  function inspectValue(value: { [key: string]: unknown }): string[] {
    return Object.entries(value).map(
      ([key, part]) => `${key}: ${Object.prototype.toString.call(part)} ${String(part)}`,
    )
  },
)

export const overdraw = task(import.meta, function overdraw(balance: number): never {
  throw new Overdrawn(balance, { cause: new RangeError('no credit') })
})

export const failTwice = task(import.meta, function failTwice(): never {
  throw new AggregateError([new Overdrawn(-1), new TypeError('second')], 'both failed')
})

export const throwValue = task(import.meta, function throwValue(kind: 'null' | 'text' | 'undefined'): never {
  throw { null: null, text: 'a text', undefined: undefined }[kind]
})

export const failOn = task(import.meta, function failOn(n: number, bad: number): number {
  if (n === bad) throw new Overdrawn(n)
  return n
})

/** Ends when its signal aborts, and says so by what it returns. */
export const untilAborted = task(import.meta, async function untilAborted(): Promise<string> {
  const { signal } = context()
  if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
  return 'stopped'
})

/** A wait that ignores its signal. */
export const wait = task(import.meta, async function wait(ms: number): Promise<number> {
  await later(ms)
  return ms
})

export const reportProgress = task(
  import.meta,
  async function reportProgress(steps: number): Promise<string> {
    const { progress, worker } = context()
    for (let step = 1; step <= steps; step += 1) progress.call(context(), step, steps)
    await later(1)
    return worker
  },
)

export const fill = task(
  import.meta,
  function fill(bytes: Uint8Array<ArrayBuffer>, value: number): Uint8Array {
    bytes.fill(value)
    return move(bytes)
  },
)

/** Counts how many of these run at the same moment in one place; the most that was seen. */
export const crowd = task(import.meta, async function crowd(ms: number): Promise<number> {
  inside += 1
  most = Math.max(most, inside)
  await later(ms)
  inside -= 1
  return most
})
let inside = 0
let most = 0

export const noted = task(import.meta, function noted(n: number): number[] {
  notes.push(n)
  return [...notes]
})
const notes: number[] = []

/** A function, which can't be copied, for one of its inputs. */
export const functionFor = task(import.meta, function functionFor(n: number, bad: number): unknown {
  return n === bad ? () => n : n
})

/** What a call before it has left in the asynchronous context; leaves something itself. */
export const enterContext = task(import.meta, function enterContext(n: number): unknown {
  const before = entered.getStore()
  entered.enterWith(n)
  return before
})
const entered = new AsyncLocalStorage<number>()

// ── generators, for stream ──

export const countTo = task(import.meta, function* countTo(end: number): Generator<number, string> {
  for (let n = 0; n < end; n += 1) yield n
  return 'counted'
})

/** Now and then it waits, mostly it does not. */
export const countLater = task(import.meta, async function* countLater(end: number): AsyncGenerator<
  number,
  string
> {
  for (let n = 0; n < end; n += 1) {
    if (n % 10 === 3) await later(1)
    yield n
  }
  return 'counted'
})

export const countPromises = task(import.meta, function* countPromises(end: number): Generator<
  Promise<number>
> {
  for (let n = 0; n < end; n += 1) yield later(1, n)
})

export const failAfter = task(import.meta, function* failAfter(count: number): Generator<number> {
  for (let n = 0; n < count; n += 1) yield n
  throw new Overdrawn(count)
})

/** Counts as long as it is asked, and takes a moment to clean up; can fail at that. */
export const countAndClean = task(
  import.meta,
  async function* countAndClean(name: string, balance = 0): AsyncGenerator<number> {
    streams[name] = { yielded: 0, ended: 'no', aborted: false }
    const stream = streams[name]
    const { signal } = context()
    try {
      for (;;) {
        stream.yielded += 1
        yield stream.yielded - 1
      }
    } finally {
      await later(1)
      stream.ended = 'cleanly'
      stream.aborted = signal.aborted
      await overdrawBelow(balance)
    }
  },
)

async function overdrawBelow(balance: number): Promise<void> {
  if (balance < 0) throw new Overdrawn(balance)
}

/** The same without a wait anywhere. */
export const countAtOnce = task(import.meta, function* countAtOnce(name: string): Generator<number> {
  streams[name] = { yielded: 0, ended: 'no', aborted: false }
  const stream = streams[name]
  try {
    for (;;) {
      stream.yielded += 1
      yield stream.yielded - 1
    }
  } finally {
    stream.ended = 'cleanly'
    stream.aborted = context().cancelled
  }
})

/** What is known of a stream that ran here. */
export const streamState = task(import.meta, function streamState(name: string): StreamState | undefined {
  return streams[name]
})

interface StreamState {
  /** How many values were asked for. */
  yielded: number
  ended: string
  aborted: boolean
}
const streams: Record<string, StreamState> = {}

/** Yields, again and again, whether its body is in the call that began it, and is told of no other's context. */
export const sameContext = task(
  import.meta,
  async function* sameContext(steps: number): AsyncGenerator<boolean> {
    const { progress } = context()
    const first = context()
    let same = true
    for (let step = 1; step <= steps; step += 1) {
      progress(step, steps)
      yield same
      same = context() === first && entered.getStore() === undefined
      if (step % 2 === 0) await later(1)
      entered.enterWith(step)
    }
  },
)

export const sameContextAtOnce = task(
  import.meta,
  function* sameContextAtOnce(steps: number): Generator<boolean> {
    const first = context()
    let same = true
    for (let step = 1; step <= steps; step += 1) {
      yield same
      same = context() === first && entered.getStore() === undefined
      entered.enterWith(step)
    }
  },
)

/** One object, changed from yield to yield. */
export const reuseRow = task(import.meta, function* reuseRow(rows: number): Generator<{ row: number }> {
  const reused = { row: 0 }
  for (; reused.row < rows; reused.row += 1) yield reused
})

export const yieldFunctionAt = task(
  import.meta,
  function* yieldFunctionAt(name: string, bad: number): Generator<unknown> {
    streams[name] = { yielded: 0, ended: 'no', aborted: false }
    try {
      for (let n = 0; ; n += 1) yield n === bad ? { list: [() => n] } : n
    } finally {
      streams[name].ended = 'cleanly'
    }
  },
)

export const yieldBuffers = task(import.meta, function* yieldBuffers(count: number): Generator<
  Uint8Array<ArrayBuffer>
> {
  for (let n = 0; n < count; n += 1) yield move(new Uint8Array(100_000).fill(n))
})

export const openLater = task(import.meta, async function openLater(end: number): Promise<Iterable<number>> {
  await later(1)
  return Array.from({ length: end }, (_, n) => n)
})

/** Not a generator function for whoever looks at it; what it returns is one. */
export const hiddenGenerator = task(import.meta, function hiddenGenerator(end: number): Generator<
  number,
  string
> {
  return countTo(end)
})
