import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findSharp, withoutSharp } from './sharp.ts'

test('where sharp is not installed, one line says so and how to have it', async () => {
  assert.equal(await findSharp('sharp-that-nobody-has'), undefined)
  assert.match(withoutSharp, /npm install sharp$/)
  assert.equal(withoutSharp.includes('\n'), false)
})
