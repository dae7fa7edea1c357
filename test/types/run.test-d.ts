/**
 * The types of `task`, `run` and their results: compiled, not run. What must not compile is marked.
 */
import {
  context,
  currentExecutor,
  type Executor,
  type Future,
  isTask,
  type Result,
  type Task,
  task,
  threads,
} from '../../src/index.ts'

/** Compiles only if both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(_: Same<A, B>): void {}

const add = task(import.meta, (a: number, b: number): number => a + b)
const later = task(import.meta, async (ms: number): Promise<string> => `${ms}`)
const greet = task(
  import.meta,
  (name: string, greeting = 'Hello', mark?: string): string => greeting + name + mark,
)
const sum = task(import.meta, (first: number, ...others: number[]): number => first + others.length)
const nothing = task(import.meta, (): void => {})
const identity = task(import.meta, <T>(value: T): T => value)
const overBoth = task(import.meta, (value: string | number): string => String(value))
const pool: Executor = threads()

// ── a task is still its function ──

same<typeof add, Task<(a: number, b: number) => number>>(true)
same<ReturnType<typeof add>, number>(true)
const direct: number = add(1, 2)
const kept: 'x' = identity('x')
const where: [string, number] = [add.module, add.position]
// @ts-expect-error: the second argument is missing, also where it is called directly
add(1)
// @ts-expect-error: the address is not for writing
add.position = 5
// @ts-expect-error: a task is made of a function
task(import.meta, 5)
// @ts-expect-error: a task needs its module
task((a: number) => a)
// The module may be given by its URL, or by what CommonJS has for one.
declare const commonJs: { readonly filename: string; readonly exports: unknown }
task(import.meta.url, (a: number) => a) satisfies (a: number) => number
task(commonJs, (a: number) => a) satisfies (a: number) => number
// @ts-expect-error: a number is not a module
task(5, (a: number) => a)

// A parameter that has only a default value has the type of that value; one that has neither must
// say what it is.
same<Parameters<typeof greet>, [name: string, greeting?: string | undefined, mark?: string | undefined]>(true)
// @ts-expect-error: a parameter without a type
task(import.meta, text => text)

// ── run takes what the function takes ──

same<Result<typeof later>, string>(true)
const one: Future<number> = pool.run(add, 1, 2)
const two: Future<string> = pool.run(later, 5)
const three: Future<void> = pool.run(nothing)
// @ts-expect-error: an argument is missing
pool.run(add, 1)
// @ts-expect-error: one argument too many
pool.run(add, 1, 2, 3)
// @ts-expect-error: an argument of another type
pool.run(add, 1, '2')
// @ts-expect-error: the arguments are not a tuple here
pool.run(add, [1, 2])
// @ts-expect-error: a plain function is not a task
pool.run((a: number) => a, 1)
// @ts-expect-error: a function that only looks like one is none
pool.run({ module: 'x', position: 0 }, 1)
// @ts-expect-error: this task takes nothing
pool.run(nothing, undefined)
// @ts-expect-error: a promise of a number is not a future of a string
const wrong: Future<string> = pool.run(add, 1, 2)

// Optional, default and rest parameters stay what they are.
pool.run(greet, 'a')
pool.run(greet, 'a', 'b')
pool.run(greet, 'a', undefined, 'c')
// @ts-expect-error: the first parameter has no default
pool.run(greet)
// @ts-expect-error: a default value’s type counts
pool.run(greet, 'a', 5)
pool.run(sum, 1)
pool.run(sum, 1, 2, 3, 4)
// @ts-expect-error: all others are numbers
pool.run(sum, 1, 2, '3')

// Of a generic task the constraint is what TypeScript keeps.
const generic: Future<unknown> = pool.run(identity, { a: 1 })
// @ts-expect-error: the argument’s own type is lost on the way through run
const narrowed: Future<{ a: number }> = pool.run(identity, { a: 1 })
pool.run(overBoth, 'a')
pool.run(overBoth, 1)
// @ts-expect-error: neither of both
pool.run(overBoth, true)

// ── futures ──

async function settle(): Promise<void> {
  same<Awaited<typeof one>, number>(true)
  same<Awaited<typeof two>, string>(true)
  const value: number = await one
  const caught: number | undefined = await one.catch(() => undefined)
  const [a, b]: [number, string] = await Promise.all([one, two])
  one.onProgress((done: number, total: number | undefined) => done + (total ?? 0)).cancel(value)
  // @ts-expect-error: only the executor settles a future
  one.resolve(5)
  // @ts-expect-error: the state is told, not set
  one.state = 'done'
  // @ts-expect-error: there is no such state
  if (one.state === 'finished') return
  void [caught, a, b]
}

// ── what a task says of itself leaves its type as it is ──

const repeatable = task(import.meta, (a: number, b = 2): string => `${a + b}`, { idempotent: true })
same<Parameters<typeof repeatable>, [a: number, b?: number | undefined]>(true)
same<ReturnType<typeof repeatable>, string>(true)
const repeatedly: Future<string> = pool.with({ retries: 2 }).run(repeatable, 1)
// @ts-expect-error: yes or no
task(import.meta, (): number => 1, { idempotent: 'yes' })
// @ts-expect-error: no such option
task(import.meta, (): number => 1, { pure: true })
const nestedRun: Future<string> = currentExecutor().run(repeatable, 1)

// ── with, close, context ──

const light: Executor = pool.with({ timeoutMs: 5, priority: 1, signal: new AbortController().signal })
// @ts-expect-error: a controller is not a signal
pool.with({ signal: new AbortController() })
// @ts-expect-error: times are numbers of milliseconds
pool.with({ timeoutMs: '5s' })
// @ts-expect-error: no such option
pool.with({ retry: 3 })
pool.with({ retries: 3, retryIf: (error, attempt) => error.name === 'Error' && attempt < 2, retryDelayMs: 5 })
// @ts-expect-error: a count is a number
pool.with({ retries: '3' })
// @ts-expect-error: it answers at once
pool.with({ retries: 3, retryIf: async () => true })
pool.close({ graceMs: 5 })
// @ts-expect-error: no such option
pool.close({ force: true })
async function dispose(): Promise<void> {
  await using closed = threads({ workers: 2, resourceLimits: { maxOldGenerationSizeMb: 64 } })
  void closed
}
// @ts-expect-error: no such option
threads({ threads: 2 })
// @ts-expect-error: no such limit
threads({ resourceLimits: { maxHeap: 5 } })
// @ts-expect-error: the context is told, not set
context().attempt = 2
const { cancelled, progress }: { cancelled: boolean; progress(done: number, total?: number): void } =
  context()

const unknownValue: unknown = add
if (isTask(unknownValue)) same<typeof unknownValue.module, string>(true)

void [
  repeatedly,
  nestedRun,
  direct,
  kept,
  where,
  three,
  wrong,
  generic,
  narrowed,
  settle,
  light,
  dispose,
  cancelled,
  progress,
]
