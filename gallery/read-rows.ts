/** Numbers that a user of the gallery has in a file. */
import { readFileSync } from 'node:fs'

/**
 * The whole numbers of a text file, line by line, with blanks or commas between them; empty lines
 * are left out. @throws Error that names the file and what is wrong with it
 */
export function readRows(path: string): number[][] {
  const lines = readFileSync(path, 'utf8').split('\n')
  const rows = lines.map((line, at) =>
    line
      .split(/[\s,]+/)
      .filter(word => word !== '')
      .map(word => {
        const number = Number(word)
        if (Number.isSafeInteger(number)) return number
        throw new Error(
          `${path}, line ${at + 1}: ${word} is not a whole number below 2^53. Write them as: 7 11 13.`,
        )
      }),
  )
  const filled = rows.filter(row => row.length > 0)
  if (filled.length === 0) throw new Error(`${path} has no numbers. Write them as: 7 11 13.`)
  return filled
}
