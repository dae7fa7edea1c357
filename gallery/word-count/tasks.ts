/** What nodes do for the word count: text in, counts for each reducer out; counts in, sums out. */
import { context, task } from '../../src/index.ts'
import { addCounts, countWords, sorted, type WordCounts } from './words.ts'

/** When and where a task ran, for the picture of the stages. */
export interface Run {
  readonly stage: 'map' | 'reduce'
  readonly number: number
  readonly attempt: number
  readonly node: number
  /** Milliseconds since 1970. */
  readonly fromMs: number
  readonly toMs: number
}

export interface Piece {
  readonly number: number
  readonly text: string
  readonly reducers: number
  /** A fault for trying it out: whoever takes this piece first dies of it, with its whole node. */
  readonly fatal: boolean
}

export const countPiece = task(
  import.meta,
  function countPiece({ number, text, reducers, fatal }: Piece): { parts: WordCounts[]; run: Run } {
    const fromMs = Date.now()
    const counts = countWords(text)
    if (fatal && context().attempt === 1) process.kill(process.ppid, 'SIGKILL') // This process ends with it.
    const parts = sorted(counts, reducers)
    return { parts, run: runOf('map', number, fromMs) }
  },
  { idempotent: true },
)

export const addUp = task(
  import.meta,
  function addUp(number: number, parts: readonly WordCounts[]): { sums: WordCounts; run: Run } {
    const fromMs = Date.now()
    return { sums: addCounts(parts), run: runOf('reduce', number, fromMs) }
  },
  { idempotent: true },
)

function runOf(stage: Run['stage'], number: number, fromMs: number): Run {
  const { attempt } = context()
  return { stage, number, attempt, node: process.ppid, fromMs, toMs: Date.now() }
}
