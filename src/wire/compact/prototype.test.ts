/** What arrives is only data, whatever the program has made of `Object.prototype`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode } from '../codec.ts'
import { CompactReader } from './reader.ts'
import { CompactWriter } from './writer.ts'

const json =
  '{"constructor":"Acme","toString":1,"own":{"valueOf":[{"hasOwnProperty":2},{"hasOwnProperty":3}]}}'

function throughBytes(value: unknown): unknown {
  const bytes = new Uint8Array(4_096)
  const writer = new CompactWriter(bytes)
  writer.begin(0, bytes.length)
  assert.ok(writer.value(value))
  return new CompactReader(bytes).value()
}

function throughCodec(value: unknown): unknown {
  const encoded = encode([value, Buffer.from('x')], 'value', { sharedMemory: true, maxPayloadBytes: 2 ** 28 })
  const [back] = decode(structuredClone(encoded.value), encoded.special) as unknown[]
  return back
}

const ways = { throughBytes, throughCodec }

for (const [name, way] of Object.entries(ways)) {
  test(`a name that Object.prototype has too arrives as data (${name})`, () => {
    assert.equal(JSON.stringify(way(JSON.parse(json))), json)
  })

  test(`no setter on Object.prototype is met (${name})`, () => {
    const met: unknown[] = []
    const property = {
      configurable: true,
      set: (value: unknown) => void met.push(value),
      get: () => 'theirs',
    }
    Object.defineProperty(Object.prototype, 'should', property)
    try {
      assert.equal((way(JSON.parse('{"should":"ours"}')) as { should: string }).should, 'ours')
      assert.deepEqual(met, [])
    } finally {
      delete (Object.prototype as { should?: unknown }).should
    }
  })

  test(`a property named get on Object.prototype changes no other (${name})`, () => {
    Object.defineProperty(Object.prototype, 'get', {
      configurable: true,
      writable: true,
      value: () => 'theirs',
    })
    try {
      assert.equal(JSON.stringify(way(JSON.parse(json))), json)
    } finally {
      delete (Object.prototype as { get?: unknown }).get
    }
  })
}

// The last: it can't be undone.
test('a frozen Object.prototype is not a hindrance', () => {
  Object.freeze(Object.prototype)
  for (const way of Object.values(ways)) assert.equal(JSON.stringify(way(JSON.parse(json))), json)
})
