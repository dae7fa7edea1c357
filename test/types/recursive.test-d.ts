/** Recursive types through `Crossable`: JSON, trees, lists. Compiled, not run. */
import { type Crossable, task, threads } from '../../src/index.ts'

/** Compiles only if both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(_: Same<A, B>): void {}

// JSON, in the forms that programs and libraries write it.
type Json = string | number | boolean | null | Json[] | { [name: string]: Json }
type ReadonlyJson = string | null | readonly ReadonlyJson[] | { readonly [name: string]: ReadonlyJson }
type JsonInParts = string | JsonObject | JsonArray
interface JsonObject {
  [name: string]: JsonInParts
}
interface JsonArray extends Array<JsonInParts> {}
type LooseJson = number | LooseJson[] | readonly LooseJson[] | LooseObject
type LooseObject = { [name in string]: LooseJson } & { [name in string]?: LooseJson | undefined }
type Rows = number | Rows[]
type Expression = number | [operator: string, left: Expression, right?: Expression]
type List<T> = { head: T; tail: List<T> } | null
type Names = Map<string, Names | string>

interface Recursive {
  json: Json
  readonlyJson: ReadonlyJson
  jsonInParts: JsonInParts
  looseJson: LooseJson
  rows: Rows
  expression: Expression
  list: List<string>
  names: Names
}
const there = (value: Recursive): Crossable<Recursive> => value
const back = (value: Crossable<Recursive>): Recursive => value
same<Crossable<Json>, Json>(true)
same<Crossable<Expression>, Expression>(true)

const echo = task(import.meta, function echo(value: Crossable<Json>): Json {
  return value
})
const pool = threads()
pool.run(echo, { a: [1, { b: null }] })
const generic = <T extends Json>(value: T) => pool.run(echo, value)
// @ts-expect-error: a function is not JSON
pool.run(echo, { a: [1, { b: () => {} }] })

// What can't cross is found within it, however deep.
type Nested = string | Nested[] | (() => void)
const nested = (): Crossable<Nested> => [[['a']]]
// @ts-expect-error: a function can't cross to a worker
const withFunction = (): Crossable<Nested> => [[[() => {}]]]
type Calls = number | [() => void, Calls?]
// @ts-expect-error: a function can't cross to a worker
const calls = (value: Calls): Crossable<Calls> => value
void [there, back, generic, nested, withFunction, calls]
