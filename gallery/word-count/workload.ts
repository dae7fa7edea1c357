/** Counting words: pieces of a text to whoever is free, and only their counts back. */
import type { Executor } from '../../src/index.ts'
import { fingerprint } from '../fingerprint.ts'
import { progressAfter } from '../progress.ts'
import type { ParallelOptions, Size, Verdict, Workload } from '../workload.ts'
import { addCombined, combinePiece } from './tasks.ts'
import { addCounts, countWords, piecesOf, shuffled, type WordCounts } from './words.ts'
import { spelled, vocabulary, zipfText } from './zipf.ts'

export interface WordCountSize extends Size {
  readonly words: number
}

const pieces = 64
const reducers = 4

interface Known {
  readonly print: string
  /** How many words of the vocabulary came up. */
  readonly different: number
  readonly first: readonly number[]
}

/** Fingerprints of the counts, and the three largest: another program, in Python, has made them. */
const known: ReadonlyMap<number, Known> = new Map([
  [200_000, { print: '871afc0e0f04ef06', different: 4_991, first: [22_253, 11_132, 7_340] }],
  [2_000_000, { print: '53d1cacae00507ff', different: 5_000, first: [220_650, 110_045, 73_031] }],
  [6_000_000, { print: 'bdc3952ac1a3b879', different: 5_000, first: [660_991, 330_218, 219_501] }],
])

export const wordCount: Workload<WordCounts, WordCountSize> = {
  name: 'word-count',
  title: 'Word count',
  lesson:
    'A word is counted faster than it is sent: what must cross decides, and a combiner sends less back.',
  sizes: {
    S: { label: '200,000 words', words: 200_000 },
    M: { label: '2,000,000 words', words: 2_000_000 },
    L: { label: '6,000,000 words', words: 6_000_000 },
    // The workshop counts no words.
    workshop: { label: '200,000 words', words: 200_000 },
  },
  defaultSize: 'M',

  serial({ words }) {
    return countWords(textOf(words))
  },

  async parallel(executor: Executor, { words }: WordCountSize, options: ParallelOptions = {}) {
    const inputs = piecesOf(textOf(words), pieces).map(piece => [piece, reducers] as const)
    const total = inputs.length + reducers
    const mapped = await executor.map(combinePiece, inputs, progressAfter(0, total, options))
    const parts = shuffled(mapped, reducers)
    return addCounts(await executor.map(addCombined, parts, progressAfter(inputs.length, total, options)))
  },

  check(counts, { words }): Verdict {
    const expected = known.get(words)
    if (expected === undefined) throw new RangeError(`No known counts of ${words} words.`)
    const all = Int32Array.from({ length: vocabulary }, (_, number) => counts.get(spelled(number)) ?? 0)
    const inWords = (different: number, first: Iterable<number>, print: string) =>
      `${different.toLocaleString('en-US')} different words, the first ${[...first].map(count => count.toLocaleString('en-US')).join(', ')} times (${print})`
    const shows = inWords(counts.size, all.subarray(0, 3), fingerprint(all))
    const should = inWords(expected.different, expected.first, expected.print)
    return { ok: shows === should, shows, expected: should }
  },
}

const texts = new Map<number, string>()

function textOf(words: number): string {
  let text = texts.get(words)
  if (text === undefined) {
    text = zipfText(words)
    texts.set(words, text)
  }
  return text
}
