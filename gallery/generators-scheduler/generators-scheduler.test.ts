import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { routine, routineNames } from './routines.ts'
import { takeTurns } from './scheduler.ts'
import { pauseByAwaiting, pauseByBlocking } from './tasks.ts'
import { generatorsScheduler } from './workload.ts'

test('the scheduler gives each routine one step in turn, and goes on when one has ended', () => {
  const steps: string[] = []
  takeTurns(
    new Map([
      ['a', [1, 2, 3].values()],
      ['b', [1].values()],
      ['c', [1, 2].values()],
    ]),
    (name, value) => steps.push(`${name}${value}`),
  )
  assert.deepEqual(steps, ['a1', 'b1', 'c1', 'a2', 'c2', 'a3'])
})

test('the three routines give the numbers, squares and primes of the workshop', () => {
  const [numbers, squares, primes] = routineNames.map(name => [...routine(name, 10, 50)])
  assert.deepEqual([numbers?.length, numbers?.[0], numbers?.at(-1)], [41, 10, 50])
  assert.deepEqual([squares?.length, squares?.[0], squares?.at(-1)], [41, 100, 2_500])
  assert.deepEqual(primes, [11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47])
})

test('no even number but 2 is prime', () => {
  assert.deepEqual([...routine('primes', 0, 10)], [2, 3, 5, 7])
})

/** How many turns the event loop takes while `body` goes on. */
async function turnsDuring(body: () => unknown): Promise<number> {
  let [turns, over] = [0, false]
  const work = Promise.resolve(body()).then(() => {
    over = true
  })
  while (!over) {
    await turn()
    if (!over) turns += 1
  }
  await work
  return turns
}

test('a pause that blocks lets the event loop take no turn, one that is awaited lets it take many', async () => {
  assert.ok((await turnsDuring(() => pauseByBlocking(20))) <= 1)
  assert.ok((await turnsDuring(() => pauseByAwaiting(20))) > 1)
})

test('a tally that is off by one does not pass the check', () => {
  const size = generatorsScheduler.sizes.S
  const answer = generatorsScheduler.serial(size) as { count: number; sum: number; last: number }[]
  assert.equal(generatorsScheduler.check(answer, size).ok, true)
  for (const [nth, tally] of answer.entries())
    assert.equal(
      generatorsScheduler.check(answer.with(nth, { ...tally, sum: tally.sum + 1 }), size).ok,
      false,
    )
})
