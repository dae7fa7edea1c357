/** The workshop's files: 1000 integers each, one to a line. */

import { MersenneTwister } from '../generators/mersenne-twister.ts'
import { type KeptFiles, keptFolders } from '../kept-files.ts'

// The stream of random numbers goes on after 400 files of 262,144 bytes, as the workshop's
// measurement drew them.
const wordsBefore = (400 * 262_144) / 4

/** Folders with `files` files in all, 100 to a folder. */
export function foldersOf(files: number): string[] {
  const kept: KeptFiles = {
    name: 'min-max',
    files,
    perFolder: 100,
    extension: '.txt',
    contents: randomFiles,
  }
  return keptFolders(kept)
}

/** `random.sample(range(10, 1000000), 1000)`, file after file. */
export function* randomFiles(): Generator<string> {
  const random = new MersenneTwister(5)
  for (let word = 0; word < wordsBefore; word++) random.word()
  for (;;) yield `${random.sample(10, 1_000_000, 1_000).join('\n')}\n`
}
