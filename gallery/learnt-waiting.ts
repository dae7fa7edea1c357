/** The sentence under a comparison of work that waits: there a core that is not busy is no loss. */
import type { MeasuredRow } from './workload.ts'

/** Why a workload behaves as it does; each is used only when the figures show that it did. */
export interface WaitingReasons {
  /** Why the fastest model is faster, where one is. */
  readonly gains: string
  /** Why another is faster than the plain loop, but by far not as much. */
  readonly gainsLess: string
  /** Why a model is no faster. */
  readonly gainsNothing: string
}

// Less than two thirds of the fastest is another class of speed, and not the machine's mood.
const farBelow = 2 / 3

/**
 * One sentence, the fastest model first.
 *
 * @example
 *     learntFromWaiting(rows, reasons)
 * // Coroutines are 19.8× as fast (0.5 cores busy): …; threads are 4.1× as fast (0.6 cores busy):
 * ….
 */
export function learntFromWaiting(rows: readonly MeasuredRow[], reasons: WaitingReasons): string {
  if (rows.length === 0) return 'Nothing was compared with the plain loop.'
  const fastestFirst = rows.toSorted((a, b) => b.speedUp - a.speedUp)
  const best = fastestFirst[0]?.speedUp ?? 0
  const gains = (row: MeasuredRow) => row.faster
  const among = (wanted: (row: MeasuredRow) => boolean) => fastestFirst.filter(wanted)
  const parts = [
    because(
      among(row => gains(row) && row.speedUp >= farBelow * best),
      reasons.gains,
    ),
    because(
      among(row => gains(row) && row.speedUp < farBelow * best),
      reasons.gainsLess,
    ),
    because(
      among(row => !gains(row)),
      reasons.gainsNothing,
    ),
  ]
  const sentence = parts.filter(part => part !== undefined).join('; ')
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`
}

function because(rows: readonly MeasuredRow[], reason: string): string | undefined {
  return rows.length === 0 ? undefined : `${rows.map(figures).join(', ')}: ${reason}`
}

function figures({ model, speedUp, coresBusy }: MeasuredRow): string {
  const verb = model.endsWith('s') ? 'are' : 'is'
  const busy = coresBusy === undefined ? '' : ` (${coresBusy.toFixed(1)} cores busy)`
  return `${model} ${verb} ${speedUp.toFixed(speedUp < 10 ? 2 : 1)}× as fast${busy}`
}
