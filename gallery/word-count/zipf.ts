/** Words as they come in a language: the second half as often as the first, the third a third. */
import { mulberry32 } from '../generators/mulberry32.ts'

/** How many different words there are. */
export const vocabulary = 5_000
const seed = 7

/**
 * So many words, by their numbers, the most frequent being 0 (George Zipf, "Human Behavior and the
 * Principle of Least Effort", 1949).
 */
export function zipfNumbers(count: number): Uint16Array {
  const draw = mulberry32(seed)
  const reach = new Float64Array(vocabulary)
  let total = 0
  for (let at = 0; at < vocabulary; at += 1) {
    total += 1 / (at + 1)
    reach[at] = total
  }
  return Uint16Array.from({ length: count }, () => firstThatReaches(reach, draw() * total))
}

/** As a text of lines with a dozen words each. */
export function zipfText(count: number): string {
  const numbers = zipfNumbers(count)
  const lines: string[] = []
  for (let from = 0; from < count; from += 12)
    lines.push(Array.from(numbers.subarray(from, from + 12), spelled).join(' '))
  return lines.join('\n')
}

/** Letters only, as words are counted: `a` … `z`, `ba`, `bb`, … */
export function spelled(number: number): string {
  const last = String.fromCharCode(97 + (number % 26))
  return number < 26 ? last : spelled(Math.floor(number / 26)) + last
}

function firstThatReaches(reach: Float64Array, wanted: number): number {
  let [low, high] = [0, reach.length - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((reach[middle] as number) >= wanted) high = middle
    else low = middle + 1
  }
  return low
}
