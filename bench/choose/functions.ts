/**
 * The functions that the chooser is scored on: computing, carrying, waiting, both, and the edges of
 * each.
 *
 * They are in two halves. Constants of the chooser may be tuned by the half `tuned`; only the other
 * one may be quoted. Each kind of function is in both, with other functions in it. Whoever has seen
 * the figures of an untuned one while choosing a constant moves it to the other half, and writes a
 * new one.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Task } from 'atonce'
import * as carrying from './tasks-carrying.ts'
import * as computing from './tasks-computing.ts'
import * as fresh from './tasks-fresh.ts'
import * as waiting from './tasks-waiting.ts'

/** A way that needs the function in another form: its arguments moved, or on shared memory. */
export interface Form {
  readonly task: Task
  readonly inputs: () => readonly unknown[]
}

export interface Scored {
  readonly name: string
  readonly half: 'tuned' | 'untuned'
  readonly kind: 'computing' | 'carrying' | 'waiting' | 'both' | 'edge'
  readonly task: Task
  /** All inputs; made anew for each run, outside of the measured time. */
  readonly inputs: (surroundings: Surroundings) => readonly unknown[]
  readonly moving?: Form
  readonly sharing?: Form
  readonly maxConcurrency?: number
}

/** What functions need around them. */
export interface Surroundings {
  /** The address of server.ts. */
  readonly server: string
  /** 200 files of 64 KiB. */
  readonly files: readonly string[]
}

const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at))

