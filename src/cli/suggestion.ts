/** "Did you mean …?" for a name that was mistyped. */
import { closest, distance } from 'fastest-levenshtein'

/** ` Did you mean primes?`, or nothing when no name is close; to be put at the end of a message. */
export function didYouMean(typed: string, names: Iterable<string>): string {
  const known = [...names]
  if (known.length === 0) return ''
  const nearest = closest(typed, known)
  // A third of the letters wrong is a typing error; more is another word.
  return distance(typed.toLowerCase(), nearest.toLowerCase()) <= Math.max(1, Math.ceil(typed.length / 3))
    ? ` Did you mean ${nearest}?`
    : ''
}

/** `a, b or c`. */
export function oneOf(names: Iterable<string>): string {
  const known = [...names]
  return known.length < 2 ? known.join('') : `${known.slice(0, -1).join(', ')} or ${known.at(-1)}`
}
