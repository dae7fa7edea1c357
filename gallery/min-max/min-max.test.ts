import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { extremesOf } from './extremes.ts'
import { randomFiles } from './files.ts'
import { minMax } from './workload.ts'

function extremesIn(text: string): readonly number[] {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-min-max-'))
  try {
    writeFileSync(join(folder, 'file.txt'), text)
    return extremesOf(join(folder, 'file.txt'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('the extremes of a file are found wherever they stand, with or without a line end at its end', () => {
  assert.deepEqual(extremesIn('5\n17\n3\n'), [3, 17])
  assert.deepEqual(extremesIn('17\r\n5\r\n3'), [3, 17])
  assert.deepEqual(extremesIn('0\n'), [0, 0])
})

test('the first file is the one that Python draws', () => {
  const [first] = randomFiles()
  assert.match(first ?? '', /^476677\n710338\n452774\n986702\n354685\n/)
  assert.equal(first?.trimEnd().split('\n').length, 1_000)
})

test('an answer that is off by one does not pass the check', () => {
  const size = minMax.sizes.S
  const answer = minMax.serial(size) as { minima: number; maxima: number; least: number; greatest: number }
  assert.equal(minMax.check(answer, size).ok, true)
  for (const part of ['minima', 'maxima', 'least', 'greatest'] as const)
    assert.equal(minMax.check({ ...answer, [part]: answer[part] + 1 }, size).ok, false, part)
})
