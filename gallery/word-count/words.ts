/** Counting words: plain functions that know nothing of nodes. */

export type WordCounts = ReadonlyMap<string, number>

/** The words of a text in small letters, one after the other. */
function* wordsOf(text: string): Generator<string, void, void> {
  for (const [word] of text.toLowerCase().matchAll(/\p{L}+/gu)) yield word
}

/** How often each word is in the text, whatever its case. */
export function countWords(text: string): Map<string, number> {
  return countAll(wordsOf(text))
}

/** How often each word is among these. */
export function countAll(words: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}

/**
 * Each word of the text as it stands, in the list of its reducer: what a map without a combiner
 * gives.
 */
export function dealtWords(text: string, reducers: number): string[][] {
  const lists: string[][] = Array.from({ length: reducers }, () => [])
  for (const word of wordsOf(text)) lists[reducerOf(word, reducers)]?.push(word)
  return lists
}

/** The sums of several counts. */
export function addCounts(parts: Iterable<WordCounts>): Map<string, number> {
  const sums = new Map<string, number>()
  for (const part of parts) for (const [word, count] of part) sums.set(word, (sums.get(word) ?? 0) + count)
  return sums
}

/** Which of so many reducers a word belongs to, the same on every node (FNV-1a, 32 bits). */
export function reducerOf(word: string, reducers: number): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < word.length; at += 1) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193)
  return (hash >>> 0) % reducers
}

/** The counts, sorted into those of each reducer. */
export function sorted(counts: WordCounts, reducers: number): Map<string, number>[] {
  const parts = Array.from({ length: reducers }, () => new Map<string, number>())
  for (const [word, count] of counts) parts[reducerOf(word, reducers)]?.set(word, count)
  return parts
}

/** Of each reducer: what all pieces have for it. */
export function shuffled<Part>(mapped: readonly (readonly Part[])[], reducers: number): Part[][] {
  return Array.from({ length: reducers }, (_, reducer) => mapped.map(parts => parts[reducer] as Part))
}

/** The text in about so many pieces, none of which cuts a line. */
export function piecesOf(text: string, count: number): string[] {
  const pieces: string[] = []
  const size = Math.ceil(text.length / count)
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from + size)
    const to = end === -1 ? text.length : end + 1
    pieces.push(text.slice(from, to))
    from = to
  }
  return pieces
}
