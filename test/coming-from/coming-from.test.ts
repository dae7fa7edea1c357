/**
 * Each program of another library or language prints what the one here prints, where it can be run.
 * All of them: `npm run coming-from`.
 */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { blocksOf, pages, textOf } from '../examples.ts'
import { missingOf, outputsOf, pairs } from './pairs.ts'

for (const pair of pairs)
  test(`${pair.page}: ${pair.theirs.file} and ${pair.ours} print the same`, {
    timeout: 300_000,
    skip: missingOf(pair) ?? false,
  }, async () => {
    const { theirs, ours } = await outputsOf(pair)
    assert.equal(ours, theirs)
    assert.notEqual(theirs, '')
  })

test('each page for those who come from elsewhere has a program of theirs, and the same one here', () => {
  const coming = pages.filter(page => /coming-from-(?!pools)/.test(page))
  assert.ok(coming.length >= 10)
  for (const page of coming) {
    const own = pairs.filter(pair => pair.page === page)
    assert.ok(own.length > 0, page)
    for (const { ours } of own)
      assert.ok(
        blocksOf(textOf(page)).some(({ file }) => file === ours),
        `${page}: ${ours}`,
      )
  }
})

test('the library of each program is pinned as bench/ pins it', () => {
  const { dependencies } = JSON.parse(textOf('bench/package.json')) as {
    dependencies: Readonly<Record<string, string>>
  }
  for (const { theirs, library } of pairs)
    if (library !== undefined && theirs.file.endsWith('.mjs'))
      assert.equal(dependencies[library.name], library.version)
})
