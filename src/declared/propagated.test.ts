/** Storages whose values go with calls. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import { DeclarationError } from '../errors.ts'
import { isPropagatedHere, propagated, storesHere, withStores } from './propagated.ts'

const meta = (url: string): ImportMeta => Object.assign(Object.create(null), { url })

test('what is declared and set is found, by its name; what is not set costs no list', () => {
  const storage = propagated(import.meta, new AsyncLocalStorage<string>(), 'requestId')
  const plain = new AsyncLocalStorage<string>()
  assert.equal(storesHere(), undefined)
  plain.run('x', () => assert.equal(storesHere(), undefined))
  storage.run('r1', () => {
    const stores = storesHere() ?? assert.fail('Nothing is found.')
    assert.deepEqual(
      stores.map(({ place, value }) => [place.name, value]),
      [['requestId', 'r1']],
    )
  })
  assert.equal(storesHere(), undefined)
})

test('stores are set around the body alone, and those of unknown places are left out', () => {
  const one = propagated(import.meta, new AsyncLocalStorage<number>(), 'one')
  const two = propagated(import.meta, new AsyncLocalStorage<number>(), 'two')
  const stores = one.run(1, () => two.run(2, storesHere)) ?? assert.fail('Nothing is found.')
  const unknown = { place: { module: 'test:nowhere', name: 'one', position: 0 }, value: 9 }
  assert.equal(isPropagatedHere(unknown.place), false)
  assert.deepEqual(
    withStores([unknown, ...stores], () => [one.getStore(), two.getStore()]),
    [1, 2],
  )
  assert.deepEqual([one.getStore(), two.getStore()], [undefined, undefined])
  assert.throws(
    () =>
      withStores(stores, () => {
        throw new Error('from the body')
      }),
    /from the body/,
  )
  assert.equal(one.getStore(), undefined)
})

test('a null or false is a value; undefined is none', () => {
  const storage = propagated(import.meta, new AsyncLocalStorage<unknown>(), 'empty')
  for (const value of [null, false, 0, ''])
    assert.deepEqual(
      storage.run(value, () => storesHere()?.map(store => store.value)),
      [value],
    )
  assert.equal(storage.run(undefined, storesHere), undefined)
})

test('what is not a storage, or declared already, is refused at the declaration', () => {
  const storage = propagated(import.meta, new AsyncLocalStorage<unknown>(), 'twice')
  assert.throws(() => propagated(import.meta, storage), DeclarationError)
  for (const wrong of [undefined, {}, new Map(), { getStore() {}, run() {} }])
    assert.throws(() => propagated(import.meta, wrong as never), /takes an AsyncLocalStorage/)
  assert.throws(() => propagated({} as never, new AsyncLocalStorage()), /The first argument is import\.meta/)
})

test('a storage of a module that was evaluated anew is not asked any more', () => {
  const before = propagated(meta('test:anew'), new AsyncLocalStorage<unknown>(), 'id')
  const after = propagated(meta('test:anew'), new AsyncLocalStorage<unknown>(), 'id')
  before.run(1, () => assert.equal(storesHere(), undefined))
  assert.deepEqual(
    after.run(2, () => storesHere()?.map(({ place }) => place)),
    [{ module: 'test:anew', name: 'id', position: 0 }],
  )
})
