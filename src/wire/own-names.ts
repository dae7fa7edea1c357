/** Named properties of an array, which the platform copies with its items. */
const { inspect } = process.getBuiltinModule('node:util')

/** Up to here the names of an array are listed faster than the platform is asked about them. */
const fewItems = 96

/**
 * The look of an array by its length and its names alone; runs no code of the array's and enters
 * nothing in it.
 */
const atAGlance = { maxArrayLength: 0, depth: 0, customInspect: false, compact: true, breakLength: 2 ** 30 }

/** How an array without names looks, with a length that stands nowhere else in it. */
const bareLength = 97
const bareLook = inspect(new Array(bareLength), atAGlance)

/**
 * The names on an array that has no holes, its indexes left out.
 *
 * Listing all keys of a large array takes longer than copying it: each index becomes a string.
 * Node's `inspect` asks V8 for the other names alone, at a microsecond whatever the length. Its
 * answer is only compared with that for a bare array, so no wording of Node's matters: where the
 * two differ, the keys are listed.
 */
export function namesOn(array: readonly unknown[]): string[] {
  const { length } = array
  if (length > fewItems && looksBare(array)) return []
  const keys = Object.keys(array)
  return keys.length === length ? [] : keys.slice(length)
}

/** The index that a key of an array stands for; undefined for a name, as are '', '01' and '1.0'. */
export function arrayIndex(key: string): number | undefined {
  const index = Number(key)
  return Number.isInteger(index) && index >= 0 && String(index) === key ? index : undefined
}

function looksBare(array: readonly unknown[]): boolean {
  try {
    return inspect(array, atAGlance) === bareLook.replace(String(bareLength), String(array.length))
  } catch {
    return false // Something on it throws when it is read.
  }
}
