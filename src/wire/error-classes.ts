/**
 * Finds the class of an error on this side: by the names of its class and of those above it.
 */
import { errorClasses } from '../errors.ts'

/** Finds a class by its name, or undefined. */
export type FindClass = (name: string) => Function | undefined

/**
 * The first class of the list that is known here. A class of the same name with other parents is
 * another class.
 */
export function nearestClass(
  line: readonly string[],
  findClass: FindClass,
): { prototype: Error } | undefined {
  for (const [at, name] of line.entries()) {
    for (const found of [findClass(name), builtIn(name), errorClasses.get(name)]) {
      if (isErrorClass(found) && isSameLine(classNames(found.prototype), line.slice(at))) return found
    }
  }
  return undefined
}

/** Whether the first class of the line is known here. */
export function isClassKnown(line: readonly string[], findClass: FindClass): boolean {
  if (line.length === 0 || line[0] === 'DOMException') return true
  const found = nearestClass(line, findClass)
  return found !== undefined && classNames(found.prototype).length === line.length
}

/**
 * The names of all Error classes from that prototype up, nearest first, `Error` itself (of any
 * realm) left out.
 */
export function classNames(nearest: object): string[] {
  const names: string[] = []
  for (let prototype = nearest; prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    const made: unknown = Object.hasOwn(prototype, 'constructor') ? prototype.constructor : undefined
    if (made === Object || (typeof made === 'function' && isRootError(made, prototype))) break
    if (typeof made === 'function' && typeof made.name === 'string' && made.name !== '') names.push(made.name)
  }
  return names
}

function isRootError(made: Function, prototype: object): boolean {
  if (made === Error) return true
  const above = Object.getPrototypeOf(prototype)
  return made.name === 'Error' && above !== null && Object.getPrototypeOf(above) === null
}

const builtIns = new Map<string, Function>(
  [
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
    AggregateError,
    SuppressedError_(),
  ]
    .filter(found => found !== undefined)
    .map(found => [found.name, found]),
)

/** Node's own class is in a module that is loaded only if such an error is met. */
function builtIn(name: string): Function | undefined {
  return name === 'AssertionError'
    ? process.getBuiltinModule('node:assert').AssertionError
    : builtIns.get(name)
}

/** Explicit resource management's error, where the platform has it. */
function SuppressedError_(): Function | undefined {
  return (globalThis as { SuppressedError?: Function }).SuppressedError
}

/**
 * Compared name by name: the list may be of another realm (a vm context, as test runners make
 * them).
 */
function isSameLine(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, at) => name === other[at])
}

function isErrorClass(found: Function | undefined): found is Function & { prototype: Error } {
  return found !== undefined && (found === Error || found.prototype instanceof Error)
}
