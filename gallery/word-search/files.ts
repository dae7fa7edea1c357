/** Text files of made-up words, some much more frequent than others, as in real texts. */

import { mulberry32 } from '../generators/mulberry32.ts'
import { type KeptFiles, keptFolders } from '../kept-files.ts'

const linesPerFile = 400
const wordsPerLine = 10
const onsets = ['b', 'd', 'f', 'g', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't']
const vowels = ['a', 'e', 'i', 'o', 'u']

/** 3600 words of two syllables: word 0 is `baba`, word 61 is `bebe`. */
export const vocabulary: readonly string[] = onsets.flatMap(first =>
  vowels.flatMap(second => onsets.flatMap(third => vowels.map(fourth => first + second + third + fourth))),
)

/** Folders with `files` files in all, 20 to a folder. */
export function foldersOf(files: number): string[] {
  const kept: KeptFiles = {
    name: 'word-search',
    files,
    perFolder: 20,
    extension: '.txt',
    contents: texts,
  }
  return keptFolders(kept)
}

/**
 * Text after text, all from mulberry32(11). Each word takes three draws: which one (the square of
 * the draw, so that early words are frequent), how it is written (below 0.1 in capitals, below 0.2
 * with the first letter as one, below 0.3 with an `s` at its end, which makes it another word), and
 * what follows it (below 0.1 a comma, below 0.15 a hyphen instead of the space).
 */
export function* texts(): Generator<string> {
  const draw = mulberry32(11)
  for (;;) {
    let text = ''
    for (let line = 0; line < linesPerFile; line++) {
      for (let nth = 1; nth <= wordsPerLine; nth++) {
        const chance = draw()
        const word = vocabulary[Math.floor(vocabulary.length * (chance * chance))] as string
        text += written(word, draw())
        const follows = gap(draw())
        text += nth === wordsPerLine ? '.\n' : follows
      }
    }
    yield text
  }
}

function written(word: string, chance: number): string {
  if (chance < 0.1) return word.toUpperCase()
  if (chance < 0.2) return word.charAt(0).toUpperCase() + word.slice(1)
  return chance < 0.3 ? `${word}s` : word
}

function gap(chance: number): string {
  if (chance < 0.1) return ', '
  return chance < 0.15 ? '-' : ' '
}
