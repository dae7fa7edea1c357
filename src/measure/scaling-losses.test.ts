import assert from 'node:assert/strict'
import { test } from 'node:test'
import { culpritOf, lossesOf, type UseOfRun } from './scaling-losses.ts'
import type { WorkerUse } from './worker-use.ts'

function use(cpuMs: number, more: Partial<WorkerUse> = {}): WorkerUse {
  return { cpuMs, gcMs: 0, activeMs: cpuMs, delayMs: 0, wallMs: 0, ...more }
}

const idleMain = use(1)
const single: UseOfRun = { wallMs: 100, workers: [use(100)], main: idleMain }
const culprit = (run: UseOfRun, copyMs = 0) => {
  const losses = lossesOf(run, single, copyMs)
  return losses === undefined ? 'not told' : culpritOf(losses)
}

test('each cause of lost time is named by what the threads have shown', () => {
  assert.equal(culprit({ wallMs: 50, workers: [use(50), use(50)], main: idleMain }), undefined)
  assert.equal(culprit({ wallMs: 80, workers: [use(80), use(20)], main: idleMain }), 'tail')
  assert.equal(culprit({ wallMs: 80, workers: [use(50), use(50)], main: use(76) }), 'main thread')
  assert.equal(culprit({ wallMs: 80, workers: [use(50), use(50)], main: idleMain }), 'waiting')
  assert.equal(culprit({ wallMs: 80, workers: [use(80), use(80)], main: idleMain }), 'memory')
  assert.equal(
    culprit({ wallMs: 80, workers: [use(80, { gcMs: 30 }), use(80, { gcMs: 30 })], main: idleMain }),
    'garbage',
  )
  const held = use(50, { activeMs: 80 })
  assert.equal(culprit({ wallMs: 80, workers: [held, held], main: idleMain }), 'lock')
  const crowded = use(50, { activeMs: 80, delayMs: 30 })
  assert.equal(culprit({ wallMs: 80, workers: [crowded, crowded], main: idleMain }), 'cores')
  assert.equal(culprit({ wallMs: 80, workers: [use(70), use(70)], main: idleMain }, 60), 'copying')
})

test('where a thread’s CPU time is not told, nothing is', () => {
  const untold = { ...use(0), cpuMs: undefined }
  assert.equal(culprit({ wallMs: 50, workers: [untold], main: idleMain }), 'not told')
})
