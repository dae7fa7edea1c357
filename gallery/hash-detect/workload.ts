/**
 * Looking for the file with a given MD5: a pipeline of two stages that stops when it has found it.
 */
import { basename } from 'node:path'
import type { Executor } from '../../src/index.ts'
import { filesIn } from '../kept-files.ts'
import type { ParallelOptions, Size, Verdict, Workload } from '../workload.ts'
import { digestOf } from './digest.ts'
import { foldersOf } from './files.ts'
import { findByDigest } from './pipeline.ts'

export interface HashDetectSize extends Size {
  readonly files: number
  /** The MD5 to look for, and which file has it. */
  readonly wanted: string
  readonly file: number
}

/** The name of the file that was found. */
type Answer = string | undefined

// The digests are Python's, of files that Python has drawn.
export const hashDetect: Workload<Answer, HashDetectSize> = {
  name: 'hash-detect',
  title: 'Hash detection',
  lesson: 'A pipeline of channels keeps its stages in step and stops at once, whoever waits in it.',
  sizes: {
    S: {
      label: '50 files of 256 KiB, the last is it',
      files: 50,
      wanted: '8c6ef0e87bd135f9b0b7581df06ce396',
      file: 49,
    },
    M: {
      label: '400 files of 256 KiB, the 200th is it',
      files: 400,
      wanted: 'c5dd9b2dc017ed250dfa4c01a0ab4b84',
      file: 199,
    },
    L: {
      label: '800 files of 256 KiB, the last is it',
      files: 800,
      wanted: '4ae57131eba99cdd8c5b52897832c7bf',
      file: 799,
    },
    workshop: {
      label: '400 files of 256 KiB, the last is it',
      files: 400,
      wanted: '131c1e4066906e95e49c8319c9a746e6',
      file: 399,
    },
  },
  defaultSize: 'L',

  serial({ files, wanted }) {
    for (const folder of foldersOf(files)) {
      const path = filesIn(folder).find(path => digestOf(path) === wanted)
      if (path !== undefined) return basename(path)
    }
    return undefined
  },

  async parallel(
    executor: Executor,
    { files, wanted }: HashDetectSize,
    { onProgress }: ParallelOptions = {},
  ) {
    let checked = 0
    const path = await findByDigest(foldersOf(files), wanted, executor, () => {
      checked += 1
      onProgress?.(checked, files)
    })
    onProgress?.(files, files) // Nobody has to look at the rest.
    return path === undefined ? undefined : basename(path)
  },

  check(answer, { wanted, file }): Verdict {
    const name = `${String(file).padStart(5, '0')}.bin`
    return {
      ok: answer === name,
      shows: `${answer ?? 'no file'} has MD5 ${wanted}`,
      expected: `${name} has MD5 ${wanted}`,
    }
  },
}
