import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPrime } from './fixtures/tasks.ts'
import { type Decision, Knowledge } from './knowledge.ts'

const here: Decision = { lane: 'here', way: 'a plain loop', confidence: 'sure', reasons: [] }

/** Learns of so many calls, each of which took so long. */
function learn(knowledge: Knowledge, calls: number, wallMs: number): void {
  for (let call = 0; call < calls; call += 1)
    knowledge.learn({ calls: 1, wallMs, longestMs: wallMs, cpuMs: wallMs, returnsPromise: false })
}

test('items that grow a hundredfold, or shrink, are worth a new decision after six of them, and only then', () => {
  const knowledge = new Knowledge(isPrime)
  learn(knowledge, 60, 0.05)
  knowledge.decided(1_000, here, 10)
  learn(knowledge, 6, 0.06)
  assert.deepEqual([knowledge.hasBecomeDearer(2_000), knowledge.hasBecomeCheaper(2_000)], [false, false])
  learn(knowledge, 6, 5)
  assert.deepEqual([knowledge.hasBecomeDearer(2_000), knowledge.hasBecomeCheaper(2_000)], [true, false])
  assert.equal(knowledge.hasBecomeDearer(1_010), false) // A decision stands for a while.
  knowledge.decided(2_000, { ...here, lane: 'threads' }, 10)
  learn(knowledge, 6, 0.05)
  assert.deepEqual([knowledge.hasBecomeDearer(3_000), knowledge.hasBecomeCheaper(3_000)], [false, true])
  assert.equal(knowledge.decisions, 2)
})

test('what is predicted after a drift follows the new items, not those that were more', () => {
  const knowledge = new Knowledge(isPrime)
  learn(knowledge, 5_000, 0.05)
  knowledge.decided(1_000, here, 10)
  learn(knowledge, 10, 5)
  assert.equal(knowledge.profile().wallMs, 5)
})

test('one call that was held up a hundredfold changes nothing', () => {
  const knowledge = new Knowledge(isPrime)
  learn(knowledge, 60, 0.05)
  knowledge.decided(1_000, here, 10)
  learn(knowledge, 3, 0.05)
  learn(knowledge, 1, 5)
  learn(knowledge, 2, 0.05)
  assert.equal(knowledge.hasBecomeDearer(2_000), false)
})

test('a map that is far longer than the one that was decided for is looked at again', () => {
  const knowledge = new Knowledge(isPrime)
  learn(knowledge, 60, 0.05)
  knowledge.decided(1_000, here, 20)
  assert.deepEqual(
    [60, 81].map(leftMs => knowledge.hasMoreToDo(2_000, leftMs)),
    [false, true],
  )
  assert.equal(knowledge.hasMoreToDo(1_010, 5_000), false)
})
