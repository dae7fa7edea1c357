/** The suite itself can fail: each way of going wrong is found, and called by its name. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type CaseResult, playCase } from './case.ts'
import type { ProblemKind } from './observation.ts'
import { alive } from './process-table.ts'
import type { Row } from './row.ts'
import { allRows, groups } from './rows/all.ts'
import { broken, type Defect } from './subjects/broken.ts'
import { damagesOf, passed } from './verdict.ts'

/** Long enough for a fake pool in the same program, however busy the machine. */
const limitMs = 2_000

async function play(row: string, defect: Defect): Promise<CaseResult> {
  return playCase(allRows.find(({ name }) => name === row) as Row, broken(defect), limitMs)
}

function kinds(result: CaseResult): ProblemKind[] {
  return result.problems.map(({ kind }) => kind)
}

suite('the fault suite', { concurrency: 2 }, () => {
  test('a pool without defects passes', async () => {
    const result = await play('cross-undefined', 'none')
    assert.deepEqual(result.problems, [])
    assert.ok(passed(result))
    assert.deepEqual(
      result.observations.map(({ slot, seen }) => [slot, seen]),
      [
        ['running', 'ok'],
        ['queued', 'ok'],
        ['later', 'ok'],
        ['close', 'ok'],
      ],
    )
  })

  test('a call that never settles is a hang, and so is every later one', async () => {
    const result = await play('cross-undefined', 'hangs')
    assert.deepEqual(kinds(result), ['hang', 'hang', 'hang'])
    assert.deepEqual(damagesOf(result), ['task hangs', 'queued hangs', 'later hangs'])
    assert.ok(!passed(result))
  })

  test('a queued call that never settles is told from a running one', async () => {
    assert.deepEqual(damagesOf(await play('cross-undefined', 'queued hangs')), ['queued hangs'])
  })

  test('a failure that comes back as a result is swallowed', async () => {
    const result = await play('throw-string', 'swallows')
    assert.ok(kinds(result).includes('swallowed'))
    assert.ok(damagesOf(result).includes('wrong value'))
  })

  test('a value that comes back as another is corrupted', async () => {
    for (const row of [
      'cross-undefined',
      'cross-map-and-set',
      'cross-numbers',
      'send-nested-function',
      'send-class-instance',
    ]) {
      const result = await play(row, 'corrupts')
      assert.deepEqual(kinds(result), ['corrupted'], row)
    }
  })

  test('a call that fails without need is refused, which is not damage', async () => {
    const result = await play('cross-undefined', 'refuses')
    assert.deepEqual(kinds(result), ['refused', 'refused', 'refused'])
    assert.deepEqual(damagesOf(result), [])
    assert.ok(!passed(result))
  })

  test('an error of another class than declared does not pass', async () => {
    assert.ok(kinds(await play('exit-zero', 'refuses')).includes('wrong error'))
  })

  test('a close() that never ends is a hang', async () => {
    assert.deepEqual(damagesOf(await play('cross-undefined', 'close hangs')), ['close hangs'])
  })

  test('a close() that takes longer than its grace is late', async () => {
    assert.deepEqual(kinds(await play('cross-undefined', 'close is late')), ['late'])
  })

  test('a main program that dies is seen, with its last words', async () => {
    const result = await play('cross-undefined', 'dies')
    assert.ok(kinds(result).includes('main died'))
    assert.match(result.problems.at(-1)?.text ?? '', /exit 1: .*nobody listens/)
  })

  test('a main program that does not end by itself lingers', async () => {
    assert.deepEqual(kinds(await play('cross-undefined', 'lingers')), ['lingers'])
  })

  test('a process that outlives the main program is an orphan, and is ended by the suite', async () => {
    const result = await play('cross-undefined', 'orphans')
    assert.deepEqual(kinds(result), ['orphan'])
    assert.deepEqual(alive(result.orphans), [])
  })

  test('every fault has a name of its own, and every group some in the short form', () => {
    const names = allRows.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
    assert.ok(names.length >= 60)
    for (const { title, rows } of groups)
      assert.ok(
        rows.some(({ short }) => short),
        title,
      )
  })
})
