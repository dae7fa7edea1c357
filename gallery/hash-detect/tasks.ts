/** What workers do for the hash search: a path goes out, a digest comes back. */
import { task } from '../../src/index.ts'
import { digestOf } from './digest.ts'

/** The MD5 of a file, in hex. */
export const digestFile = task(import.meta, function digestFile(path: string): string {
  return digestOf(path)
})
