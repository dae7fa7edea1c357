import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { threads } from '../../src/index.ts'
import { factorsFrom, runLadder } from './ladder.ts'
import { multiplyBandByKept } from './tasks.ts'

test('by a queue, by map and as completed, the product is the known one', {
  timeout: 60_000,
}, async () => {
  const { tried, sha } = await runLadder(factorsFrom(['50']), 2, 0)
  assert.deepEqual(
    tried.map(({ name }) => name),
    [
      'serial',
      'queue, B to each worker',
      'map, B with each band',
      'map, B by initialize',
      'completed, B by initialize',
    ],
  )
  assert.equal(sha, 'b4f1d4c9b6bfcadb') // By Python.
})

test('matrices come from two files, if they are square and of the same order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-matrices-'))
  const file = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  try {
    const [a, b] = [file('a.txt', '1 2\n3 4\n'), file('b.txt', '5,6\n\n7,8\n')]
    const factors = factorsFrom([a, b])
    assert.deepEqual([factors.a, factors.b], [Float64Array.of(1, 2, 3, 4), Float64Array.of(5, 6, 7, 8)])
    await runLadder(factors, 2, 0)
    assert.throws(
      () => factorsFrom([a, file('long.txt', '1 2 3\n4 5 6')]),
      /square matrices of the same order/,
    )
    assert.throws(() => factorsFrom([a, file('word.txt', '1 2\n3 many')]), /word\.txt, line 2: many is not/)
    assert.throws(() => factorsFrom([a, file('large.txt', '1 2\n3 9e9')]), /above 2\^31/)
    assert.throws(() => factorsFrom([a, file('none.txt', '\n')]), /none\.txt has no numbers/)
    assert.throws(() => factorsFrom(['many']), /order of the matrices takes a whole number/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a worker that was not given B says what gives it', async () => {
  await using pool = threads({ workers: 1 })
  await assert.rejects(pool.run(multiplyBandByKept, Float64Array.of(1)), /initialize: \[keepFactor, b, n\]/)
})
