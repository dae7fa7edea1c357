/** Numbers of the gallery's own command lines. */

/** A whole number from 1 up. @throws RangeError that names the option */
export function countFrom(option: string, text: string): number {
  const count = Number(text)
  if (Number.isSafeInteger(count) && count > 0) return count
  throw new RangeError(`${option} takes a whole number from 1 up; it got ${text || 'nothing'}.`)
}
