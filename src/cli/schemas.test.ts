import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const guide = readFileSync(new URL('../../docs/guide/command-line.md', import.meta.url), 'utf8')

const written = new Set(
  globSync(`${here}**/*.ts`)
    .filter(path => !path.endsWith('.test.ts'))
    .flatMap(path => [...readFileSync(path, 'utf8').matchAll(/schema: '(atonce\.[a-z-]+\/\d+)'/g)])
    .map(([, schema]) => schema as string),
)

test('each document that a command writes has a schema that the guide tells about', () => {
  assert.ok(written.size > 10)
  for (const schema of written) assert.ok(guide.includes(`\`${schema}\``), schema)
})

test('the guide tells about no schema that no command writes', () => {
  for (const [, schema] of guide.matchAll(/`(atonce\.[a-z-]+\/\d+)`/g))
    assert.ok(written.has(schema as string), schema)
})
