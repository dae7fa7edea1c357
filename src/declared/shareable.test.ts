/** What can be declared to be shareable, and how a class is found again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeclarationError, TaskVersionError, UnknownClassError } from '../errors.ts'
import { type ClassAddress, findSharedClass, type Packing, shareable, sharedClassOf } from './shareable.ts'

const meta = (url: string): ImportMeta => Object.assign(Object.create(null), { url })

function addressOf(declared: { readonly prototype: object }): ClassAddress {
  const { address } = sharedClassOf(declared.prototype) ?? assert.fail('It is not declared.')
  return address
}

test('shareable returns the class itself, and an address leads back to it', () => {
  class Point {}
  assert.equal(shareable(import.meta, Point), Point)
  const address = addressOf(Point)
  assert.equal(address.name, 'Point')
  assert.equal(findSharedClass({ ...address }).prototype, Point.prototype)
})

test('what can’t keep its class by its own data alone is refused at the declaration, with the line that helps', () => {
  const hooks =
    /static \{ shareable\(import\.meta, \w+, \{ pack: instance => …, unpack: data => new \w+\(…\) \}\) \}/
  const refused: readonly (readonly [Function, RegExp])[] = [
    [
      class Account {
        #cents = 0
        get cents(): number {
          return this.#cents
        }
      },
      /class Account has the private name #cents/,
    ],
    [class Rows extends Array {}, /Rows extends Array/],
    [class Registry extends Map {}, /Registry extends Map/],
    [class Below extends class Middle extends Set {} {}, /Below extends Set/],
    [class Pixels extends Uint8Array {}, /Pixels extends Uint8Array/],
  ]
  for (const [Class, message] of refused) {
    assert.throws(
      () => shareable(import.meta, Class),
      (error: Error) =>
        error instanceof DeclarationError && message.test(error.message) && hooks.test(error.message),
    )
    const packing: Packing<unknown, unknown> = { pack: () => 1, unpack: () => 1 }
    assert.equal(shareable(import.meta, Class, packing), Class)
  }
})

test('an error class is not a class with data of its own: errors bring theirs', () => {
  class Overdrawn extends AggregateError {}
  assert.equal(shareable(import.meta, Overdrawn), Overdrawn)
})

test('what is not a class of the program’s own is refused', () => {
  class Once {}
  shareable(import.meta, Once)
  const refused: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /takes a class; it got a value of type undefined/],
    [{}, /takes a class; it got a value of type object/],
    [() => {}, /takes a class; it got the function/],
    [Map, /Map is a class of the platform/],
    [Error, /Error is a class of the platform/],
    [Once, /Once is shareable already/],
  ]
  for (const [value, message] of refused)
    assert.throws(() => shareable(import.meta, value as never), { name: 'DeclarationError', message })
  for (const packing of [{}, { pack: () => 1 }, { pack: 1, unpack: 2 }, null, 5])
    assert.throws(() => shareable(import.meta, class Half {}, packing as never), /takes two functions/)
  for (const wrong of [undefined, null, {}, { url: 5 }])
    assert.throws(() => shareable(wrong as never, class Lost {}), /The first argument is import\.meta/)
})

test('classes of one name in one module are told apart by their order, those of other names have no part in it', () => {
  const here = meta('test:order')
  const [one, other, two] = [class Same {}, class Other {}, class Same {}]
  for (const Class of [one, other, two]) shareable(here, Class)
  assert.deepEqual(
    [one, other, two].map(Class => addressOf(Class).position),
    [0, 0, 1],
  )
  assert.equal(findSharedClass(addressOf(two)).prototype, two.prototype)
})

test('a module that is evaluated anew declares anew; instances of its old class are still sent by their address', () => {
  const [before, after] = [class Reloaded {}, class Reloaded {}]
  shareable(meta('test:reloaded'), before)
  shareable(meta('test:reloaded'), after)
  assert.equal(findSharedClass(addressOf(before)).prototype, after.prototype)
})

test('an address that leads nowhere says what to import, whatever it is made of', () => {
  class Known {}
  shareable(meta('file:///known.ts'), Known)
  const known = addressOf(Known)
  const missing = (address: ClassAddress, message: RegExp) =>
    assert.throws(
      () => findSharedClass(address),
      (error: Error) => error instanceof UnknownClassError && message.test(error.message),
    )
  missing({ ...known, module: 'file:///other.ts' }, /Import \/other\.ts there too/)
  missing({ ...known, name: 'Unknown' }, /has imported \/known\.ts, but has not declared Unknown/)
  missing({ ...known, position: 1 }, /has not declared Known/)
  for (const forged of ['length', '__proto__', 'constructor', -1, 0.5, Number.NaN])
    missing({ ...known, position: forged as number }, /has not declared Known/)
  for (const name of ['__proto__', 'constructor', 'toString']) missing({ ...known, name }, /has not declared/)
  missing({ ...known, module: '__proto__' }, /Import __proto__ there too/)
})

test('a module that has changed since it was loaded is told from one that was only touched', () => {
  class Stable {}
  shareable(import.meta, Stable)
  const address = addressOf(Stable)
  const { mtimeMs, sizeBytes } = address.version ?? assert.fail('This file has no version.')
  const touched = { ...address, version: { mtimeMs: mtimeMs + 1, sizeBytes } }
  assert.equal(findSharedClass(touched).prototype, Stable.prototype)
  for (const changed of [
    { ...touched, digest: 'of another text' },
    { ...address, version: { mtimeMs, sizeBytes: sizeBytes + 1 } },
    { ...address, version: undefined },
  ])
    assert.throws(() => findSharedClass(changed), TaskVersionError)
})
