/** The workshop's files: 256 KiB of Python's random bytes each. */

import { MersenneTwister } from '../generators/mersenne-twister.ts'
import { type KeptFiles, keptFolders } from '../kept-files.ts'

export const fileBytes = 262_144
export const filesPerFolder = 50

/** Folders with `files` files in all, 50 to a folder. */
export function foldersOf(files: number): string[] {
  const kept: KeptFiles = {
    name: 'hash-detect',
    files,
    perFolder: filesPerFolder,
    extension: '.bin',
    contents: randomFiles,
  }
  return keptFolders(kept)
}

/** `random.Random(5)`, `randbytes(262144)` file after file. */
export function* randomFiles(): Generator<Uint8Array> {
  const random = new MersenneTwister(5)
  for (;;) yield random.bytes(fileBytes)
}
