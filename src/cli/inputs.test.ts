import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { linesOf } from './inputs/text.ts'
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

test('JSON that is typed may be of any length, far longer than a name of a file', async () => {
  const numbers = Array.from({ length: 20_000 }, (_, n) => n)
  assert.deepEqual(await read([JSON.stringify(numbers)]), { items: numbers, count: numbers.length })
  await assert.rejects(read([`[${'1,'.repeat(5_000)}`]), {
    message: /^--input "\[1,1,\S{50,70}…" is broken JSON\. Quote it/,
  })
  await assert.rejects(read(['x'.repeat(5_000)]), {
    message: /^No such file: x{59}…\. It is not a JSON value/,
  })
})

test('a byte-order mark says how a file is written, and is not a part of it', async () => {
  const forms: readonly [name: string, encode: (text: string) => Buffer][] = [
    ['utf-8', text => Buffer.from(`\uFEFF${text}`)],
    ['utf-16le', text => Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['utf-16be', text => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
  ]
  for (const [form, encode] of forms) {
    const file = (end: string, text: string) => {
      const path = join(folder, `${form}.${end}`)
      writeFileSync(path, encode(text))
      return path
    }
    assert.deepEqual((await read([file('json', '["ä", 2]')])).items, ['ä', 2], form)
    assert.deepEqual((await read([file('ndjson', '"ä"\r\n2\r\n')])).items, ['ä', 2], form)
    assert.deepEqual((await read([file('txt', 'ä')], 'text')).items, ['ä'], form)
  }
  assert.deepEqual((await read(['\uFEFF[1]'])).items, [1])
})

test('only a line feed ends a line of NDJSON, and a character may lie in two chunks', async () => {
  const text = '"a\u2028b"\n"ä€"\n\n"end"'
  const bytes = Buffer.from(text)
  for (const size of [1, 2, 5, bytes.length]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
      bytes.subarray(n * size, (n + 1) * size),
    )
    const lines = await Array.fromAsync(linesOf(asyncly(chunks)))
    assert.deepEqual(lines, text.split('\n'))
  }
  assert.deepEqual(await Array.fromAsync(linesOf(asyncly([]))), [])
})

async function* asyncly<T>(items: readonly T[]): AsyncGenerator<T, void, void> {
  yield* items
}
