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
  /**
   * Why one parallel model spends more CPU time than another, where it does; left out, it is not
   * said.
   */
  readonly spendsMore?: string
}

// Within a tenth below the plain loop counts as equal: smaller losses come and go with the
// machine's mood.
const equalWithin = 0.1
// One core of work, and what timers, garbage collection and messages take besides.
const oneCoreAtMost = 1.25
// Gallery work never waits, so whoever had less than this was kept from its core by something else.
// Not asked of processes: systems count their CPU time in ticks of some 10 ms, too coarse for a
// short run.
const oneCoreAtLeast = 0.8
// Parallel models share the same busy cores and caches, so their CPU times compare; a fifth more is
// more than chance.
const moreCpuFrom = 1.2

/**
 * One sentence, the fastest model first; nothing if other programs held the cores.
 *
 * @example
 *     learntFrom(rows, reasons)
 * // Threads are 1.83× as fast (1.9 cores busy): rows are handed out as workers become free;
 * coroutines gain nothing // (1.0 cores busy): counting never waits.
 */
export function learntFrom(rows: readonly MeasuredRow[], reasons: Reasons): string | undefined {
  if (rows.length === 0) return 'Nothing was compared with the plain loop.'
  const kept = rows.find(({ model, coresBusy = 1 }) => model !== 'processes' && coresBusy < oneCoreAtLeast)
  if (kept !== undefined) return undefined
  const fastestFirst = rows.toSorted((a, b) => b.speedUp - a.speedUp)
  const faster = fastestFirst.filter(row => row.faster)
  const others = fastestFirst.filter(row => !row.faster)
  const idle = others.filter(({ coresBusy }) => coresBusy !== undefined && coresBusy <= oneCoreAtMost)
  const busy = others.filter(({ coresBusy }) => coresBusy !== undefined && coresBusy > oneCoreAtMost)
  const unexplained = others.filter(({ coresBusy }) => coresBusy === undefined)
  const parts = [
    faster.length === 0 ? 'nothing beats the plain loop' : because(faster, gain, reasons.gains),
    ...(idle.length === 0 ? [] : [because(idle, noGain, reasons.staysOnOneCore)]),
    ...(busy.length === 0 ? [] : [because(busy, noGain, reasons.busyForNothing)]),
    ...unexplained.map(noGain),
    ...(reasons.spendsMore === undefined ? [] : cpuPrice(rows, reasons.spendsMore)),
  ]
  const sentence = parts.join('; ')
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`
}

/**
 * The parallel model that spends the most CPU time on the same work, against the one that spends
 * the least.
 */
function cpuPrice(rows: readonly MeasuredRow[], reason: string): string[] {
  // CPU time in units of the plain loop's wall time: cores busy × wall, and wall = 1 ÷ speed-up.
  const dearestFirst = rows
    .filter(({ coresBusy = 0 }) => coresBusy > oneCoreAtMost)
    .map(row => ({ row, spent: (row.coresBusy as number) / row.speedUp }))
    .toSorted((a, b) => b.spent - a.spent)
  const [dearest, cheapest] = [dearestFirst[0], dearestFirst.at(-1)]
  if (dearest === undefined || cheapest === undefined) return []
  const ratio = dearest.spent / cheapest.spent
  if (ratio < moreCpuFrom) return []
  const spend = verb(dearest.row, 'spend', 'spends')
  return [
    `${dearest.row.model} ${spend} ${ratio.toFixed(1)}× the CPU time of ${cheapest.row.model}: ${reason}`,
  ]
}

function because(rows: readonly MeasuredRow[], say: (row: MeasuredRow) => string, reason: string): string {
  return `${rows.map(say).join(', ')}: ${reason}`
}

function gain(row: MeasuredRow): string {
  return `${row.model} ${verb(row, 'are', 'is')} ${row.speedUp.toFixed(2)}× as fast${inBrackets(busyCores(row))}`
}

function noGain(row: MeasuredRow): string {
  if (row.speedUp >= 1 - equalWithin)
    return `${row.model} ${verb(row, 'gain', 'gains')} nothing${inBrackets(busyCores(row))}`
  return `${row.model} ${verb(row, 'lose', 'loses')}${inBrackets(`${row.speedUp.toFixed(2)}×`, busyCores(row))}`
}

function busyCores({ coresBusy }: MeasuredRow): string | undefined {
  return coresBusy === undefined ? undefined : `${coresBusy.toFixed(1)} cores busy`
}

function inBrackets(...figures: (string | undefined)[]): string {
  const known = figures.filter(figure => figure !== undefined)
  return known.length === 0 ? '' : ` (${known.join(', ')})`
}

function verb(row: MeasuredRow, plural: string, singular: string): string {
  return row.model.endsWith('s') ? plural : singular
}
