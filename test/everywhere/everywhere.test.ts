/**
 * The matrix can be played and can fail, and its page is what it says. The whole of it:
 * `npm run everywhere`.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { root } from '../shipping/project.ts'
import { pageOf } from './page.ts'
import { play } from './play.ts'
import { esm } from './program.ts'
import { nameOf, type Row } from './row.ts'
import { rows } from './rows.ts'

const below = mkdtempSync(join(tmpdir(), 'atonce-everywhere-'))
after(() => rmSync(below, { recursive: true, force: true }))

const plain: Row = {
  tool: 'Node',
  how: 'as it runs this test',
  group: 'Runtimes',
  tools: {},
  files: esm,
  runs: ['node main.ts'],
}

test('each row has a name of its own, and pins what it needs', () => {
  assert.equal(new Set(rows.map(nameOf)).size, rows.length)
  for (const { tools, how } of rows)
    for (const [name, version] of Object.entries(tools))
      assert.match(version, /^\d+\.\d+\.\d+$/, `${how}: ${name}`)
})

test('the page shows the rows as they are: write it anew with npm run everywhere -- --write', () => {
  const page = readFileSync(join(root, 'docs/guide/runs-on.md'), 'utf8')
  const [, node = ''] = /Played on Node (\S+),/.exec(page) ?? []
  assert.equal(page, pageOf(rows, node))
})

test('a row whose program counts right is right', { timeout: 120_000 }, async () => {
  assert.equal((await play(plain, below)).wrong, undefined)
})

test('a row whose workers run the source beside what was built is wrong', { timeout: 120_000 }, async () => {
  const beside: Row = {
    ...plain,
    how: 'with the source beside it',
    files: { ...esm, 'out/main.mjs': `await import('file://${join(below, 'no tools', 'main.ts')}')\n` },
    built: 'out',
    runs: ['node main.mjs'],
  }
  assert.match((await play(beside, below)).wrong ?? '', /the source/)
})

test('a row that does not build says what the tool said', async () => {
  const { wrong } = await play({ ...plain, builds: ['node no-such-file.js'] }, below)
  assert.match(wrong ?? '', /It does not build[\s\S]*Cannot find module/)
})
