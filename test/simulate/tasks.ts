/**
 * The tasks of the played programs. Both sides are in one thread, so a task can note here that it
 * has begun.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { Receiver, Sender } from '../../src/channel/ends.ts'
import { sleep } from '../../src/coroutines/time/sleep.ts'
import { propagated } from '../../src/declared/propagated.ts'
import { currentExecutor } from '../../src/executor/current-executor.ts'
import { runtime } from '../../src/runtime/runtime.ts'
import { context } from '../../src/task/context.ts'
import { type Task, task } from '../../src/task/task.ts'
import { move } from '../../src/task/transfer.ts'
import type { Death } from './fate.ts'
import type { PlayedWorker } from './played-worker.ts'

/** What a play is told by its tasks. */
export interface Noted {
  /** How often each call was begun. */
  readonly begun: Map<number, number>
  /** Where the calls run, by the worker's name. */
  workerNamed(name: string): PlayedWorker | undefined
}

let noted: Noted = { begun: new Map(), workerNamed: () => undefined }

/** From now on tasks tell this one; plays come one after the other. */
export function tellTo(play: Noted): void {
  noted = play
}

/** Notes that the call has begun. Numbers of nested calls are made of those of their makers. */
function begins(id: number): void {
  noted.begun.set(id, (noted.begun.get(id) ?? 0) + 1)
}

function here(): PlayedWorker {
  const worker = noted.workerNamed(context().worker)
  if (worker === undefined) throw new Error(`There is no ${context().worker}.`)
  return worker
}

export const double = task(import.meta, function double(id: number): number {
  begins(id)
  return 2 * id
})

/** An answer that the fast lane does not take. */
export const bulky = task(import.meta, function bulky(id: number, text: string): {
  id: number
  text: string
} {
  begins(id)
  return { id, text }
})

export const later = task(import.meta, async function later(id: number, ms: number): Promise<number> {
  begins(id)
  context().progress(1, 2)
  await sleep(ms)
  return 2 * id
})

/** Does not hear that it is cancelled. */
export const stubborn = task(import.meta, async function stubborn(id: number, ms: number): Promise<number> {
  begins(id)
  await new Promise<void>(resolve => void runtime().setTimer(ms, resolve))
  return 2 * id
})

export const refuses = task(import.meta, async function refuses(id: number, ms: number): Promise<never> {
  begins(id)
  if (ms > 0) await sleep(ms)
  throw new RangeError(`call ${id} refuses`)
})

/** Takes its worker along. */
export const dies = task(import.meta, async function dies(id: number, how: Death): Promise<number> {
  begins(id)
  const worker = here()
  worker.scene.note(`${worker.name} ${how}, as call ${id} wants it`)
  worker.endsAs(how)
  await sleep(1)
  return 2 * id
})

/** Fails until its so-manieth attempt. */
export const flaky = task(
  import.meta,
  async function flaky(id: number, succeedsAt: number): Promise<number> {
    begins(id)
    const { attempt } = context()
    await sleep(1)
    if (attempt < succeedsAt) throw new RangeError(`attempt ${attempt} of call ${id}`)
    return 2 * id
  },
  { idempotent: true },
)

type Nests = (id: number, depth: number, width: number, ms: number) => Promise<number>

/** Of every seventh input the first attempt fails. */
export const flakyOne = task(
  import.meta,
  function flakyOne(id: number): number {
    if (id % 7 === 0 && context().attempt === 1) throw new RangeError(`input ${id}`)
    return 2 * id
  },
  { idempotent: true },
)

export const adds = task(import.meta, function adds(id: number, cells: Int32Array): number {
  begins(id)
  cells[0] = (cells[0] ?? 0) + id
  return 2 * id
})

export const told = propagated(import.meta, new AsyncLocalStorage<unknown>(), 'told')

export const tells = task(import.meta, async function tells(id: number): Promise<unknown> {
  begins(id)
  await sleep(1)
  return told.getStore()
})

export const readies = task(import.meta, async function readies(ms: number): Promise<void> {
  if (ms > 0) await sleep(ms)
  if (ms === 3) throw new RangeError('not ready')
})

/** The sum of `width` calls, each of which makes as many, `depth` deep. */
export const nests: Task<Nests> = task(
  import.meta,
  async function nest(id: number, depth: number, width: number, ms: number): Promise<number> {
    begins(id)
    if (ms > 0) await sleep(ms)
    if (depth === 0) return 1
    const { run } = currentExecutor()
    const made = Array.from({ length: width }, (_, at) => run(nests, nestedId(id, at), depth - 1, width, ms))
    const sums = await Promise.all(made)
    return sums.reduce((sum, one) => sum + one, 0)
  },
)

/** Does not wait for what it has made. */
export const abandons = task(import.meta, async function abandons(id: number, ms: number): Promise<number> {
  begins(id)
  const { run } = currentExecutor()
  run(later, nestedId(id, 0), ms).catch(() => {})
  const cancelled = run(later, nestedId(id, 1), ms)
  cancelled.catch(() => {})
  await sleep(1)
  cancelled.cancel()
  return 2 * id
})

export const mapsInside = task(
  import.meta,
  async function mapsInside(id: number, count: number): Promise<number> {
    begins(id)
    const inputs = Array.from({ length: count }, (_, at) => nestedId(id, at))
    const results = await currentExecutor().map(double, inputs)
    return results.reduce((sum, one) => sum + one, 0)
  },
)

export function nestedId(id: number, at: number): number {
  return id * 10 + at + 1
}

export const counts = task(
  import.meta,
  async function* counts(id: number, count: number, ms: number): AsyncGenerator<number> {
    begins(id)
    for (let n = 0; n < count; n += 1) {
      if (ms > 0 && n % 3 === 0) await sleep(ms)
      yield n
    }
  },
)

export const countsHere = task(
  import.meta,
  function* countsHere(id: number, count: number): Generator<number> {
    begins(id)
    for (let n = 0; n < count; n += 1) yield n
  },
)

export const takes = task(
  import.meta,
  async function takes(id: number, from: Receiver<number>, ms: number): Promise<number[]> {
    begins(id)
    const got: number[] = []
    for await (const item of from) {
      got.push(item)
      if (ms > 0) await sleep(ms)
    }
    return got
  },
)

/** Takes so many at the most, and leaves the others. */
export const takesSome = task(
  import.meta,
  async function takesSome(id: number, from: Receiver<number>, most: number, ms: number): Promise<number> {
    begins(id)
    let count = 0
    for await (const _ of from) {
      count += 1
      if (ms > 0) await sleep(ms)
      if (count === most) break
    }
    return count
  },
)

export const sends = task(
  import.meta,
  async function sends(id: number, to: Sender<number>, count: number): Promise<number> {
    begins(id)
    for (let n = 0; n < count; n += 1) await to.send(n)
    return count
  },
)

export const fills = task(
  import.meta,
  function fills(id: number, bytes: Uint8Array<ArrayBuffer>): Uint8Array {
    begins(id)
    bytes.fill(id % 256)
    return move(bytes)
  },
)
