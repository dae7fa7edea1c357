import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { calibrate } from './calibrate.ts'
import { assumedCalibration, loadCalibration, saveCalibration, speedUpOf } from './calibration.ts'

function inFolder(body: (file: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'atonce-calibration-'))
    try {
      await body(join(folder, 'calibration.json'))
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}

test(
  'figures that were measured here are kept and found again',
  { timeout: 60_000 },
  inFolder(async file => {
    const taken = await calibrate({ waitMs: 0, force: true })
    saveCalibration(taken, file)
    assert.deepEqual(loadCalibration(file), { calibration: taken, complaint: undefined })
    for (const { startMs, roundTripMs, callMs } of [taken.threads, taken.processes])
      assert.ok(startMs > roundTripMs && roundTripMs > callMs && callMs > 0)
    assert.ok(speedUpOf(taken, 1) === 1 && speedUpOf(taken, 99) >= 1)
  }),
)

test(
  'without a file the figures are assumed, and nobody complains',
  inFolder(file => {
    assert.deepEqual(loadCalibration(file), { calibration: assumedCalibration(), complaint: undefined })
  }),
)

test(
  'a broken file, one of another kind, of another machine and of figures that no machine has are told in one line and not used',
  inFolder(file => {
    const complaintOf = (text: string) => {
      writeFileSync(file, text)
      const { calibration, complaint = '' } = loadCalibration(file)
      assert.equal(calibration.measured, false)
      assert.ok(complaint.includes(file) && !complaint.includes('\n'))
      return complaint
    }
    const measured = { ...assumedCalibration(), measured: true }
    assert.match(complaintOf('{'), /not JSON/)
    assert.match(complaintOf('[]'), /not a calibration/)
    assert.match(complaintOf(JSON.stringify({ ...measured, moveMs: -1 })), /not a calibration/)
    const { threads, processes } = measured
    for (const [figures, named] of [
      [{ threads: { ...threads, startMs: 0 } }, /threads\.startMs: 0/],
      [{ processes: { ...processes, idleBytes: 1e15 } }, /processes\.idleBytes: 1000000000000000/],
      [{ speedUp: [1, 0] }, /speedUp\[1\]: 0/],
      [{ foreignCores: 1e15 }, /foreignCores/],
    ] as const) {
      const complaint = complaintOf(JSON.stringify({ ...measured, ...figures }))
      assert.match(complaint, /has a figure that can't be/)
      assert.match(complaint, named)
    }
    assert.match(complaintOf(JSON.stringify({ ...measured, key: 'a Cray' })), /another machine.*a Cray/)
  }),
)
