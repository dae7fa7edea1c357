/** What a case comes to, in the words of the tables. */
import type { CaseResult } from './case.ts'
import type { ProblemKind, Slot } from './observation.ts'

/** What counts against every library, whatever its errors are called. */
export type Damage =
  | 'task hangs'
  | 'queued hangs'
  | 'later hangs'
  | 'close hangs'
  | 'main lingers'
  | 'main dies'
  | 'orphans'
  | 'wrong value'

export const damages: readonly Damage[] = [
  'task hangs',
  'queued hangs',
  'later hangs',
  'close hangs',
  'main lingers',
  'main dies',
  'orphans',
  'wrong value',
]

const hangs: Record<Slot, Damage> = {
  running: 'task hangs',
  queued: 'queued hangs',
  later: 'later hangs',
  close: 'close hangs',
}

/** Lesser deviations: loud, but not as declared. */
const lesser: Partial<Record<ProblemKind, string>> = {
  refused: 'refuses',
  lost: 'error loses parts',
  late: 'closes late',
  'wrong error': 'other error',
}

/** What went badly wrong in a case, each kind once. */
export function damagesOf(result: CaseResult): Damage[] {
  const found = new Set<Damage>()
  for (const { slot, problem } of result.observations) {
    if (problem?.kind === 'hang') found.add(hangs[slot])
  }
  for (const { kind } of result.problems) {
    if (kind === 'swallowed' || kind === 'corrupted') found.add('wrong value')
    if (kind === 'main died') found.add('main dies')
    if (kind === 'orphan') found.add('orphans')
    if (kind === 'lingers' || kind === 'stuck') found.add('main lingers')
  }
  return damages.filter(damage => found.has(damage))
}

/** The cell of a case in the table of all subjects side by side. */
export function cellOf(result: CaseResult, own: boolean): string {
  if (result.skipped !== undefined) return `n/a: ${result.skipped.why}`
  const damage = damagesOf(result)
  if (damage.length > 0) return damage.join(', ')
  const others = result.problems.flatMap(({ kind }) =>
    own || kind !== 'wrong error' ? (lesser[kind] ?? []) : [],
  )
  return others.length === 0 ? 'ok' : [...new Set(others)].join(', ')
}

/**
 * Whether a case of our own is as declared, in everything. A fault that could not be brought about
 * shows a broken row.
 */
export function passed(result: CaseResult): boolean {
  return result.problems.length === 0 && result.skipped?.why !== 'moot'
}
