/** What scopes and the functions of time take, checked at the call. */
import { OptionError } from '../../errors.ts'

/** @throws OptionError if `ms` is no number, NaN or negative. */
export function checkMs(what: string, ms: number): void {
  if (!(typeof ms === 'number' && ms >= 0))
    throw new OptionError(`${what} takes a number of milliseconds from 0 up; it got ${shown(ms)}.`)
}

/** @throws OptionError if `count` is no whole number from 1 up; `Infinity` is one. */
export function checkCount(what: string, count: number): void {
  if (!(count >= 1 && (Number.isInteger(count) || count === Number.POSITIVE_INFINITY)))
    throw new OptionError(`${what} takes a whole number from 1 up; it got ${shown(count)}.`)
}

/** @throws OptionError if `signal` is there and is none. */
export function checkSignal(what: string, signal: AbortSignal | undefined): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new OptionError(
      `${what} takes an AbortSignal, as \`new AbortController().signal\`; it got ${shown(signal)}.`,
    )
}

/** @throws OptionError if `fn` is no function; `example` shows one. */
export function checkFunction(what: string, fn: unknown, example: string): void {
  if (typeof fn !== 'function')
    throw new OptionError(`${what} takes a function, as ${example}; it got ${shown(fn)}.`)
}

/** A value as a message shows it. */
export function shown(value: unknown): string {
  if (value instanceof Error) return value.message
  if (value instanceof Promise) return 'a Promise'
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}
