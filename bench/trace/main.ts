/**
 * What a trace costs while it is on: the same calls untraced and traced, in pairs whose order turns
 * (A B, B A, …), by CPU time of the whole process, which others' work moves less than wall time.
 * Then what is left of it while it is off: the question whether anybody listens, beside a call.
 *
 *     npm --prefix bench run trace [-- pairs]
 */

import { channel } from 'node:diagnostics_channel'
import { recordHere } from '../../src/cli/trace/recorder.ts'
import { threads } from '../../src/index.ts'
import { estimateRatio } from '../../src/measure/estimate.ts'
import { median } from '../../src/measure/statistics.ts'
import { roundsOf } from '../rounds.ts'
import { steps } from './tasks.ts'

const { rounds: pairs } = roundsOf('npm --prefix bench run trace', 30)
/** As `atonce trace` keeps. */
const keep = 20_000
const goal = 1.03

await using pool = threads({ workers: 2 })

interface Case {
  readonly name: string
  readonly calls: number
  run(): Promise<unknown>
}

/** So many calls, eight of them in flight. */
function inFlight(calls: number, count: number): () => Promise<void> {
  return async () => {
    let left = calls
    const one = async () => {
      while (left-- > 0) await pool.run(steps, count)
    }
    await Promise.all(Array.from({ length: 8 }, one))
  }
}

const perMs = stepsPerMs()
const numbers = Array.from({ length: 200_000 }, (_, at) => at % 50)
const cases: readonly Case[] = [
  { name: 'calls of 1 ms, eight in flight', calls: 150, run: inFlight(150, perMs) },
  { name: 'calls of 0.1 ms, eight in flight', calls: 1_000, run: inFlight(1_000, Math.ceil(perMs / 10)) },
  {
    name: 'map over 200,000 tiny items, in chunks',
    calls: numbers.length,
    run: () => pool.map(steps, numbers),
  },
  { name: 'calls that do nothing, eight in flight (the worst case)', calls: 5_000, run: inFlight(5_000, 1) },
]

let perEmptyCallUs = 0
for (const { name, calls, run } of cases) {
  for (let round = 0; round < 6; round += 1) await cpuOf(run, round % 2 === 1) // To warm up.
  const off: number[] = []
  const on: number[] = []
  for (let pair = 0; pair < pairs; pair += 1)
    for (const traced of pair % 2 === 0 ? [false, true] : [true, false])
      (traced ? on : off).push(await cpuOf(run, traced))
  const { median: ratio, low, high } = estimateRatio(on, off)
  const verdict = high <= goal ? 'within 3 %' : low > goal ? 'over 3 %' : 'undecided'
  const each = ((median(on) - median(off)) / calls) * 1_000
  console.log(
    `${name.padEnd(56)} ${median(off).toFixed(1).padStart(7)} ms CPU untraced, × ${ratio.toFixed(3)} [${low.toFixed(3)}–${high.toFixed(3)}] traced, ${each.toFixed(2)} µs a call: ${verdict}`,
  )
  perEmptyCallUs = (median(off) / calls) * 1_000
}
const askedNs = askingNs()
console.log(
  `Off: whether anybody listens is asked in ${askedNs.toFixed(1)} ns, up to four times a call: ${((400 * askedNs) / 1_000 / perEmptyCallUs).toFixed(2)} % of a call that does nothing (${perEmptyCallUs.toFixed(1)} µs).`,
)

async function cpuOf(run: () => Promise<unknown>, traced: boolean): Promise<number> {
  const recorder = traced ? recordHere(keep) : undefined
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  recorder?.stop()
  return (user + system) / 1_000
}

function stepsPerMs(): number {
  let count = 1_000
  for (;;) {
    const begun = performance.now()
    steps(count)
    const tookMs = performance.now() - begun
    if (tookMs > 20) return Math.round(count / tookMs)
    count *= 2
  }
}

/** The median of many blocks. */
function askingNs(): number {
  const asked = channel('atonce.call.start')
  const rounds = 1_000_000
  let listened = 0
  const blocks = Array.from({ length: 21 }, () => {
    const begun = performance.now()
    for (let at = 0; at < rounds; at += 1) if (asked.hasSubscribers) listened += 1
    return ((performance.now() - begun) * 1e6) / rounds
  })
  if (listened > 0) throw new Error('Somebody listens.')
  return median(blocks)
}
