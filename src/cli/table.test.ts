import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { comparisonOf } from './compare/comparison.ts'
import { Contender, plainLoop } from './compare/contender.ts'
import { screenOf } from './compare/screen.ts'
import type { Subject } from './compare/subject.ts'
import { table, wrapped } from './table.ts'

const longest = (text: string) =>
  Math.max(
    ...stripVTControlCharacters(text)
      .split('\n')
      .map(line => line.length),
  )

test('a table that is too wide leaves out what it may, in the order that its columns say', () => {
  const columns = [{ title: 'name' }, { title: 'first to go', drop: 1 }, { title: 'next', drop: 2 }]
  const rows = [['a', 'b', 'c'.repeat(10)]]
  const titles = (width: number) =>
    stripVTControlCharacters(table(columns, rows, width))
      .split('\n')[0]
      ?.split(/ {2,}/)
  assert.deepEqual(titles(80), ['name', 'first to go', 'next'])
  assert.deepEqual(titles(16), ['name', 'next'])
  assert.deepEqual(titles(15), ['name'])
  assert.deepEqual(titles(3), ['name'])
})

test('a comparison fits a terminal of 80 columns, whatever its figures', () => {
  const contenders = ([plainLoop, 'coroutines', 'threads', 'processes'] as const).map((model, nth) => {
    const contender = new Contender(model, () => ({ workers: 128 }) as never)
    Object.defineProperty(contender, 'workers', { value: 128 })
    contender.answer = { ok: true, shows: '42' }
    contender.peakBytes = 12_345_678_901
    for (let run = 0; run < 6; run += 1) {
      const wallMs = 123_456 * (1 + run / 10) * (nth + 1)
      const cpu = { cpuMs: 9_876_543, userMs: 9_876_543, systemMs: 0 }
      contender.runs.push({ wallMs, ...cpu, foreignMs: 0, companionsMs: 0, peakBytes: 1 })
    }
    return contender
  })
  const comparison = comparisonOf(contenders, 128)
  const subject = { title: 'work', kind: 'task', name: 'work' } as Subject
  const verdict = { kind: 'faster', use: 'threads', sentence: 'Threads.', next: 'npx' } as const
  const shown = {
    subject,
    comparison,
    verdict,
    learnt: undefined,
    chooser: undefined,
    picture: undefined,
    pictureFile: undefined,
  }
  const screen = screenOf(shown)
  assert.ok(longest(screen) <= 80, `${longest(screen)}:\n${screen}`)
  assert.match(screen, /threads ×128 .*× \[/)
})

test('words are wrapped between them', () => {
  assert.deepEqual(wrapped('one two three four', 8), ['one two', 'three', 'four'])
  assert.deepEqual(wrapped('incomprehensibilities', 8), ['incomprehensibilities'])
})
