import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPrime } from './fixtures/tasks.ts'
import { type Decision, Knowledge } from './knowledge.ts'

const here: Decision = { lane: 'here', way: 'a plain loop', confidence: 'sure', reasons: [] }

const left = { ms: 10, calls: 100 }

/** Learns of so many calls, each of which took so long. */
function learn(knowledge: Knowledge, calls: number, wallMs: number): void {
  for (let call = 0; call < calls; call += 1)
    knowledge.learn({ calls: 1, wallMs, longestMs: wallMs, cpuMs: wallMs, returnsPromise: false })
}

test('items that grow a hundredfold, or shrink, are worth a new decision after six of them, and only then', () => {
  const knowledge = new Knowledge(isPrime)
  learn(knowledge, 60, 0.05)
  knowledge.decided(1_000, here, left)
  learn(knowledge, 6, 0.06)
  assert.deepEqual([knowledge.hasBecomeDearer(2_000), knowledge.hasBecomeCheaper(2_000)], [false, false])
  learn(knowledge, 6, 5)
  assert.deepEqual([knowledge.hasBecomeDearer(2_000), knowledge.hasBecomeCheaper(2_000)], [true, false])
  assert.equal(knowledge.hasBecomeDearer(1_010), false) // A decision stands for a while.
  knowledge.decided(2_000, { ...here, lane: 'threads' }, left)
  learn(knowledge, 6, 0.05)
  assert.deepEqual([knowledge.hasBecomeDearer(3_000), knowledge.hasBecomeCheaper(3_000)], [false, true])
  assert.equal(knowledge.decisions, 2)
})

test('what is predicted after a drift follows the new items, not those that were more', () => {
  const knowledge = new Knowledge(isPrime)
  learn(knowledge, 5_000, 0.05)
  knowledge.decided(1_000, here, left)
  learn(knowledge, 10, 5)
  assert.equal(knowledge.profile().wallMs, 5)
})

test('one call that was held up a hundredfold changes nothing', () => {
  const knowledge = new Knowledge(isPrime)
  learn(knowledge, 60, 0.05)
  knowledge.decided(1_000, here, left)
  learn(knowledge, 3, 0.05)
  learn(knowledge, 1, 5)
  learn(knowledge, 2, 0.05)
  assert.equal(knowledge.hasBecomeDearer(2_000), false)
})

test('a map that is far longer than the one that was decided for is looked at again', () => {
  const knowledge = new Knowledge(isPrime)
  learn(knowledge, 60, 0.05)
  knowledge.decided(1_000, here, { ms: 20, calls: 400 })
  assert.deepEqual(
    [60, 81].map(leftMs => knowledge.hasMoreToDo(2_000, leftMs)),
    [false, true],
  )
  assert.equal(knowledge.hasMoreToDo(1_010, 5_000), false)
})

test('the same items that come again count as another time; other items begin anew', () => {
  const knowledge = new Knowledge(isPrime)
  learn(knowledge, 10, 6)
  knowledge.decided(1_000, here, { ms: 300, calls: 50 })
  learn(knowledge, 49, 6)
  assert.equal(knowledge.hasComeAgain(2_000), false)
  learn(knowledge, 1, 6)
  assert.deepEqual([knowledge.hasComeAgain(2_000), knowledge.hasComeAgain(1_010)], [true, false])
  knowledge.lookBack()
  knowledge.decided(2_000, here, { ms: 300, calls: 50 })
  assert.deepEqual([knowledge.times, knowledge.changes], [2, 0])
  learn(knowledge, 60, 60)
  knowledge.lookBack()
  assert.equal(knowledge.times, 1)
  // Single calls are not a map that comes again.
  knowledge.decided(3_000, here, { ms: 0, calls: 0 })
  learn(knowledge, 60, 60)
  assert.equal(knowledge.hasComeAgain(4_000), false)
})

test('what one more item costs is the mean of the calls, not of the jobs, without the cold one', () => {
  const knowledge = new Knowledge(isPrime)
  const seen = { cpuMs: undefined, returnsPromise: false }
  knowledge.learn({ ...seen, calls: 1, wallMs: 0.5, longestMs: 0.5 })
  for (let job = 0; job < 10; job += 1) knowledge.learn({ ...seen, calls: 1, wallMs: 0.01, longestMs: 0.01 })
  for (let job = 0; job < 10; job += 1)
    knowledge.learn({ ...seen, calls: 990, wallMs: 0.99, longestMs: 0.001 })
  assert.ok(Math.abs(knowledge.oneMoreMs - 10 / 9_910) < 1e-9, `${knowledge.oneMoreMs}`)
})
