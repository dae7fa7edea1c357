/** What nodes do for the word count: text in, counts for each reducer out; counts in, sums out. */
import { context, task } from '../../src/index.ts'
import { addCounts, countAll, countWords, dealtWords, sorted, type WordCounts } from './words.ts'

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

/** A map with a combiner: the counts of a piece, for each reducer. */
export const combinePiece = task(
  import.meta,
  function combinePiece(text: string, reducers: number): WordCounts[] {
    return sorted(countWords(text), reducers)
  },
)

/** A map without one: all its words, for each reducer. */
export const dealPiece = task(import.meta, function dealPiece(text: string, reducers: number): string[][] {
  return dealtWords(text, reducers)
})

/** A reducer of counts. */
export const addCombined = task(import.meta, function addCombined(parts: readonly WordCounts[]): WordCounts {
  return addCounts(parts)
})

/** A reducer of words. */
export const countDealt = task(
  import.meta,
  function countDealt(parts: readonly (readonly string[])[]): WordCounts {
    return countAll(parts.flat())
  },
)

function runOf(stage: Run['stage'], number: number, fromMs: number): Run {
  const { attempt } = context()
  return { stage, number, attempt, node: process.ppid, fromMs, toMs: Date.now() }
}
