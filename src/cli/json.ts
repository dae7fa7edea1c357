/**
 * Results as JSON, with what JSON lacks written in its nearest form, so that no result is lost or
 * stops the run.
 */

/**
 * One value on one line. A bigint becomes its digits as a string, a typed array a list, a Map a
 * list of pairs, a Set a list, an Error its name and message, `undefined` (a task that returns
 * nothing) null; NaN and the infinities are null, as JSON has it.
 */
export function jsonLine(value: unknown): string {
  return escaped(JSON.stringify(value, nearest) ?? 'null')
}

/**
 * A result on one line, on every model alike: what no worker could send back is not left out in
 * silence.
 * @throws TypeError if it holds a function or a symbol
 */
export function resultJson(result: unknown): string {
  return escaped(JSON.stringify(result, nearestSendable) ?? 'null')
}

function nearestSendable(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  if (isUnsendable(value)) throw new TypeError(`it holds a ${typeof value}`)
  return nearest.call(this, key, value)
}

/** JSON leaves these out of an object, and writes null for them elsewhere. */
function isUnsendable(value: unknown): boolean {
  return typeof value === 'function' || typeof value === 'symbol'
}

/** A document of ours, on several lines. */
export function jsonDocument(value: object): string {
  return escaped(JSON.stringify(value, null, 2))
}

/**
 * JSON may hold characters that drive a terminal or break a line there; written as their numbers
 * they mean the same.
 */
function escaped(json: string): string {
  return json.replace(driving, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const driving = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

function nearest(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  const whole = this[key] // A Buffer has been through its toJSON() already in `value`.
  if (ArrayBuffer.isView(whole) && !(whole instanceof DataView)) return Array.from(whole as Uint8Array)
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Map || value instanceof Set) return [...value]
  if (value instanceof Error) return { name: value.name, message: value.message }
  return value
}

/**
 * Why a result has no JSON, as `it holds itself, at result.next[0]`; undefined if that can't be
 * seen.
 */
export function whyNoJson(result: unknown): string | undefined {
  const seen = new Set<unknown>()
  const within = new Set<unknown>()
  const look = (one: unknown, path: string): string | undefined => {
    if (isUnsendable(one))
      return path === root ? `it is a ${typeof one}` : `it holds a ${typeof one}, at ${path}`
    if (typeof one !== 'object' || one === null) return undefined
    if (within.has(one)) return `it holds itself, at ${path}`
    if (seen.has(one)) return undefined
    seen.add(one)
    within.add(one)
    const listed = Array.isArray(one) || one instanceof Set || one instanceof Map
    for (const [key, inner] of listed ? [...one].entries() : Object.entries(one)) {
      const step =
        typeof key === 'number' ? `[${key}]` : /^[\w$]+$/.test(key) ? `.${key}` : `[${jsonLine(key)}]`
      const found = look(inner, `${path}${step}`)
      if (found !== undefined) return found
    }
    within.delete(one)
    return undefined
  }
  try {
    return look(result, root)
  } catch {
    return undefined // It nests too deeply, or a getter throws.
  }
}

const root = 'result'
