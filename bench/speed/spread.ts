/** Figures over all turns, and ratios of them turn by turn. */
import { max, median, min } from 'simple-statistics'

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Undefined of nothing. */
export function spreadOf(figures: readonly (number | undefined)[]): Spread | undefined {
  const known = figures.filter(figure => figure !== undefined)
  return known.length === 0 ? undefined : { median: median(known), min: min(known), max: max(known) }
}

/**
 * `above` ÷ `below`, each turn by itself: what ran at the same time met the same weather. Turns
 * that one of them lacks do not count.
 */
export function ratiosOf(
  above: readonly (number | undefined)[],
  below: readonly (number | undefined)[],
): number[] {
  return Array.from(above).flatMap((figure, turn) => {
    const other = below[turn]
    return figure === undefined || other === undefined ? [] : [figure / other]
  })
}
