import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonLine, resultJson, whyNoJson } from './json.ts'

test('what JSON lacks is written in its nearest form, on one line', () => {
  assert.equal(jsonLine(undefined), 'null')
  assert.equal(jsonLine(12n), '"12"')
  assert.equal(jsonLine(new Uint8Array([1, 2])), '[1,2]')
  assert.equal(jsonLine(new Map([['a', new Set([1])]])), '[["a",[1]]]')
  assert.equal(jsonLine({ error: new RangeError('no') }), '{"error":{"name":"RangeError","message":"no"}}')
  assert.equal(jsonLine('two\nlines'), '"two\\nlines"')
})

test('a Buffer is the list of its bytes', () => {
  assert.equal(jsonLine({ bytes: Buffer.from([1, 2]) }), '{"bytes":[1,2]}')
})

test('what would drive a terminal is written by its number, and read back the same', () => {
  const name = 'a\u001b[2J\u009b31m\u007f\u202eb\u2028c'
  assert.match(jsonLine({ name }), /^[\x20-\x7e]+$/)
  assert.deepEqual(JSON.parse(jsonLine({ name })), { name })
})

test('a value that holds itself is told by its place, one that is held twice is none', () => {
  const twice = { x: 1 }
  const list: unknown[] = [twice, twice]
  assert.equal(whyNoJson({ list }), undefined)
  list.push(new Map([['a key', { list }]]))
  assert.equal(whyNoJson({ list }), 'it holds itself, at result.list[2][0][1].list')
  const odd: Record<string, unknown> = {}
  odd['a key'] = odd
  assert.equal(whyNoJson(odd), 'it holds itself, at result["a key"]')
})

test('a result that is or holds a function or a symbol is refused with its place, not left out', () => {
  assert.throws(() => resultJson(() => 1), TypeError)
  assert.throws(() => resultJson([{ tag: Symbol('x') }]), TypeError)
  assert.equal(
    whyNoJson(() => 1),
    'it is a function',
  )
  assert.equal(whyNoJson({ list: [1, { done() {} }] }), 'it holds a function, at result.list[1].done')
  assert.equal(resultJson({ toJSON: () => 'told' }), '"told"')
  assert.equal(resultJson({ n: 1n, none: undefined }), '{"n":"1"}')
})
