/**
 * What was thrown, or is to be told of: any value, which may answer anything, or throw, when it is
 * looked at: a getter, a proxy that was revoked, a class of another realm. Nothing here throws.
 */
const { isNativeError } = process.getBuiltinModule('node:util').types

/** Whether it is an error, of this realm or another. */
export function isError(value: unknown): value is Error {
  if (isNativeError(value)) return true
  try {
    return value instanceof Error
  } catch {
    return false
  }
}

/** Whether it bears that name, as an error that tells of a cancellation bears `AbortError`. */
export function isNamed(thrown: unknown, name: string): boolean {
  try {
    return (thrown as Error | null | undefined)?.name === name
  } catch {
    return false
  }
}

/** Name and message of an error, whose class may have getters for them. */
export function inShort(error: Error): string {
  try {
    return `${error.name}: ${error.message}`
  } catch {
    return 'an error that hides what it is'
  }
}

/** The text with a full stop, if it does not end as a sentence does. */
export function sentence(text: string): string {
  return /[.!?\u2026]$/.test(text) ? text : `${text}.`
}

/** The text of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  try {
    return isError(thrown) ? String(thrown.message) : String(thrown)
  } catch {
    return 'something that hides what it is'
  }
}

/** What was thrown that is no error, as a part of a sentence. */
export function describeThrown(thrown: unknown): string {
  if (typeof thrown === 'string')
    return `the string ${JSON.stringify(thrown.length > 80 ? `${thrown.slice(0, 80)}…` : thrown)}`
  if (typeof thrown === 'object' && thrown !== null) return 'an object'
  if (typeof thrown !== 'function') return String(thrown)
  try {
    return `a function${thrown.name === '' ? '' : ` (${thrown.name})`}`
  } catch {
    return 'a function'
  }
}
