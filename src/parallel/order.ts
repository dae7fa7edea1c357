/** What comes before what, where nobody says it. */

/** Compares as `<` does; what is not a number (NaN) comes last. */
export function natural(one: unknown, other: unknown): number {
  if ((one as number) < (other as number)) return -1
  if ((one as number) > (other as number)) return 1
  return Number(Number.isNaN(one)) - Number(Number.isNaN(other))
}

export type Compare = (one: unknown, other: unknown) => number

/**
 * Merges sorted lists into one, by the rules of `Array.prototype.sort` (ECMAScript, "SortCompare"):
 * of equal values, those of the earlier list come first, `undefined` comes last and is never shown
 * to `compare`, and what it gives is taken as a number, NaN as 0. In pairs, so that each value is
 * looked at log₂ (lists) times.
 */
export function merged(lists: readonly (readonly unknown[])[], compare: Compare): unknown[] {
  let level = lists
  while (level.length > 1) {
    const next: unknown[][] = []
    for (let at = 0; at < level.length; at += 2)
      next.push(mergedPair(level[at] as unknown[], level[at + 1] ?? [], compare))
    level = next
  }
  return [...(level[0] ?? [])]
}

function mergedPair(one: readonly unknown[], other: readonly unknown[], compare: Compare): unknown[] {
  const all: unknown[] = []
  let [i, j] = [0, 0]
  while (i < one.length && j < other.length)
    all.push(comesFirst(one[i], other[j], compare) ? one[i++] : other[j++])
  while (i < one.length) all.push(one[i++])
  while (j < other.length) all.push(other[j++])
  return all
}

/** Whether the value of the earlier list stays before the other. */
function comesFirst(one: unknown, other: unknown, compare: Compare): boolean {
  if (one === undefined || other === undefined) return other === undefined
  return !(+compare(one, other) > 0)
}
