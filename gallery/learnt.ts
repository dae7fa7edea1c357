/** The sentence under a comparison: what its figures say, and the workload's reason for it. */
import type { MeasuredRow } from './workload.ts'

/** Why a workload behaves as it does; each is used only when the figures show that it did. */
export interface Reasons {
  /** Why it is faster, where it is. */
  readonly gains: string
  /** Why one core stayed the only one, where it did. */
  readonly staysOnOneCore: string
  /** What the other cores did, where they were busy and it was no faster. */
  readonly busyForNothing: string
  /** Why one parallel model spends more CPU time than another, where it does; left out, it is not said. */
  readonly spendsMore?: string
}

// Within a tenth of the plain loop counts as equal: smaller differences come and go with the machine's mood.
const equalWithin = 0.1
// One core of work, and what timers, garbage collection and messages take besides.
const oneCoreAtMost = 1.25
// Gallery work never waits, so whoever had less than this was kept from its core by something else.
const oneCoreAtLeast = 0.8
// Parallel models share the same busy cores and caches, so their CPU times compare; a fifth more is more than chance.
const moreCpuFrom = 1.2

/**
 * One sentence, the fastest model first.
 *
 * @example
 *     learntFrom(rows, reasons)
 *     // Threads are 1.83× as fast (1.9 cores busy): rows are handed out as workers become free; coroutines gain nothing
 *     // (1.0 cores busy): counting never waits.
 */
export function learntFrom(rows: readonly MeasuredRow[], reasons: Reasons): string {
  if (rows.length === 0) return 'Nothing was compared with the plain loop.'
  const kept = rows.find(row => row.coresBusy < oneCoreAtLeast)
  if (kept !== undefined) {
    return `Nothing is learnt this time: other programs held the cores (${kept.model} got ${kept.coresBusy.toFixed(1)} of one), so run it again when they are done.`
  }
  const fastestFirst = rows.toSorted((a, b) => b.speedUp - a.speedUp)
  const faster = fastestFirst.filter(row => row.speedUp > 1 + equalWithin)
  const others = fastestFirst.filter(row => row.speedUp <= 1 + equalWithin)
  const idle = others.filter(row => row.coresBusy <= oneCoreAtMost)
  const busy = others.filter(row => row.coresBusy > oneCoreAtMost)
  const parts = [
    faster.length === 0 ? 'nothing beats the plain loop' : because(faster, gain, reasons.gains),
    ...(idle.length === 0 ? [] : [because(idle, noGain, reasons.staysOnOneCore)]),
    ...(busy.length === 0 ? [] : [because(busy, noGain, reasons.busyForNothing)]),
    ...(reasons.spendsMore === undefined ? [] : cpuPrice(rows, reasons.spendsMore)),
  ]
  const sentence = parts.join('; ')
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`
}

/** The parallel model that spends the most CPU time on the same work, against the one that spends the least. */
function cpuPrice(rows: readonly MeasuredRow[], reason: string): string[] {
  // CPU time in units of the plain loop's wall time: cores busy × wall, and wall = 1 ÷ speed-up.
  const spent = ({ coresBusy, speedUp }: MeasuredRow) => coresBusy / speedUp
  const dearestFirst = rows
    .filter(row => row.coresBusy > oneCoreAtMost)
    .toSorted((a, b) => spent(b) - spent(a))
  const [dearest, cheapest] = [dearestFirst[0], dearestFirst.at(-1)]
  if (dearest === undefined || cheapest === undefined) return []
  const ratio = spent(dearest) / spent(cheapest)
  if (ratio < moreCpuFrom) return []
  const spend = verb(dearest, 'spend', 'spends')
  return [`${dearest.model} ${spend} ${ratio.toFixed(1)}× the CPU time of ${cheapest.model}: ${reason}`]
}

function because(rows: readonly MeasuredRow[], say: (row: MeasuredRow) => string, reason: string): string {
  return `${rows.map(say).join(', ')}: ${reason}`
}

function gain(row: MeasuredRow): string {
  return `${row.model} ${verb(row, 'are', 'is')} ${row.speedUp.toFixed(2)}× as fast (${busyCores(row)})`
}

function noGain(row: MeasuredRow): string {
  if (row.speedUp >= 1 - equalWithin)
    return `${row.model} ${verb(row, 'gain', 'gains')} nothing (${busyCores(row)})`
  return `${row.model} ${verb(row, 'lose', 'loses')} (${row.speedUp.toFixed(2)}×, ${busyCores(row)})`
}

function busyCores(row: MeasuredRow): string {
  return `${row.coresBusy.toFixed(1)} cores busy`
}

function verb(row: MeasuredRow, plural: string, singular: string): string {
  return row.model.endsWith('s') ? plural : singular
}
