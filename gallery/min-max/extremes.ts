/** The least and the greatest of the integers in a file. */
import { readFileSync } from 'node:fs'

export type Extremes = readonly [least: number, greatest: number]

const [zero, nine] = [0x30, 0x39]

/** Reads a file of non-negative integers, one to a line. */
export function extremesOf(path: string): Extremes {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let value = 0
  let digits = 0
  const end = () => {
    if (digits === 0) return
    if (value < least) least = value
    if (value > greatest) greatest = value
    value = digits = 0
  }
  // Digit by digit: a split into strings first would take twice the time.
  for (const byte of readFileSync(path)) {
    if (byte >= zero && byte <= nine) {
      value = 10 * value + byte - zero
      digits += 1
    } else {
      end()
    }
  }
  end()
  return [least, greatest]
}
