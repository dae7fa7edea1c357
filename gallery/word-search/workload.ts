/** Searching text files for whole words: reading and matching, file by file. */
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import type { Executor } from '../../src/index.ts'
import { filesIn } from '../kept-files.ts'
import type { ParallelOptions, Size, Verdict, Workload } from '../workload.ts'
import { foldersOf } from './files.ts'
import { type Hit, searchFile } from './search.ts'
import { findWords } from './tasks.ts'

export interface WordSearchSize extends Size {
  readonly files: number
}

/**
 * What is known of the hits: how many of each word, in how many files, and the MD5 of all places.
 */
export interface Found {
  readonly counts: readonly number[]
  readonly files: number
  readonly places: string
}

// One that is frequent, one in the middle, one that is rare.
export const words: readonly string[] = ['baba', 'lomi', 'tutu']

// By a second implementation in Python, which makes the texts itself and cuts them into words
// without a pattern.
const known: ReadonlyMap<number, Found> = new Map([
  [20, { counts: [1_166, 23, 10], files: 20, places: '1cc0e68fc929b445877f3281ed0de70f' }],
  [100, { counts: [5_989, 82, 56], files: 100, places: '4b5030fe84b5065daeda5e707d8d5204' }],
  [2_000, { counts: [120_282, 1_496, 1_035], files: 2_000, places: '9adaf6b197078564188821e58c69e718' }],
  [6_000, { counts: [360_664, 4_387, 2_997], files: 6_000, places: 'ee38942fd29821761365036d2f7521e2' }],
])

export const wordSearch: Workload<Hit[][], WordSearchSize> = {
  name: 'word-search',
  title: 'Word search in text files',
  lesson:
    'Matching is work and file reading, once cached, nearly nothing: more cores help, more waiting at a time does not.',
  sizes: {
    S: { label: '20 files of 21 KB, 3 words', files: 20 },
    M: { label: '2,000 files of 21 KB, 3 words', files: 2_000 },
    L: { label: '6,000 files of 21 KB, 3 words', files: 6_000 },
    // The workshop names no input.
    workshop: { label: '100 files of 21 KB, 3 words', files: 100 },
  },
  defaultSize: 'M',

  serial: ({ files }) => pathsOf(files).map(path => searchFile(path, words)),

  async parallel(executor: Executor, { files }: WordSearchSize, options: ParallelOptions = {}) {
    const calls = pathsOf(files).map((path): [string, readonly string[]] => [path, words])
    return executor.map(findWords, calls, options)
  },

  check(answer, { files }): Verdict {
    const expected = known.get(files)
    if (expected === undefined) throw new RangeError(`Nothing is known of ${files} files.`)
    const shows = inWords(foundIn(answer, pathsOf(files)))
    return { ok: shows === inWords(expected), shows, expected: inWords(expected) }
  },
}

function pathsOf(files: number): string[] {
  return foldersOf(files).flatMap(filesIn)
}

function foundIn(answer: readonly Hit[][], paths: readonly string[]): Found {
  const counts = words.map(() => 0)
  const places = createHash('md5')
  for (const [file, hits] of answer.entries()) {
    for (const [line, word] of hits) {
      counts[word] = (counts[word] ?? 0) + 1
      places.update(`${basename(paths[file] as string)}:${line}:${words[word]}\n`)
    }
  }
  return { counts, files: answer.filter(hits => hits.length > 0).length, places: places.digest('hex') }
}

function inWords({ counts, files, places }: Found): string {
  const each = words.map((word, nth) => `${word} ${counts[nth]?.toLocaleString('en-US')}×`)
  return `${each.join(', ')} in ${files} files, places ${places.slice(0, 16)}`
}
