/**
 * The short form of `npm run prove`: the smaller models, and one planted mistake of each primitive.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { models } from './models.ts'
import { findVariant, proveModel, realLibrary } from './prove.ts'
import { variants } from './variants.ts'

const short = models.filter(({ long }) => long !== true)

test('the locks hold in every order of each small program', { timeout: 120_000 }, async () => {
  const library = await realLibrary()
  for (const model of short) assert.ok(proveModel(model, library).states > 0)
})

test('a planted mistake of each primitive is found, and its order fails again', {
  timeout: 120_000,
}, async () => {
  const primitives = [...new Set(variants.map(({ edit }) => edit.file))]
  assert.ok(primitives.length >= 9 && variants.length >= 20)
  for (const file of primitives) {
    const found = await findVariant(variants.find(({ edit }) => edit.file === file) as (typeof variants)[0])
    assert.match(found.schedule, /^x1:/)
    assert.match(found.trace, /thread \d/)
  }
})
