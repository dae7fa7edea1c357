import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ScalePoint, Scaling } from '../measure.ts'
import { atonce } from './fixtures/command.ts'
import { assertDocumented } from './fixtures/documented.ts'
import { parseNumbers } from './option-values.ts'
import { culpritSentence, lawsOf, lostTo, sentenceOf } from './scale/words.ts'

const tasks = fileURLToPath(new URL('../choose/fixtures/tasks.ts', import.meta.url))
const inputs = JSON.stringify(new Array(8).fill(30_000))

test('scale writes a document of its schema, a report and a picture', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-scale-'))
  try {
    const [report, picture] = [join(folder, 'scale.html'), join(folder, 'scale.svg')]
    const { code, stdout, stderr } = await atonce([
      ...['scale', `${tasks}#sieve`, '--input', inputs, '--workers', '1,2', '--runs', '3'],
      ...['--json', '--accept-undecided', '--report', report, '--picture', picture],
    ])
    assert.deepEqual([code, stderr], [0, ''])
    const document = JSON.parse(stdout)
    assert.deepEqual([document.schema, document.items, document.rounds], ['atonce.scale/1', 8, 3])
    assert.deepEqual(
      document.points.map(({ workers }: { workers: number }) => workers),
      [1, 2],
    )
    assert.match(document.sentence, /worker/)
    assertDocumented(document)
    assert.match(readFileSync(report, 'utf8'), /<!DOCTYPE html>.*Speed-up.*<\/html>/s)
    assert.match(readFileSync(picture, 'utf8'), /^<svg(?!.*var\(--).*<\/svg>\n$/s)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('numbers of workers are a range or a list', () => {
  assert.deepEqual(parseNumbers('1..8'), [1, 2, 3, 4, 6, 8])
  assert.deepEqual(parseNumbers('3..7'), [3, 4, 6, 7])
  assert.deepEqual(parseNumbers('1,2,4'), [1, 2, 4])
  for (const wrong of ['', '0', '1..', 'two', '1,,2']) assert.throws(() => parseNumbers(wrong), /1\.\.8/)
})

const nothing = {
  'main thread': 0,
  copying: 0,
  garbage: 0,
  tail: 0,
  lock: 0,
  memory: 0,
  cores: 0,
  waiting: 0,
}

function point(workers: number, ms: number, more: Partial<ScalePoint> = {}): ScalePoint {
  const speedUp = 100 / ms
  return {
    workers,
    wallMs: { median: ms, low: ms, high: ms },
    samplesMs: [ms],
    speedUp: { median: speedUp, low: speedUp, high: speedUp },
    efficiency: speedUp / workers,
    karpFlatt: undefined,
    losses: nothing,
    culprit: undefined,
    ...more,
  }
}

function scaling(points: readonly ScalePoint[], more: Partial<Scaling> = {}): Scaling {
  return {
    task: 'render',
    items: 10,
    rounds: 5,
    loopMs: { median: 90, low: 90, high: 90 },
    points,
    best: 1,
    culprit: undefined,
    amdahl: undefined,
    usl: undefined,
    before: { foreignCores: 0, waitedMs: 0, quiet: true },
    foreignCores: 0,
    disturbed: false,
    ...more,
  }
}

test('words name the best number, what is lost, and how far the figures reach', () => {
  const losses = { ...nothing, tail: 0.3, copying: 0.04, lock: 0.01 }
  const shown = scaling([point(1, 100), point(4, 30, { losses, culprit: 'tail' })], {
    best: 4,
    culprit: 'tail',
  })
  assert.match(
    sentenceOf(shown),
    /^4 workers are best: 3\.33×.* 83 % of the ideal, and 3\.00× as fast as a plain loop\.$/,
  )
  assert.match(culpritSentence(shown) ?? '', /^With 4 workers most is lost to the tail.*30 %.*come first/)
  assert.equal(lostTo(losses), 'tail 30 %, copying 4 %')
  assert.equal(lostTo(nothing), 'nothing')
  assert.match(
    sentenceOf(scaling([point(1, 100), point(2, 99)])),
    /no other number up to 2 is shown to be faster/,
  )
  assert.match(sentenceOf(scaling([point(1, 100)], { disturbed: true })), /says little/)
  assert.match(lawsOf(shown).join(), /not fitted/)
})

test('no peak is told beyond twice what was measured', () => {
  const part = { median: 0.01, low: 0.009, high: 0.011 }
  const usl = { contention: part, coherency: part, single: 1, peak: { median: 90, low: 80, high: 100 } }
  const points = [1, 2, 3, 4, 6, 8].map(workers => point(workers, 100 / workers))
  assert.match(lawsOf(scaling(points, { usl })).join(), /beyond twice what was measured \(16\)/)
  const near = { ...usl, peak: { median: 12, low: 11, high: 13 } }
  assert.match(lawsOf(scaling(points, { usl: near })).join(), /peaks at 12 workers \[11–13\]/)
})
