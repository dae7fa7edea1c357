/** The tables that the suite prints. */
import type { CaseResult, SubjectEntry } from './case.ts'
import { type Slot, shorten, slots } from './observation.ts'
import type { Row } from './row.ts'
import { cellOf, damages, damagesOf, passed } from './verdict.ts'

/** One subject's rows, with what was seen in each of the four looks. */
export function subjectTable(subject: SubjectEntry, results: readonly CaseResult[]): string {
  const head = ['fault', ...slots, 'program', 'verdict']
  const lines = results.map(result => [
    result.row,
    ...slots.map(slot => (result.skipped === undefined ? look(result, slot) : '')),
    result.end,
    verdict(result),
  ])
  return `${subject.name}\n${columns([head, ...lines])}`
}

function verdict(result: CaseResult): string {
  if (result.skipped !== undefined) return `n/a, ${result.skipped.why}: ${result.skipped.text}`
  return passed(result)
    ? 'ok'
    : `FAILED: ${result.problems.map(({ kind, text }) => `${kind} (${text})`).join('; ')}`
}

function look(result: CaseResult, slot: Slot): string {
  const observation = result.observations.find(candidate => candidate.slot === slot)
  return observation === undefined
    ? '·'
    : `${shorten(observation.seen.replace(/:.*$/s, ''), 24)} ${Math.round(observation.ms)} ms`
}

/** All subjects side by side: one verdict for each case. */
export function sideBySide(
  rows: readonly Row[],
  subjects: readonly SubjectEntry[],
  results: readonly CaseResult[],
): string[][] {
  return [
    ['fault', ...subjects.map(({ name }) => name)],
    ...rows.map(row => [row.name, ...subjects.map(subject => cellFor(row, subject, results))]),
  ]
}

function cellFor(row: Row, subject: SubjectEntry, results: readonly CaseResult[]): string {
  const result = results.find(candidate => candidate.row === row.name && candidate.subject === subject.name)
  return result === undefined ? '' : cellOf(result, subject.own)
}

/** How often each kind of damage was done, by each subject. */
export function damageCounts(subjects: readonly SubjectEntry[], results: readonly CaseResult[]): string[][] {
  const played = (subject: SubjectEntry) =>
    results.filter(result => result.subject === subject.name && result.skipped === undefined)
  return [
    ['', ...subjects.map(({ name }) => name)],
    ['cases played', ...subjects.map(subject => String(played(subject).length))],
    ...damages.map(damage => [
      damage,
      ...subjects.map(subject =>
        String(played(subject).filter(result => damagesOf(result).includes(damage)).length),
      ),
    ]),
    [
      'cases with any of these',
      ...subjects.map(subject =>
        String(played(subject).filter(result => damagesOf(result).length > 0).length),
      ),
    ],
  ]
}

/** Plain columns; the last one is as wide as it likes. */
export function columns(lines: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const line of lines)
    for (const [at, cell] of line.slice(0, -1).entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  return lines
    .map(line =>
      line
        .map((cell, at) => (at < widths.length ? cell.padEnd(widths[at] ?? 0) : cell))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
