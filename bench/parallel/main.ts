/**
 * What `parallel` and `parallelFor` cost, beside a plain loop, a list's own methods and `map`: the
 * same work in turns (A B C A B C …). Of each: the median time, its ratio to the plain loop's of
 * the same round with its range, and the CPU time of all threads in the same way.
 *
 *     npm --prefix bench run parallel
 */

import { threads } from '../../src/index.ts'
import { parallel, parallelFor } from '../../src/parallel.ts'
import { roundsOf } from '../rounds.ts'
import { add, fillSteps, isKept, mix, steps } from './tasks.ts'

const { rounds } = roundsOf('npm --prefix bench run parallel', 9)
type Way = readonly [name: string, run: () => unknown]

async function compare(title: string, ways: readonly Way[]): Promise<void> {
  const times = ways.map(() => [] as number[])
  const cpuTimes = ways.map(() => [] as number[])
  let expected: unknown
  for (let round = -2; round < rounds; round += 1)
    for (const [at, [name, run]] of ways.entries()) {
      const startedMs = performance.now()
      const before = process.cpuUsage()
      const answer = await run()
      const ms = performance.now() - startedMs
      const { user, system } = process.cpuUsage(before)
      expected ??= answer
      if (answer !== expected) throw new Error(`${name} gives ${answer}, not ${expected}.`)
      if (round < 0) continue // The first rounds warm up.
      times[at]?.push(ms)
      cpuTimes[at]?.push((user + system) / 1_000)
    }
  console.log(title)
  for (const [at, [name]] of ways.entries())
    console.log(`    ${name.padEnd(40)} ${shown(times, at)}   CPU ${shown(cpuTimes, at)}`)
}

function shown(all: readonly (readonly number[])[], at: number): string {
  const own = all[at] as number[]
  const ratios = own.map((ms, round) => ms / (all[0]?.[round] as number))
  const range = `[${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}]`
  return `${middle(own).toFixed(1).padStart(7)} ms, ${middle(ratios).toFixed(2)} ${range.padEnd(12)}`
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number
}

await using pool = threads({ workers: 2 })

const many = Array.from({ length: 2_000_000 }, (_, n) => n)
const shared = Int32Array.from(many)
const onShared = new Int32Array(new SharedArrayBuffer(shared.byteLength))
onShared.set(shared)
await compare(`${many.length} numbers: mix, filter, sum (some ns each)`, [
  [
    'plain loop',
    () => {
      let sum = 0
      for (const n of many) {
        const mixed = mix(n)
        if (isKept(mixed)) sum += mixed
      }
      return sum
    },
  ],
  [
    'a list’s own map, filter, reduce',
    () =>
      many
        .map(n => mix(n))
        .filter(n => isKept(n))
        .reduce((a, b) => a + b, 0),
  ],
  [
    'pool.map(mix), then a loop',
    async () => {
      let sum = 0
      for (const mixed of await pool.map(mix, many)) if (isKept(mixed)) sum += mixed
      return sum
    },
  ],
  ['parallel(list, { on: pool })', () => parallel(many, { on: pool }).map(mix).filter(isKept).reduce(add, 0)],
  [
    'parallel(shared numbers, { on: pool })',
    () => parallel(onShared, { on: pool }).map(mix).filter(isKept).reduce(add, 0),
  ],
])

const heavy = 600_000
const lengths = new Int32Array(new SharedArrayBuffer(4 * heavy))
const filled = async (loop: Promise<void>) => {
  await loop
  return lengths.reduce((a, b) => a + b, 0)
}
const indexes = Array.from({ length: heavy }, (_, n) => n)
await compare(`${heavy} Collatz lengths (some 200 ns each, unequal)`, [
  [
    'plain loop',
    () => {
      let sum = 0
      for (let n = 0; n < heavy; n += 1) sum += steps(n)
      return sum
    },
  ],
  ['pool.map, then a loop', async () => (await pool.map(steps, indexes)).reduce((a, b) => a + b, 0)],
  ['parallel(list).map.reduce', () => parallel(indexes, { on: pool }).map(steps).reduce(add, 0)],
  [
    'parallelFor, static',
    () => filled(parallelFor(pool, { to: heavy, schedule: 'static' }, fillSteps, lengths)),
  ],
  ['parallelFor, dynamic', () => filled(parallelFor(pool, { to: heavy }, fillSteps, lengths))],
  [
    'parallelFor, dynamic, chunk 1',
    () => filled(parallelFor(pool, { to: heavy, chunk: 1 }, fillSteps, lengths)),
  ],
  [
    'parallelFor, guided',
    () => filled(parallelFor(pool, { to: heavy, schedule: 'guided' }, fillSteps, lengths)),
  ],
  ['parallelFor, reduce', () => parallelFor(pool, { to: heavy, reduce: add, initial: 0 }, steps)],
])
