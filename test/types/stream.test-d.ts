/** The types of `stream`: compiled, not run. What must not compile is marked. */
import { type Executor, type Returned, type Stream, task, threads, type Yielded } from '../../src/index.ts'

/** Compiles only if both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(_: Same<A, B>): void {}

const count = task(import.meta, function* count(from: number, to = 10): Generator<number, string> {
  yield from + to
  return 'counted'
})
const lines = task(import.meta, async function* lines(_path: string): AsyncGenerator<string> {})
const inferred = task(import.meta, async function* inferred(wide: boolean) {
  yield wide ? 1 : 'one'
})
const listed = task(import.meta, (): readonly { id: number }[] => [])
const opened = task(import.meta, async (): Promise<Map<string, number>> => new Map())
const later = task(import.meta, function* later(): Generator<Promise<Date>> {})
const iterable = task(import.meta, (): Iterable<bigint> => [])
const asyncIterable = task(import.meta, (): AsyncIterable<bigint> => lines('') as never)
const plain = task(import.meta, (n: number): number => n)
const text = task(import.meta, (): string => 'text')
const nothing = task(import.meta, (): void => {})
const later5 = task(import.meta, async (): Promise<number> => 5)
const pool: Executor = threads()

// ── what is yielded, what is returned ──

same<Yielded<typeof count>, number>(true)
same<Returned<typeof count>, string>(true)
same<Yielded<typeof lines>, string>(true)
same<Yielded<typeof inferred>, 1 | 'one'>(true)
same<Yielded<typeof later>, Date>(true)
same<Yielded<typeof plain>, never>(true)
const numbers: Stream<number, string> = pool.stream(count, 1, 2)
const strings: Stream<string> = pool.stream(lines, 'path')
const rows: Stream<{ id: number }> = pool.stream(listed)
const entries: Stream<[string, number]> = pool.stream(opened)
const dates: Stream<Date> = pool.stream(later)
const bigs: Stream<bigint>[] = [pool.stream(iterable), pool.stream(asyncIterable)]
const asIterator: AsyncIterableIterator<number> = pool.with({ ahead: 5 }).stream(count, 1)
// @ts-expect-error: numbers are not strings
const wrong: Stream<string> = pool.stream(count, 1)

// ── only generators, and with their own arguments ──

// @ts-expect-error: it returns a number
pool.stream(plain, 1)
// @ts-expect-error: a text can be iterated over, but is one value
pool.stream(text)
// @ts-expect-error: it returns nothing
pool.stream(nothing)
// @ts-expect-error: it resolves to a number
pool.stream(later5)
// @ts-expect-error: a plain generator function is not a task
pool.stream(function* () {})
// @ts-expect-error: an argument is missing
pool.stream(count)
// @ts-expect-error: an argument of another type
pool.stream(count, '1')
// @ts-expect-error: one argument too many
pool.stream(count, 1, 2, 3)
// @ts-expect-error: a number of values
pool.with({ ahead: 'all' })

// ── in use ──

async function use(): Promise<void> {
  for await (const n of pool.stream(count, 1)) same<typeof n, number>(true)
  await using stream = pool.stream(count, 1).onProgress((done: number) => done)
  const result = await stream.next()
  if (result.done) same<typeof result.value, string>(true)
  else same<typeof result.value, number>(true)
  await stream.return()
  await stream.return('early')
  // @ts-expect-error: a generator task takes nothing from next()
  await stream.next(5)
}

void [numbers, strings, rows, entries, dates, bigs, asIterator, wrong, use]
