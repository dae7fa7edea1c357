/** The types of `map` and its results: compiled, not run. What must not compile is marked. */
import {
  asCompleted,
  type Executor,
  type Future,
  processes,
  type Results,
  task,
  type Waited,
  wait,
} from '../../src/index.ts'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(_: Same<A, B>): void {}

const pool: Executor = processes()
const square = task(import.meta, (n: number): number => n * n)
const maybe = task(import.meta, (n?: number): number => n ?? 0)
const withDefault = task(import.meta, (n = 5): number => n)
const add = task(import.meta, (a: number, b: number): number => a + b)
const scale = task(import.meta, (n: number, factor = 2, unit?: string): string => `${n * factor}${unit}`)
const sum = task(import.meta, (...numbers: number[]): number => numbers.length)
const ofPair = task(import.meta, (pair: readonly [number, string]): string => pair[1])
const ofList = task(import.meta, (list: number[]): number => list.length)
const now = task(import.meta, (): number => 1)
const later = task(import.meta, async (n: number): Promise<string> => String(n))

// ── a task of one parameter takes the items themselves ──

const numbers: Results<number> = pool.map(square, [1, 2, 3])
pool.map(square, new Set([1]))
pool.map(square, new Float64Array(3))
pool.map(square, [1, 2].values())
pool.map(square, new Map([[1, 'a']]).keys())
pool.map(
  square,
  (async function* () {
    yield 1
  })(),
)
pool.map(maybe, [1, undefined])
pool.map(withDefault, [1, undefined])
pool.map(ofPair, [[1, 'a'] as const])
pool.map(ofList, [[1, 2], [3]])
// @ts-expect-error: items of another type
pool.map(square, ['1'])
// @ts-expect-error: one parameter, so no tuples
pool.map(square, [[1]])
// @ts-expect-error: a single input must be wrapped
pool.map(square, 1)
// @ts-expect-error: bigint items
pool.map(square, new BigInt64Array(1))
// @ts-expect-error: an item that may be missing, for a parameter that may not
pool.map(square, [1, undefined])
// @ts-expect-error: the pair is the wrong way round
pool.map(ofPair, [['a', 1] as const])
// @ts-expect-error: a plain function is not a task
pool.map((n: number) => n, [1])

// ── a task of several parameters, or of none, takes tuples ──

pool.map(add, [
  [1, 2],
  [3, 4],
])
pool.map(add, [[1, 2] as const])
pool.map(add, new Map([[1, 2]]))
pool.map(scale, [[1], [1, 2], [1, undefined, 'm']])
pool.map(sum, [[], [1], [1, 2, 3]])
pool.map(now, [[], []])
// @ts-expect-error: two parameters, so tuples
pool.map(add, [1, 2])
// @ts-expect-error: a tuple that is too short
pool.map(add, [[1]])
// @ts-expect-error: a tuple that is too long
pool.map(add, [[1, 2, 3]])
// @ts-expect-error: the second of the tuple is of another type
pool.map(add, [[1, '2']])
// @ts-expect-error: the first parameter has no default
pool.map(scale, [[]])
// @ts-expect-error: all are numbers
pool.map(sum, [[1, '2']])

// ── options ──

pool.map(square, [1], {
  ordered: false,
  chunk: 'auto',
  ahead: 5,
  onProgress: (done, total) => void [done, total],
})
pool.map(square, [1], { chunk: 10 })
// @ts-expect-error: no such chunk
pool.map(square, [1], { chunk: 'large' })
// @ts-expect-error: no such option
pool.map(square, [1], { concurrency: 5 })

// ── results ──

async function use(): Promise<void> {
  const array = await numbers
  same<typeof array, number[]>(true)
  for await (const text of pool.map(later, [1])) same<typeof text, string>(true)
  const endings = await pool.map(later, [1]).settled()
  same<typeof endings, PromiseSettledResult<string>[]>(true)
  for await (const ending of pool.map(square, [1]).settled())
    if (ending.status === 'fulfilled') same<typeof ending.value, number>(true)
  // @ts-expect-error: results come with time
  for (const result of pool.map(square, [1])) void result
}

// ── waiting for many ──

async function waitForMany(): Promise<void> {
  const futures = [pool.run(square, 1), pool.run(add, 1, 2)]
  for await (const { future } of asCompleted(futures)) same<Future<number>, typeof future>(true)
  const waited = await wait(futures, { until: 'first', timeoutMs: 5 })
  same<typeof waited, Waited<Future<number>>>(true)
  // @ts-expect-error: promises have no state to tell by
  asCompleted([Promise.resolve(1)])
  // @ts-expect-error: no such condition
  await wait(futures, { until: 'any' })
  // @ts-expect-error: what it found is not for changing
  waited.settled.clear()
}

void [use, waitForMany]
