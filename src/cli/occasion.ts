/** What was typed, and when, so that a report can be made again. */
import { harmless } from '../live/harmless.ts'
import { shortened } from './ending.ts'
import type { Occasion } from './report/page.ts'

/** JSON of any length may have been typed; what is shown again is how it begins. */
export const mostRepeated = 200

/** `npx atonce compare ./primes.ts --input '[1,2]'`. */
export function typed(): string {
  const words = process.argv.slice(2).map(word => quoted(shortened(harmless(word), mostRepeated)))
  return ['npx atonce', ...words].join(' ')
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/** Since the command began. */
export function occasion(): Occasion {
  return { epochMs: performance.timeOrigin + process.uptime() * 1_000, command: typed() }
}
