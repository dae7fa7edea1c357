/** Plays rows on subjects, some at a time, and gives the results in order. */
import { type CaseResult, endAll, playCase, type SubjectEntry } from './case.ts'
import type { Row } from './row.ts'

export interface SuiteOptions {
  readonly rows: readonly Row[]
  readonly subjects: readonly SubjectEntry[]
  /** After this long, what has not settled counts as hanging. */
  readonly limitMs: number
  /**
   * Programs at the same time. Each is mostly idle; more than the machine's cores makes times
   * meaningless.
   */
  readonly parallel: number
  readonly onResult?: (result: CaseResult, done: number, total: number) => void
}

export async function playSuite({
  rows,
  subjects,
  limitMs,
  parallel,
  onResult,
}: SuiteOptions): Promise<CaseResult[]> {
  const cases = rows.flatMap(row => subjects.map(subject => ({ row, subject })))
  const results: CaseResult[] = new Array(cases.length)
  let next = 0
  let done = 0
  const player = async () => {
    for (let at = next++; at < cases.length; at = next++) {
      const { row, subject } = cases[at] as (typeof cases)[number]
      const result = await playCase(row, subject, limitMs)
      results[at] = result
      done += 1
      onResult?.(result, done, cases.length)
    }
  }
  const stopped = (signal: NodeJS.Signals) => {
    endAll()
    process.kill(process.pid, signal)
  }
  process.once('SIGINT', stopped).once('SIGTERM', stopped)
  try {
    await Promise.all(Array.from({ length: parallel }, player))
  } finally {
    process.off('SIGINT', stopped).off('SIGTERM', stopped)
  }
  return results
}
