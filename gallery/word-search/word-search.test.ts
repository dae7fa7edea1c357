import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { texts, vocabulary } from './files.ts'
import { type Hit, searchFile } from './search.ts'
import { wordSearch } from './workload.ts'

function hitsIn(text: string, words: readonly string[]): Hit[] {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-word-search-'))
  try {
    writeFileSync(join(folder, 'file.txt'), text)
    return searchFile(join(folder, 'file.txt'), words)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('words are found in any letters, with their line, and only whole', () => {
  const text = 'Baba, lomi-BABA.\nbabas xbaba\n\nlomi'
  assert.deepEqual(hitsIn(text, ['baba', 'lomi']), [
    [1, 0],
    [1, 1],
    [1, 0],
    [4, 1],
  ])
})

test('the vocabulary has 3600 words, each once', () => {
  assert.equal(new Set(vocabulary).size, 3_600)
  assert.deepEqual([vocabulary[0], vocabulary[3_599]], ['baba', 'tutu'])
})

test('a text has 400 lines of ten words', () => {
  const [text = ''] = texts()
  const lines = text.trimEnd().split('\n')
  assert.equal(lines.length, 400)
  for (const line of lines) assert.equal(line.split(/, |-| /).length, 10, line)
})

test('a hit that is missing, moved or another word does not pass the check', () => {
  const size = wordSearch.sizes.S
  const answer = wordSearch.serial(size) as Hit[][]
  assert.equal(wordSearch.check(answer, size).ok, true)
  const [[[line, word] = [0, 0], ...others] = [], ...rest] = answer
  for (const changed of [
    others,
    [[line + 1, word] as const, ...others],
    [[line, 1 - word] as const, ...others],
  ])
    assert.equal(wordSearch.check([changed as Hit[], ...rest], size).ok, false)
})
