/** A class whose state can't be read is no entity's: its private fields are found in its text. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actor, definitionIn } from '../../actors/definition.ts'
import { InvalidActorError } from '../../actors/errors.ts'
import { cluster } from '../cluster.ts'
import { EmbeddedEngine } from '../embedded.ts'
import type { Reply } from './messages.ts'
import { shardOf, typeOf } from './places.ts'
import { privateFieldsIn } from './private-fields.ts'
import { Resident } from './resident.ts'

class Ledger {
  #count = 0
  add(by: number): number {
    this.#count += by
    return this.#count
  }
}
const Counter = actor(import.meta, class Counter extends Ledger {})
const Vault = actor(
  import.meta,
  class Vault {
    static #made = 0
    balance = 0
    deposit(by: number): number {
      Vault.#made += 1
      return this.#add(by)
    }
    #add(by: number): number {
      this.balance += by
      return this.balance
    }
  },
)

test('an entity of a class with a private field is refused, of one with a private method not', async () => {
  await using jobs = cluster()
  assert.throws(
    () => jobs.entity(Counter, 'a'),
    (error: Error) =>
      error instanceof InvalidActorError &&
      /Counter can't be an entity: in its base class Ledger the field #count is private/.test(
        error.message,
      ) &&
      /private count = …/.test(error.message),
  )
  assert.equal(await jobs.entity(Vault, 'a').ask.deposit(2), 2)
})

test('a node that is asked for one answers with the same error', async () => {
  const engine = new EmbeddedEngine()
  const definition = definitionIn(Counter)
  const type = typeOf(definition)
  const answered = new Promise<Reply>(resolve => {
    const host = { engine, answer: (_: unknown, reply: Reply) => resolve(reply), fenced: () => {} }
    const held = { shard: shardOf(type, 'a'), epoch: 1, isHeld: true }
    new Resident(host, definition, 'a', `${type}/a`, held).take({
      ...{ kind: 'entity', id: 'x', type, key: 'a', method: 'add', args: [1], special: false },
      ...{ to: 'c', number: 1, oldest: 1 },
    })
  })
  assert.match(JSON.stringify(await answered), /InvalidActorError.*#count is private/)
})

const found: [string, string[]][] = [
  ['class A { #a = 1; b = 2; #c }', ['#a', '#c']],
  ['class A{#a;static #s=1;#m(){this.#a}get #g(){return 1}async*#n(){}}', ['#a']],
  ['class A { a = 1\n #b = 2\n static { A.name } }', ['#b']],
  ['class A { has = #m in this; own = this.#m; #m() {} }', []],
  ['class A { /* #a = 1 */ b = "#c = 1" // #d = 1\n e = `#f \u0024{{ g: `#h` }.g} #i`; #j = 1 }', ['#j']],
  ['class A { a = /[/}"\'`]#b;/g; #c = 1 / 2; d = 3 / 1 }', ['#c']],
  ['class A { make() { return class B { #b = 1 } } list = [class { #d = 1 }] }', []],
  ['class A extends mixin({ a: 1 }) { go() { return /}/.test("}") } #b = 1 }', ['#b']],
  ['class A { next(i) { return i++ / 2 + `}`.length / 2 } #b = () => { return /{/ } }', ['#b']],
  ['function A() { this.a = 1 }', []],
]
for (const [text, fields] of found)
  test(`the private fields of ${JSON.stringify(text)} are ${fields.join(', ') || 'none'}`, () => {
    assert.deepEqual(privateFieldsIn(text), fields)
    if (text.startsWith('class')) assert.doesNotThrow(() => new Function('mixin', `return (${text})`))
  })
