/** What comes before what, where nobody says it. */

/** Compares as `<` does; what is not a number (NaN) comes last. */
export function natural(one: unknown, other: unknown): number {
  if ((one as number) < (other as number)) return -1
  if ((one as number) > (other as number)) return 1
  return Number(Number.isNaN(one)) - Number(Number.isNaN(other))
}

export type Compare = (one: unknown, other: unknown) => number

/**
 * Merges sorted lists into one: of equal values, those of the earlier list come first. In pairs, so
 * that each value is looked at log₂ (lists) times.
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
  while (i < one.length && j < other.length) all.push(compare(one[i], other[j]) <= 0 ? one[i++] : other[j++])
  while (i < one.length) all.push(one[i++])
  while (j < other.length) all.push(other[j++])
  return all
}
