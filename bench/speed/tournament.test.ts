import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Case, NotOffered } from './case.ts'
import type { RivalEntry } from './rival.ts'
import { tournament } from './tournament.ts'

const rivals: RivalEntry[] = ['a', 'b', 'c'].map(name => ({ name, kind: 'library', model: 'threads' }))
const unlimited = Number.POSITIVE_INFINITY

test('contenders play forwards and backwards by turns', async () => {
  const order: string[] = []
  await tournament({
    cases: [caseOf('one', { rounds: 2 })],
    rivals,
    budgetMs: unlimited,
    measure: async (_, { name }) => {
      order.push(name)
      return { value: 1 }
    },
  })
  assert.equal(order.join(''), 'abccba')
})

test('several turns in a round are samples of their own', async () => {
  const { played } = await tournament({
    cases: [caseOf('one', { rounds: 2, turnsPerRound: 2 })],
    rivals,
    budgetMs: unlimited,
    measure: async () => ({ value: 1 }),
  })
  assert.deepEqual(
    played[0]?.standings.map(({ samples }) => samples.length),
    [4, 4, 4],
  )
})

test('a contender on one event loop plays the cases that ask for what it brings, one with workers the others', async () => {
  const { rounds, ...loopCase } = { ...caseOf('loop', { rounds: 1 }), asks: 'pass' as const }
  const { played } = await tournament({
    cases: [caseOf('workers', { rounds }), { ...loopCase, rounds, measure: async () => ({ value: 1 }) }],
    rivals: [
      { name: 'with workers', kind: 'library', model: 'threads' },
      { name: 'other', kind: 'library', model: 'coroutines', brings: ['map'] },
      { name: 'queue', kind: 'library', model: 'coroutines', brings: ['map', 'pass'] },
    ],
    budgetMs: unlimited,
    measure: async () => ({ value: 1 }),
  })
  assert.deepEqual(
    played.map(({ standings }) => standings.map(({ rival: { name } }) => name)),
    [['with workers'], ['queue']],
  )
})

test('who fails in a case is out of that case, and of no other', async () => {
  const { played } = await tournament({
    cases: [caseOf('one', { rounds: 2 }), caseOf('two', { rounds: 2 })],
    rivals,
    budgetMs: unlimited,
    measure: async ({ name: caseName }, { name }) => {
      if (caseName === 'one' && name === 'b') throw new Error('broken')
      if (caseName === 'one' && name === 'c') throw new NotOffered('not there')
      return { value: 1 }
    },
  })
  const [one, two] = played.map(({ standings }) => standings)
  assert.deepEqual(
    one?.map(({ samples }) => samples.length),
    [2, 0, 0],
  )
  assert.deepEqual(
    one?.map(({ ended }) => ended),
    [undefined, { failed: true, why: 'broken' }, { failed: false, why: 'not there' }],
  )
  assert.deepEqual(
    two?.map(({ samples }) => samples.length),
    [2, 2, 2],
  )
})

test('when the time is used up, everything has been played once', async () => {
  const { played } = await tournament({
    cases: [caseOf('one', { rounds: 4 }), caseOf('two', { rounds: 4 })],
    rivals,
    budgetMs: 0,
    measure: async () => ({ value: 1 }),
  })
  for (const { standings } of played)
    assert.deepEqual(
      standings.map(({ samples }) => samples.length),
      [1, 1, 1],
    )
})

test('a disturbed sample is taken again once, and the quieter of both counts', async () => {
  const loads = [
    { ownCores: 1, foreignCores: 900 },
    { ownCores: 1, foreignCores: 800 },
  ]
  const { played, again } = await tournament({
    cases: [caseOf('one', { rounds: 1 })],
    rivals: rivals.slice(0, 1),
    budgetMs: unlimited,
    measure: async () => ({ value: loads.length, ...loads.shift() }),
  })
  assert.equal(again, 1)
  assert.deepEqual(played[0]?.standings[0]?.samples, [{ value: 1, ownCores: 1, foreignCores: 800 }])
})

test('a machine that is always busy gets no more than one second try for six samples', async () => {
  const { samples, again } = await tournament({
    cases: [caseOf('one', { rounds: 20 })],
    rivals,
    budgetMs: unlimited,
    measure: async () => ({ value: 1, ownCores: 1, foreignCores: 900 }),
  })
  assert.equal(samples, 60)
  assert.equal(again, 10)
})

function caseOf(name: string, how: { rounds: number; turnsPerRound?: number }): Case {
  return {
    name,
    title: name,
    unit: 'ms',
    better: 'lower',
    cpuPer: 'run',
    plays: () => true,
    observe: async () => ({ value: 1 }),
    ...how,
  }
}
