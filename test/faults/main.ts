/**
 * The fault suite: everything that can happen to a local worker or a value, and what a user sees of
 * it.
 *
 *     npm run faults [-- --short --only <fault> --subject <name> --json --list --with-rivals]
 *
 *     main ─▶ suite ─▶ case (one program for each) ─▶ arena ─▶ row on a subject
 *       ▲                 │
 *       └── table ◀───────┴── what was seen, how it ended, who outlived it
 *
 * Ends with exit code 1 if anything is not as its row declares, for the subjects of this
 * repository.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { commandOptions } from '../command-options.ts'
import type { SubjectEntry } from './case.ts'
import type { Row } from './row.ts'
import { allRows } from './rows/all.ts'
import { ownSubjects } from './subjects/all.ts'
import { playSuite } from './suite.ts'
import { columns, damageCounts, sideBySide, subjectTable } from './table.ts'
import { passed } from './verdict.ts'

const usage = `npm run faults -- [options]

  --short            only the rows that a change is checked with
  --only <fault>     only this row; may be repeated
  --subject <name>   only this subject; may be repeated
  --with-rivals      other libraries too
  --limit-ms <ms>    how long a row may take; 10000 by default
  --parallel <n>     so many at once; 2 by default
  --json             what was seen, as JSON
  --list             which rows there are`
const { values: options } = commandOptions(usage, {
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    subject: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    'with-rivals': { type: 'boolean', default: false },
    'limit-ms': { type: 'string', default: '10000' },
    parallel: { type: 'string', default: '2' },
  },
})

const rows = selectedRows()
const subjects = selectedSubjects(
  options['with-rivals'] ? [...ownSubjects, ...(await rivals())] : ownSubjects,
)
if (options.list) {
  console.log(
    columns(rows.map(row => [row.name, row.short ? 'short' : '', row.expect.running.text, row.fault])),
  )
} else {
  await play()
}

async function play(): Promise<void> {
  const startedAt = performance.now()
  const results = await playSuite({
    rows,
    subjects,
    limitMs: Number(options['limit-ms']),
    parallel: Number(options.parallel),
    onResult: (_, done, total) => showProgress(done, total),
  })
  const own = results.filter(result =>
    subjects.some(subject => subject.own && subject.name === result.subject),
  )
  const judged = own.filter(result => result.skipped === undefined || result.skipped.why === 'moot')
  const failed = judged.filter(result => !passed(result))
  if (options.json) {
    console.log(
      JSON.stringify(
        { node: process.version, subjects: subjects.map(({ name }) => name), results },
        undefined,
        2,
      ),
    )
  } else {
    for (const subject of subjects)
      console.log(
        `${subjectTable(
          subject,
          results.filter(result => result.subject === subject.name),
        )}\n`,
      )
    if (subjects.some(subject => !subject.own))
      console.log(
        `${columns(sideBySide(rows, subjects, results))}\n\n${columns(damageCounts(subjects, results))}\n`,
      )
    const notPlayed = own.length - judged.length
    if (notPlayed > 0)
      console.log(`${notPlayed} cases cannot happen on their model and were not played; the table says why.`)
    console.log(
      `${rows.length} faults, ${Math.round((performance.now() - startedAt) / 1_000)} s: ${judged.length - failed.length} passed, ${failed.length} failed`,
    )
  }
  process.exitCode = failed.length === 0 ? 0 : 1
}

function selectedRows(): readonly Row[] {
  if (options.only.length > 0)
    return options.only.flatMap(name =>
      named(
        allRows.filter(row => row.name === name || row.name.startsWith(`${name}-`)),
        `No fault is called ${name}; --list names them all.`,
      ),
    )
  return options.short ? allRows.filter(row => row.short) : allRows
}

function selectedSubjects(all: readonly SubjectEntry[]): readonly SubjectEntry[] {
  if (options.subject.length === 0) return all
  return options.subject.flatMap(name =>
    named(
      all.filter(subject => subject.name.includes(name)),
      `No subject is called ${name}; there are ${all.map(subject => subject.name).join(', ')}.`,
    ),
  )
}

function named<T>(found: readonly T[], otherwise: string): readonly T[] {
  if (found.length > 0) return found
  console.error(otherwise)
  process.exit(2)
}

/** Their packages are installed first, in bench/, where they are no dependency of anybody. */
async function rivals(): Promise<readonly SubjectEntry[]> {
  const bench = new URL('../../bench/', import.meta.url)
  execFileSync(process.execPath, [fileURLToPath(new URL('install.mjs', bench))], { stdio: ['ignore', 2, 2] })
  const { rivals } = (await import(new URL('faults/rivals.ts', bench).href)) as {
    rivals: readonly SubjectEntry[]
  }
  return rivals
}

function showProgress(done: number, total: number): void {
  if (process.stderr.isTTY) process.stderr.write(done === total ? '\r\x1b[K' : `\r${done} of ${total} cases`)
}
