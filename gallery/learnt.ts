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
}

// Within a tenth of the plain loop counts as equal: smaller differences come and go with the machine's mood.
const equalWithin = 0.1
// One core of work, and what timers, garbage collection and messages take besides.
const oneCoreAtMost = 1.25

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
  const fastestFirst = rows.toSorted((a, b) => b.speedUp - a.speedUp)
  const faster = fastestFirst.filter(row => row.speedUp > 1 + equalWithin)
  const others = fastestFirst.filter(row => row.speedUp <= 1 + equalWithin)
  const idle = others.filter(row => row.coresBusy <= oneCoreAtMost)
  const busy = others.filter(row => row.coresBusy > oneCoreAtMost)
  const parts = [
    faster.length === 0 ? 'nothing beats the plain loop' : because(faster, gain, reasons.gains),
    ...(idle.length === 0 ? [] : [because(idle, noGain, reasons.staysOnOneCore)]),
    ...(busy.length === 0 ? [] : [because(busy, noGain, reasons.busyForNothing)]),
  ]
  const sentence = parts.join('; ')
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`
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
