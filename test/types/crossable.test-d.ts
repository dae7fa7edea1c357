/** The type `Crossable`: compiled, not run. What must not compile is marked. */
import { type Crossable, task, threads } from '../../src/index.ts'

/** Compiles only if both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(_: Same<A, B>): void {}

interface Plain {
  readonly name: string
  size?: number
  tags: readonly string[]
  place: [x: number, y: number]
  at: Date
  pixels: Uint8ClampedArray
  byName: Map<string, { n: bigint }>
  seen: Set<number>
  kind: 'a' | 'b' | null
  nested: { readonly deep: { list: Plain[] } }
}
// What crosses keeps its type: modifiers, tuples, unions, and types that lead back to themselves.
const plain = (value: Plain): Crossable<Plain> => value
const back = (value: Crossable<Plain>): Plain => value
same<Crossable<string | undefined>, string | undefined>(true)
same<Crossable<readonly [number, string?]>, readonly [number, string?]>(true)
same<Crossable<unknown>, unknown>(true)
same<Crossable<any>, any>(true)

interface Job {
  readonly file: string
  readonly done: () => void
}
const run = task(import.meta, function run(job: Crossable<Job>): number {
  return job.file.length
})
const pool = threads()
const job: Job = { file: 'a.png', done: () => {} }
// @ts-expect-error: a function can't cross to a worker: pass data, …
pool.run(run, job)
// @ts-expect-error: nor where it stands in the call itself
pool.run(run, { file: 'a.png', done: () => {} })

// The sentence stands in the type.
same<
  Crossable<() => void>,
  "a function can't cross to a worker: pass data, and call a function of the task's module"
>(true)
same<Crossable<Promise<number>>, "a promise can't cross to a worker: await it first">(true)
same<Crossable<symbol>, "a symbol can't cross to a worker: pass a string">(true)
same<Crossable<WeakRef<object>>, "a weak collection can't cross to a worker: pass a Map or a Set">(true)
// Wherever it is.
same<
  Crossable<{ a: [Map<string, symbol>] }>,
  { a: [Map<string, "a symbol can't cross to a worker: pass a string">] }
>(true)

class Money {
  readonly cents = 0
  plus(other: Money): Money {
    return other
  }
}
// Types can't tell a shareable class from another: it is named.
// @ts-expect-error: its method is a function
const unknownClass = (money: Money): Crossable<Money> => money
const shareableClass = (money: { price: Money }): Crossable<{ price: Money }, Money> => money
void [plain, back, unknownClass, shareableClass]