/** Numbers in [0, 1), the same in each run: a linear congruential generator. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return state / 0x7fffffff
  }
}

function people(count: number, seed: number): carrying.Person[] {
  return times(count, id => ({ id, city: `city ${(id * seed) % 50}`, amount: id * 1.7, quantity: id % 9 }))
}

function branch(depth: number): carrying.Branch {
  return { value: depth, below: depth === 0 ? [] : times(3, () => branch(depth - 1)) }
}

const text = (length: number, seed: number) => {
  const random = chance(seed)
  return times(length, () => String.fromCharCode(97 + Math.floor(random() * 26))).join('')
}

const heavyTailed = (count: number, most: number, power: number, seed: number) => {
  const random = chance(seed)
  return times(count, () => Math.floor(50 + most * random() ** power))
}

const mebibytes = (count: number, of: number) => times(count, at => new Uint8Array(of * 2 ** 20).fill(at))
const shared = (views: readonly Uint8Array[]) =>
  views.map(view => {
    const other = new Uint8Array(new SharedArrayBuffer(view.length))
    other.set(view)
    return other
  })
const doubles = (count: number) => times(count, at => new Float64Array(2 ** 16).fill(at))
const smaller = (count: number) =>
  times(count, at => Float64Array.from({ length: 2 ** 15 }, (_, n) => (n * 7_919 + at) % 1_009))
const smallerShared = (count: number) =>
  smaller(count).map(values => {
    const other = new Float64Array(new SharedArrayBuffer(values.byteLength))
    other.set(values)
    return other
  })
const sharedDoubles = (count: number) =>
  times(count, at => new Float64Array(new SharedArrayBuffer(8 * 2 ** 16)).fill(at))

function tuned(
  kind: Scored['kind'],
  name: string,
  task: unknown,
  inputs: Scored['inputs'],
  more: Partial<Scored> = {},
): Scored {
  return { name, half: 'tuned', kind, task: task as Task, inputs, ...more }
}

function untuned(
  kind: Scored['kind'],
  name: string,
  task: unknown,
  inputs: Scored['inputs'],
  more: Partial<Scored> = {},
): Scored {
  return { name, half: 'untuned', kind, task: task as Task, inputs, ...more }
}

const { isPrime, commonDivisor, increment, checksum, wordsOf, sieve, queens, band, rounds, collatz } =
  computing
const { fibonacci, looksUp, memoryHungry, callsBack, compiles } = computing
const { totalOfText, sorted, distance, byCity, depthOf, nearest, sumOf, histogram } = carrying
const { rest, waitAndCompute, fetchText, fetchAndParse, sizeOf, digestOf, sizeOfSync, keyOf, deflated } =
  waiting

const { hashOf, dateAndBack, life, largestFactor, asTable, zipped, smooth } = fresh

export const functions: readonly Scored[] = [
  untuned('computing', 'hashOf, 0.1 µs × 300,000', hashOf, () => times(300_000, at => `key ${at}`)),
  untuned('computing', 'dateAndBack, 1 µs × 100,000', dateAndBack, () => times(100_000, at => at)),
  untuned('computing', 'life, 3 ms × 150', life, () => times(150, at => [at + 2, 20])),
  untuned('computing', 'life, 60 ms × 10', life, () => times(10, at => [at + 2, 400])),
  untuned('computing', 'largestFactor, heavy tail × 300', largestFactor, () =>
    times(300, at => (at % 25 === 0 ? 99_999_999_977_000 + at : 1_000_000 + at)),
  ),
  untuned('carrying', 'asTable, 100 records × 3,000', asTable, () => times(3_000, at => people(100, at + 1))),
  untuned('carrying', 'zipped, 20 KB × 400', zipped, () => times(400, at => text(20_000, at + 1))),
  untuned('carrying', 'smooth, 256 KiB there and back × 40', smooth, () => smaller(40), {
    moving: { task: fresh.smoothMoved as unknown as Task, inputs: () => smaller(40) },
    sharing: { task: fresh.smoothShared as unknown as Task, inputs: () => smallerShared(40) },
  }),
  untuned('waiting', 'rest, 25 ms × 40', rest, () => times(40, () => 25)),
  untuned('waiting', 'fetchText, 1 KB after 10 ms × 100', fetchText, ({ server }) =>
    times(100, () => `${server}/reply?ms=10&bytes=1024`),
  ),
  untuned('waiting', 'fetchText, four at a time × 60', fetchText, ({ server }) =>
    times(60, () => `${server}/limited?ms=10`),
  ),
  tuned('computing', 'isPrime, 0.3 µs × 200,000', isPrime, () => times(200_000, at => 100_003 + 2 * at)),
  tuned('computing', 'commonDivisor, 0.3 µs × 150,000', commonDivisor, () =>
    times(150_000, at => 1_000_003 + 7 * at),
  ),
  tuned('computing', 'checksum, 15 µs × 8,000', checksum, () => times(8_000, at => at)),
  tuned('computing', 'wordsOf, 30 µs × 10,000', wordsOf, () => times(10_000, at => at)),
  tuned('computing', 'sieve, 2 ms × 150', sieve, () => times(150, at => 300_000 + at)),
  tuned('computing', 'queens, 5 ms × 60', queens, () => times(60, () => 10)),
  tuned('computing', 'band of Mandelbrot, uneven, × 20', band, () => times(20, at => at)),
  tuned('computing', 'rounds, 100 ms × 6', rounds, () => times(6, at => 30_000_000 + at)),
  tuned('computing', 'collatz, heavy tail × 160', collatz, () => heavyTailed(160, 40_000, 8, 7)),
  tuned('computing', 'fibonacci, heavy tail × 200', fibonacci, () =>
    heavyTailed(200, 100, 5, 11).map(n => 12 + Math.floor((n - 50) / 5.5)),
  ),
  tuned('computing', 'rounds, growing × 200', rounds, () => times(200, at => 5_000 * (at + 1))),
  tuned('computing', 'rounds, 20 µs, then 2 ms, × 1,100', rounds, () =>
    times(1_100, at => (at < 1_000 ? 6_000 : 600_000)),
  ),

  tuned('carrying', 'totalOfText, 1 KB × 5,000', totalOfText, () =>
    times(5_000, at => JSON.stringify(people(16, at + 1))),
  ),
  tuned('carrying', 'sorted, 100 numbers × 10,000', sorted, () =>
    times(10_000, at => times(100, n => (n * 7_919 + at) % 1_009)),
  ),
  tuned('carrying', 'distance, 1 KB × 80', distance, () => times(80, at => text(1_000, at + 1))),
  tuned('carrying', 'distance, 3 KB × 16', distance, () => times(16, at => text(3_000, at + 1))),
  tuned('carrying', 'invert, 4 MiB there and back × 24', carrying.invert, () => mebibytes(24, 4), {
    moving: { task: carrying.invertMoved as unknown as Task, inputs: () => mebibytes(24, 4) },
    sharing: { task: carrying.invertShared as unknown as Task, inputs: () => shared(mebibytes(24, 4)) },
  }),
  tuned('carrying', 'sumOf, 1 MiB there × 80', sumOf, () => mebibytes(80, 1), {
    moving: { task: sumOf as unknown as Task, inputs: () => mebibytes(80, 1) },
    sharing: { task: sumOf as unknown as Task, inputs: () => shared(mebibytes(80, 1)) },
  }),
  tuned('carrying', 'blur, 512 KiB there and back × 32', carrying.blur, () => doubles(32), {
    moving: { task: carrying.blurMoved as unknown as Task, inputs: () => doubles(32) },
    sharing: { task: carrying.blurShared as unknown as Task, inputs: () => sharedDoubles(32) },
  }),
  tuned('carrying', 'byCity, 10,000 records × 24', byCity, () => times(24, at => people(10_000, at + 1))),
  tuned('carrying', 'depthOf, a tree of 3,280 × 40', depthOf, () => times(40, () => branch(7))),
  tuned('carrying', 'nearest, 1,000 records × 24', nearest, () => times(24, at => people(1_000, at + 1))),
  tuned('carrying', 'histogram, 8 KiB × 1,000', histogram, () =>
    times(1_000, at => new Uint8Array(8_192).fill(at)),
  ),

  tuned('waiting', 'rest, 10 ms × 100', rest, () => times(100, () => 10)),
  tuned('waiting', 'rest, 3 ms × 200', rest, () => times(200, () => 3)),
  tuned('waiting', 'fetchText, 2 KB after 5 ms × 120', fetchText, ({ server }) =>
    times(120, () => `${server}/reply?ms=5&bytes=2048`),
  ),
  tuned('waiting', 'fetchText, 40 KB after 15 ms × 60', fetchText, ({ server }) =>
    times(60, () => `${server}/reply?ms=15&bytes=40000`),
  ),
  tuned('waiting', 'fetchText, four at a time × 100', fetchText, ({ server }) =>
    times(100, () => `${server}/limited?ms=6`),
  ),
  untuned(
    'waiting',
    'fetchText, no more than 8 allowed × 80',
    fetchText,
    ({ server }) => times(80, () => `${server}/reply?ms=8&bytes=100`),
    { maxConcurrency: 8 },
  ),
  tuned('waiting', 'sizeOf, files of 64 KiB × 400', sizeOf, ({ files }) =>
    times(400, at => files[at % files.length]),
  ),
  untuned('waiting', 'digestOf, files of 64 KiB × 400', digestOf, ({ files }) =>
    times(400, at => files[at % files.length]),
  ),
  untuned('waiting', 'sizeOfSync, files of 64 KiB × 600', sizeOfSync, ({ files }) =>
    times(600, at => files[at % files.length]),
  ),
  tuned('waiting', 'keyOf, native × 40', keyOf, () => times(40, at => `password ${at}`)),
  untuned('waiting', 'deflated, native × 60', deflated, () => times(60, at => at)),

  tuned('both', 'waits 10 ms, computes 10 ms, × 50', waitAndCompute, () => times(50, () => [10, 8_000])),
  untuned('both', 'waits 18 ms, computes 2 ms, × 60', waitAndCompute, () => times(60, () => [18, 1_600])),
  untuned('both', 'waits 1 ms, computes 9 ms, × 50', waitAndCompute, () => times(50, () => [1, 7_200])),
  tuned('both', 'fetchAndParse × 60', fetchAndParse, ({ server }) => times(60, () => `${server}/rows?ms=10`)),
  untuned('both', 'waits 5 ms, computes 1 ms, × 120', waitAndCompute, () => times(120, () => [5, 800])),

  tuned('edge', 'rounds, 8 ms × 3', rounds, () => times(3, () => 2_400_000)),
  untuned('edge', 'rounds, 150 ms × 2', rounds, () => times(2, () => 45_000_000)),
  untuned('edge', 'looksUp, the first 100 times as long, × 200', looksUp, () => times(200, at => at)),
  untuned('edge', 'increment, 10 ns × 1,000,000', increment, () => times(1_000_000, at => at)),
  tuned('edge', 'memoryHungry, 24 MB × 16', memoryHungry, () => times(16, at => at)),
  tuned('edge', 'callsBack, takes a function × 80', callsBack, () =>
    times(80, seed => ({ seed, weigh: (n: number) => n * 2 })),
  ),
  untuned('edge', 'compiles, gives a function × 80', compiles, () => times(80, at => at)),
]

/** Makes the files; `remove` deletes them. */
export function makeFiles(): { files: readonly string[]; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-choose-'))
  const bytes = new Uint8Array(65_536).fill(7)
  const files = times(200, at => join(folder, `${at}`))
  for (const file of files) writeFileSync(file, bytes)
  return { files, remove: () => rmSync(folder, { recursive: true }) }
}
