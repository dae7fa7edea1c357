import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assumedCalibration } from './calibration.ts'
import { recheck, referenceMs } from './drift.ts'

const measured = { ...assumedCalibration(), measured: true, referenceMs: 1 }

test('a machine that computes as when it was calibrated keeps its figures', () => {
  assert.deepEqual(recheck(measured, 1.2), { calibration: measured, complaint: undefined })
  assert.deepEqual(recheck(measured, 0.8), { calibration: measured, complaint: undefined })
})

test('a machine that has become slower, or faster, is told, and its figures count as assumed', () => {
  const { calibration, complaint } = recheck(measured, 2)
  assert.match(complaint ?? '', /2\.0 times as slowly .*atonce calibrate$/)
  assert.equal(calibration.measured, false)
  assert.equal(calibration.threads.startMs, 2 * measured.threads.startMs)
  assert.match(recheck(measured, 0.5).complaint ?? '', /2\.0 times as fast/)
})

test('assumed figures have nothing to drift from', () => {
  const assumed = assumedCalibration()
  assert.deepEqual(recheck(assumed, 5), { calibration: assumed, complaint: undefined })
})

test('the reference takes some time, and little', () => {
  const ms = referenceMs()
  assert.ok(ms > 0.01 && ms < 1_000, `${ms}`)
})
