/**
 * The generators that the conformance suite streams; a module of its own, as workers must import
 * it.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as later } from 'node:timers/promises'
import { context } from '../../task/context.ts'
import { task } from '../../task/task.ts'
import { move } from '../../task/transfer.ts'
import { Overdrawn } from './conformance-tasks.ts'

export { Overdrawn } // Its class is found again because the task's module exports it.

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

/**
 * Yields, again and again, whether its body is in the call that began it, and is told of no other's
 * context.
 */
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

/** Returns an iterator that is none: its `next()` gives numbers. */
export const noSteps = task(import.meta, () => noIterator)
const noIterator: IterableIterator<number> = { next: () => 5 as never, [Symbol.iterator]: () => noIterator }

const entered = new AsyncLocalStorage<number>()
