/** The workshop's files: 256 KiB of Python's random bytes each. */
import { type FixtureFiles, fixtureFolders } from '../fixture-files.ts'
import { MersenneTwister } from '../generators/mersenne-twister.ts'

export const fileBytes = 262_144
export const filesPerFolder = 50

/** Folders with `files` files in all, 50 to a folder. */
export function foldersOf(files: number): string[] {
  const fixture: FixtureFiles = {
    name: 'hash-detect',
    files,
    perFolder: filesPerFolder,
    extension: '.bin',
    contents: randomFiles,
  }
  return fixtureFolders(fixture)
}

/** `random.Random(5)`, `randbytes(262144)` file after file. */
export function* randomFiles(): Generator<Uint8Array> {
  const random = new MersenneTwister(5)
  for (;;) yield random.bytes(fileBytes)
}
