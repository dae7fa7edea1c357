import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choiceToTell, staying } from './auto-choices.ts'
import type { AutoJob } from './auto-job.ts'
import { assumedCalibration } from './calibration.ts'
import { isPrime, rest } from './fixtures/tasks.ts'
import { Knowledge, type Seen } from './knowledge.ts'
import { bestOnThreads, isOtherWork, isWorthLeaving } from './when-to-decide.ts'

/** Learns of so many calls that took so long each. */
function learn(knowledge: Knowledge, count: number, wallMs: number, more: Partial<Seen> = {}): void {
  for (let call = 0; call < count; call += 1)
    knowledge.learn({ calls: 1, wallMs, longestMs: wallMs, cpuMs: wallMs, returnsPromise: false, ...more })
}

/** A call of a map of which so many are left. */
function callOf(knowledge: Knowledge, callsLeft: number): AutoJob {
  return { knowledge, own: { callsLeft } } as unknown as AutoJob
}

const machine = { workers: 2, cores: 2, warm: false }
const calibration = { ...assumedCalibration(), speedUp: [1, 1.86] }

test('of calls that wait it says that they run side by side, though nothing was decided', () => {
  const knowledge = new Knowledge(rest)
  learn(knowledge, 60, 20, { returnsPromise: true })
  const { way, confidence, reasons } = choiceToTell(knowledge, 64)
  assert.deepEqual([way, confidence], ['coroutines, 64 at a time', 'likely'])
  assert.match(reasons.join(), /calls wait/)
})

test('of a map that was over before a decision it says where it ran, and what it took', () => {
  const knowledge = new Knowledge(isPrime)
  learn(knowledge, 60, 0.02)
  assert.equal(choiceToTell(knowledge, 64).way, 'a plain loop')
  assert.match(choiceToTell(knowledge, 64).reasons.join(), /60 calls so far took 1\.20 ms/)
  knowledge.queued = 5
  assert.equal(choiceToTell(knowledge, 64).way, 'trial')
})

test('the first map stays where the start of threads costs more than it gains; as many again go to them', () => {
  const knowledge = new Knowledge(isPrime)
  learn(knowledge, 10, 6)
  const first = callOf(knowledge, 50)
  const atBest = bestOnThreads(first, calibration, machine)
  assert.equal(isWorthLeaving(atBest), false)
  knowledge.decided(1_000, staying(first, atBest, 64), { ms: 300, calls: 50 })
  learn(knowledge, 20, 6)
  assert.equal(isOtherWork(callOf(knowledge, 30), 2_000), false)
  learn(knowledge, 31, 6)
  const again = callOf(knowledge, 59)
  assert.equal(isOtherWork(again, 2_000), true)
  knowledge.lookBack()
  assert.equal(isWorthLeaving(bestOnThreads(again, calibration, machine)), true)
})

test('the figures for which it stays can be added up', () => {
  const knowledge = new Knowledge(isPrime)
  learn(knowledge, 20, 0.05)
  const job = callOf(knowledge, 1_000)
  const words = (best: ReturnType<typeof bestOnThreads>) => staying(job, best, 64).reasons.join(' ')
  assert.match(
    words(bestOnThreads(job, calibration, machine)),
    /An item takes 50.0 µs here, with the call around it; with 1000 left that is 50.0 ms. Threads .* start included\./,
  )
  knowledge.times = 2
  assert.match(words(bestOnThreads(job, calibration, machine)), /start included, half of it/)
})
