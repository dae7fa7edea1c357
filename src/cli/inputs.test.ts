import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openInputs } from './inputs.ts'

const folder = mkdtempSync(join(tmpdir(), 'atonce-inputs-'))
after(() => rmSync(folder, { recursive: true }))
const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

async function read(sources: readonly string[], as?: 'bytes' | 'text' | 'path') {
  const { items, count } = await openInputs(sources, as)
  return { items: await Array.fromAsync(items), count }
}

test('a list gives its items, any other value is one input', async () => {
  assert.deepEqual(await read(['[1, [2, 3], null]']), { items: [1, [2, 3], null], count: 3 })
  assert.deepEqual(await read(['{"n": 1}']), { items: [{ n: 1 }], count: 1 })
  assert.deepEqual(await read(['"text"']), { items: ['text'], count: 1 })
})

test('a .json file is read like JSON that is typed', async () => {
  assert.deepEqual(await read([write('list.json', '[1,\n2]')]), { items: [1, 2], count: 2 })
})

test('a .ndjson file gives one input a line and skips blank lines', async () => {
  assert.deepEqual(await read([write('lines.ndjson', '1\r\n\n[2,3]\n"x"')]), {
    items: [1, [2, 3], 'x'],
    count: 3,
  })
})

test('files give their bytes, their text or their path, in the order of their names', async () => {
  const [a, b] = [write('a.txt', 'A'), write('b.txt', 'B')]
  const pattern = join(folder, '*.txt')
  assert.deepEqual(await read([pattern]), { items: [new Uint8Array([65]), new Uint8Array([66])], count: 2 })
  assert.deepEqual((await read([pattern], 'text')).items, ['A', 'B'])
  assert.deepEqual((await read([pattern], 'path')).items, [a, b])
})

test('a file whose name looks like JSON is a file', async () => {
  const before = process.cwd()
  process.chdir(folder)
  try {
    write('42', 'x')
    assert.deepEqual((await read(['42'], 'text')).items, ['x'])
  } finally {
    process.chdir(before)
  }
})

test('several sources follow one another', async () => {
  assert.deepEqual(await read(['[1, 2]', '3']), { items: [1, 2, 3], count: 3 })
})
