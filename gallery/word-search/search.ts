/** Whole words in a text file, in whatever letters they are written. */
import { readFileSync } from 'node:fs'

/** Where a word stands: the line, from 1, and which of the words it is, from 0. */
export type Hit = readonly [line: number, word: number]

/**
 * The places of the words in a file, in order. Letters beside a word make it another word; capitals
 * do not.
 */
export function searchFile(path: string, words: readonly string[]): Hit[] {
  const pattern = new RegExp(String.raw`\b(?:${words.join('|')})\b`, 'gi')
  const hits: Hit[] = []
  for (const [line, text] of readFileSync(path, 'utf8').split('\n').entries()) {
    for (const [found] of text.matchAll(pattern)) hits.push([line + 1, words.indexOf(found.toLowerCase())])
  }
  return hits
}
