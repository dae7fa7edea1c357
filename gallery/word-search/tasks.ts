/** What workers do for the word search: a path and some words go out, places come back. */
import { task } from '../../src/index.ts'
import { type Hit, searchFile } from './search.ts'

/** The places of the words in a file, in order. */
export const findWords = task(import.meta, function findWords(path: string, words: readonly string[]): Hit[] {
  return searchFile(path, words)
})
