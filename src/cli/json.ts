/** Results as JSON, with what JSON lacks written in its nearest form, so that no result is lost or stops the run. */

/**
 * One value on one line. A bigint becomes its digits as a string, a typed array a list, a Map a list of pairs, a Set a
 * list, an Error its name and message, `undefined` (a task that returns nothing) null; NaN and the infinities are null,
 * as JSON has it.
 */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value, nearest) ?? 'null'
}

function nearest(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  const whole = this[key] // A Buffer has been through its toJSON() already in `value`.
  if (ArrayBuffer.isView(whole) && !(whole instanceof DataView)) return Array.from(whole as Uint8Array)
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Map || value instanceof Set) return [...value]
  if (value instanceof Error) return { name: value.name, message: value.message }
  return value
}
