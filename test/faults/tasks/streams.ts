/**
 * The generators that meet the faults; `marker` is a path where one writes its process id when it
 * begins or ends.
 */
import { writeFileSync } from 'node:fs'

export function echo(value: unknown): unknown {
  return value
}

function* upTo(count: number): Generator<number> {
  for (let n = 0; n < count; n += 1) yield n
}

export function* endless(): Generator<number> {
  for (let n = 0; ; n += 1) yield n
}

export async function* endlessLater(): AsyncGenerator<number> {
  for (let n = 0; ; n += 1) {
    await new Promise(resolve => setImmediate(resolve))
    yield n
  }
}

export function* throwAfter(count: number): Generator<number> {
  yield* upTo(count)
  throw new RangeError('midway', { cause: new Error('why') })
}

/** Says so when its `finally` has run. */
export async function* marksItsEnd(marker: string): AsyncGenerator<number> {
  try {
    yield* endless()
  } finally {
    await new Promise(resolve => setTimeout(resolve, 5))
    writeFileSync(marker, `${process.pid}\n`)
  }
}

export async function* neverCleansUp(): AsyncGenerator<number> {
  try {
    yield* endless()
  } finally {
    await new Promise(() => setInterval(() => {}, 1_000))
  }
}

export function* spinsAtItsEnd(): Generator<number> {
  try {
    yield* endless()
  } finally {
    for (;;);
  }
}

export function* spinsAfter(count: number): Generator<number> {
  yield* upTo(count)
  for (;;);
}

export function* exitAfter(count: number): Generator<number> {
  yield* upTo(count)
  process.exit(3)
}

export async function* exitLaterAfter(count: number): AsyncGenerator<number> {
  yield* upTo(count)
  await new Promise(resolve => setImmediate(resolve))
  process.exit(3)
}

export async function* killSelfAfter(count: number): AsyncGenerator<number> {
  yield* upTo(count)
  await new Promise(resolve => setTimeout(resolve, 5))
  process.kill(process.pid, 'SIGKILL')
  await new Promise(() => setInterval(() => {}, 1_000))
}

export function* yieldFunction(): Generator<unknown> {
  yield* upTo(3)
  yield { list: [() => {}] }
}

export function* yieldDeep(): Generator<unknown> {
  yield* upTo(3)
  let deep: object = {}
  for (let depth = 0; depth < 5_000; depth += 1) deep = { deep }
  yield deep
}

/** Begins, and then stays away. */
export async function* marksThenWaits(marker: string): AsyncGenerator<string> {
  writeFileSync(marker, `${process.pid}\n`)
  yield 'begun'
  await new Promise(() => setInterval(() => {}, 1_000))
}

export async function* mebibytes(count: number): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < count; n += 1) yield new Uint8Array(2 ** 20).fill(n)
}

/** Breaks each global that a stream could want. */
export function* replaceGlobals(): Generator<number> {
  const broken = () => {
    throw new Error('a global that the task replaced')
  }
  globalThis.setTimeout = broken as never
  globalThis.setImmediate = broken as never
  globalThis.queueMicrotask = broken
  globalThis.Promise = broken as never
  globalThis.AbortController = broken as never
  yield* upTo(100)
}
