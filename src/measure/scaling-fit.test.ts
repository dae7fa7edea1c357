import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitAmdahl, fitUsl, karpFlatt, type Timed } from './scaling-fit.ts'

/** Times by a law, with some per cent of noise that differs by round. */
function timed(msOf: (workers: number) => number, numbers: readonly number[]): Timed[] {
  return numbers.map(workers => ({
    workers,
    samplesMs: Array.from(
      { length: 7 },
      (_, round) => msOf(workers) * (1 + 0.01 * Math.sin(round * 3 + workers)),
    ),
  }))
}

const amdahl = (serial: number) => (n: number) => 1_000 * (serial + (1 - serial) / n)
const usl = (sigma: number, kappa: number) => (n: number) =>
  (1_000 * (1 + sigma * (n - 1) + kappa * n * (n - 1))) / n

test('Amdahl’s serial part is found again, within its interval', () => {
  const { serial, most } = fitAmdahl(timed(amdahl(0.05), [1, 2, 4, 8])) as NonNullable<
    ReturnType<typeof fitAmdahl>
  >
  assert.ok(Math.abs(serial.median - 0.05) < 0.01, `${serial.median}`)
  assert.ok(serial.low <= 0.05 + 0.005 && serial.high >= 0.05 - 0.005)
  assert.ok(most.median > 15 && most.median < 25)
})

test('both coefficients of the universal law are found again, and where it peaks', () => {
  const { contention, coherency, peak } = fitUsl(
    timed(usl(0.03, 0.004), [1, 2, 3, 4, 6, 8, 12, 16, 24]),
  ) as NonNullable<ReturnType<typeof fitUsl>>
  assert.ok(Math.abs(contention.median - 0.03) < 0.01, `${contention.median}`)
  assert.ok(Math.abs(coherency.median - 0.004) < 0.001, `${coherency.median}`)
  assert.ok(peak !== undefined && Math.abs(peak.median - Math.sqrt(0.97 / 0.004)) < 2)
})

test('without coherency in the figures no peak is told', () => {
  const fit = fitUsl(timed(usl(0.05, 0), [1, 2, 3, 4, 6, 8]))
  assert.equal(fit?.peak, undefined)
})

test('too few numbers of workers carry no fit', () => {
  assert.equal(fitUsl(timed(usl(0.1, 0.01), [1, 2, 4, 8, 16])), undefined)
  assert.equal(fitAmdahl(timed(amdahl(0.1), [1])), undefined)
})

test('Karp and Flatt’s share is 0 where the speed-up is ideal, and 1 where there is none', () => {
  assert.equal(karpFlatt(8, 8), 0)
  assert.equal(karpFlatt(1, 8), 1)
  assert.equal(karpFlatt(1, 1), undefined)
})
