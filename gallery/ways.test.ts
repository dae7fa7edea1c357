import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tableOf, tryWays, type Way } from './ways.ts'

test('ways run in turns, each work after its own preparation, and every answer is checked', async () => {
  const seen: string[] = []
  const way = (name: string): Way<string> => ({
    name,
    prepare() {
      seen.push(`${name} is prepared`)
      return () => `${name}'s answer`
    },
  })
  const tried = await tryWays([way('one'), way('other')], 1, answer => seen.push(answer))
  const round = ['one is prepared', "one's answer", 'other is prepared', "other's answer"]
  assert.deepEqual(seen, [...round, ...round]) // The first is not counted.
  assert.deepEqual(
    tried.map(({ name }) => name),
    ['one', 'other'],
  )
})

test('a wrong answer ends the run with the error of its check', async () => {
  const wrong: Way<number> = { name: 'wrong', prepare: () => () => 2 }
  const check = (answer: number, way: string) => assert.equal(answer, 1, way)
  await assert.rejects(tryWays([wrong], 1, check), /wrong/)
})

test('the table tells how many times as fast as the first each way is, and how many cores are busy', () => {
  const table = tableOf([
    { name: 'serial', prepareMs: 0, workMs: 10, cpuMs: 10 },
    { name: 'shared', prepareMs: 1, workMs: 4, cpuMs: 8 },
  ])
  assert.deepEqual(table.split('\n').slice(1), [
    'serial      0.0 ms     10.0 ms   1.00             1.00',
    'shared      1.0 ms      4.0 ms   2.50             2.00',
  ])
})
