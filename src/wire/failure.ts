/**
 * Errors ⇄ wire: an error comes back whole, with class, message, own properties, cause, errors and the far stack.
 *
 * A shareable class is found again by its address. Any other is by its name and the names of the classes above it: one
 * that the task's module exports, a built-in, or one of atonce's. An error whose class is not found becomes an Error that
 * keeps the name. No constructor runs: the object is made and given its prototype, so `#private` fields of a custom class
 * are not there, unless the class is shareable and packs them.
 *
 * An error that is met again (a cause of two others, or of itself) is the same error again on the other side.
 */
import { type ClassAddress, findSharedClass, type SharedClass, sharedClassOf } from '../declared/shareable.ts'
import { AtonceError, errorClasses, ThrownValueError } from '../errors.ts'

const { isDeepStrictEqual, types } = process.getBuiltinModule('node:util')

/** Anything that was thrown, ready to be copied. */
export type WireFailure =
  | { readonly kind: 'error'; readonly error: WireError }
  | {
      readonly kind: 'value'
      readonly value: unknown
      readonly special: boolean
      readonly description: string
    }

/** An error as plain data. */
export interface WireError {
  /** Names of its class and the classes above it, nearest first. */
  readonly classes: readonly string[]
  /** The shareable class that it is an instance of. */
  readonly of?: ClassAddress
  /** What the class has packed it into, if it does so. */
  readonly packed?: { readonly value: unknown; readonly special: boolean }
  readonly name: string
  readonly message: string
  readonly stack: string
  readonly properties: readonly WireProperty[]
  readonly cause?: WireFailure
  readonly errors?: readonly WireFailure[]
}

interface WireProperty {
  readonly name: string
  readonly enumerable: boolean
  readonly value: unknown
  readonly special: boolean
}

/** The codec's two halves; passed in, so that errors inside of values and values inside of errors need no import cycle. */
export type Encode = (value: unknown, path: string) => { readonly value: unknown; readonly special: boolean }
export type Decode = (value: unknown, special: boolean) => unknown

/** Finds a class by its name, or undefined. */
export type FindClass = (name: string) => Function | undefined

/** How deep causes, aggregated errors and errors in properties are followed. */
const maxDepth = 16

/** Readies whatever was thrown; never throws itself, whatever getters the value has. */
export function encodeFailure(thrown: unknown, encode: Encode): WireFailure {
  if (attempt(() => isError(thrown), false))
    return { kind: 'error', error: encodeError(thrown as Error, encode) }
  const description = attempt(() => describeThrown(thrown), 'something that hides what it is')
  try {
    const { value, special } = encode(thrown, 'thrown')
    return { kind: 'value', value, special, description }
  } catch {
    return { kind: 'value', value: description, special: false, description }
  }
}

/** Whether it is an error, of this realm or another. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error
}

/** The errors of the message that is being made or read, and what they became. */
const wireOf = new Map<Error, WireError>()
const errorOf = new Map<WireError, Error>()
let nesting = 0
let depth = 0

/** Makes or reads one message: within `body`, an error that is met again is the same one again. */
export function sharingErrors<T>(body: () => T): T {
  nesting += 1
  try {
    return body()
  } finally {
    nesting -= 1
    if (nesting === 0) {
      wireOf.clear()
      errorOf.clear()
    }
  }
}

/** Readies an error; never throws itself. */
export function encodeError(error: Error, encode: Encode): WireError {
  return sharingErrors(() => {
    const known = wireOf.get(error)
    if (known !== undefined) return known
    const wire = encodePlainly(error)
    // Entered before its parts are: one of them may be the error itself.
    wireOf.set(error, wire)
    if (depth > maxDepth) return wire
    depth += 1
    try {
      return Object.assign(wire, encodeParts(error, encode))
    } finally {
      depth -= 1
    }
  })
}

function encodePlainly(error: Error): WireError {
  return {
    classes: attempt(() => classNames(Object.getPrototypeOf(error)), []),
    name: textOf(readSafely(error, 'name'), 'Error'),
    message: textOf(readSafely(error, 'message'), ''),
    stack: textOf(readSafely(error, 'stack'), ''),
    properties: [],
  }
}

function encodeParts(error: Error, encode: Encode): Partial<WireError> {
  const follow = (next: unknown) => encodeFailure(next, encode)
  const has = (name: string) => attempt(() => Object.hasOwn(error, name), false)
  const errors = has('errors') ? attempt(() => errorsIn(readSafely(error, 'errors')), undefined) : undefined
  const shared = attempt(() => sharedClassOf(Object.getPrototypeOf(error)), undefined)
  const packed = shared && packError(error, shared, encode)
  return {
    ...(shared === undefined ? {} : { of: shared.address }),
    ...(packed === undefined ? {} : { packed }),
    properties: attempt(() => ownProperties(error, errors !== undefined, encode), []),
    ...(has('cause') && depth <= maxDepth ? { cause: follow(readSafely(error, 'cause')) } : {}),
    ...(errors !== undefined && depth <= maxDepth ? { errors: errors.map(follow) } : {}),
  }
}

/** A `pack` that throws costs the error its class, not the caller its error. */
function packError(error: Error, { packing }: SharedClass, encode: Encode): WireError['packed'] {
  if (packing === undefined) return undefined
  return attempt(() => {
    const { value, special } = encode(packing.pack(error, { sharedMemory: false, transfer() {} }), 'error')
    return { value, special }
  }, undefined)
}

/** The parts of an AggregateError. A list of anything else under that name is a property like others. */
function errorsIn(errors: unknown): unknown[] | undefined {
  return Array.isArray(errors) && errors.some(isError) ? [...errors] : undefined
}

/** Brings back what was thrown. What is no Error becomes a ThrownValueError. */
export function decodeFailure(failure: WireFailure, decode: Decode, findClass: FindClass = noClass): Error {
  if (failure.kind === 'error') return decodeError(failure.error, decode, findClass)
  return new ThrownValueError(decode(failure.value, failure.special), failure.description)
}

/** Brings back an error. */
export function decodeError(wire: WireError, decode: Decode, findClass: FindClass = noClass): Error {
  return sharingErrors(() => {
    const known = errorOf.get(wire)
    if (known !== undefined) return known
    const error = makeShared(wire, decode) ?? makeError(wire, findClass)
    errorOf.set(wire, error)
    return dress(error, wire, decode, findClass)
  })
}

/** An error of a shareable class that is known here; whatever goes wrong with it, the error itself must arrive. */
function makeShared({ of, packed, name, message }: WireError, decode: Decode): Error | undefined {
  if (of === undefined) return undefined
  const shared = attempt(() => findSharedClass(of), undefined)
  if (shared === undefined) return undefined
  if (shared.packing === undefined) {
    const error = withoutOwnStack(() => new Error(message))
    Object.setPrototypeOf(error, shared.prototype)
    if (error.name !== name) hidden(error, 'name', name)
    return error
  }
  const { unpack } = shared.packing
  return attempt(() => {
    const made: unknown =
      packed && withoutOwnStack(() => unpack(decode(packed.value, packed.special)) as Error)
    return isError(made) && Object.getPrototypeOf(made) === shared.prototype ? made : undefined
  }, undefined)
}

function makeError({ classes, name, message }: WireError, findClass: FindClass): Error {
  // Its name and message live in the object itself, so it must be constructed.
  if (classes[0] === 'DOMException') return withoutOwnStack(() => new DOMException(message, name) as Error)
  const error = withoutOwnStack(() => new Error(message))
  const found = nearestClass(classes, findClass)
  if (found !== undefined) Object.setPrototypeOf(error, found.prototype)
  if (error.name !== name) hidden(error, 'name', name)
  return error
}

/** Whether all the errors that hang together in the failure find their own class; causes may lead in a circle. */
export function classesAreKnown(failure: WireFailure, findClass: FindClass = noClass): boolean {
  const found = [failure]
  const seen = new Set<WireError>()
  for (const next of found) {
    if (next.kind !== 'error' || seen.has(next.error)) continue
    const { of, classes, cause, errors = [] } = next.error
    seen.add(next.error)
    const isShared = of !== undefined && attempt(() => findSharedClass(of) !== undefined, false)
    if (!isShared && !isClassKnown(classes, findClass)) return false
    if (cause !== undefined) found.push(cause)
    for (const part of errors) found.push(part)
  }
  return true
}

function isClassKnown(line: readonly string[], findClass: FindClass): boolean {
  if (line.length === 0 || line[0] === 'DOMException') return true
  const found = nearestClass(line, findClass)
  return found !== undefined && classNames(found.prototype).length === line.length
}

/** The first class of the line that is known here. A class of the same name with others above it is another class. */
function nearestClass(line: readonly string[], findClass: FindClass): { prototype: Error } | undefined {
  for (const [at, name] of line.entries()) {
    for (const found of [findClass(name), builtIn(name), errorClasses.get(name)]) {
      if (isErrorClass(found) && isDeepStrictEqual(classNames(found.prototype), line.slice(at))) return found
    }
  }
  return undefined
}

/** The stack is the far side's; without a place of its own, Node does not show this file as the origin of the error. */
function withoutOwnStack(make: () => Error): Error {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return make()
  } finally {
    Error.stackTraceLimit = limit
  }
}

function dress(error: Error, wire: WireError, decode: Decode, findClass: FindClass): Error {
  hidden(error, 'stack', wire.stack)
  // What `cause` and `errors` hold may be no Error: then it is the value itself, as it was where it was thrown.
  const follow = (failure: WireFailure) =>
    failure.kind === 'error'
      ? decodeError(failure.error, decode, findClass)
      : decode(failure.value, failure.special)
  if (wire.cause !== undefined) hidden(error, 'cause', follow(wire.cause))
  if (wire.errors !== undefined) hidden(error, 'errors', wire.errors.map(follow))
  for (const { name, enumerable, value, special } of wire.properties) {
    Object.defineProperty(error, name, {
      value: decodeProperty(value, special, decode),
      enumerable,
      configurable: true,
      writable: true,
    })
  }
  return error
}

/** What hangs on an error and can't be made here says so in its place; the error itself must arrive. */
function decodeProperty(value: unknown, special: boolean, decode: Decode): unknown {
  try {
    return decode(value, special)
  } catch (problem) {
    if (problem instanceof AtonceError) return `[not copied: ${problem.message}]`
    throw problem
  }
}

/** What the error of something that is no Error says about it. */
export function describeThrown(thrown: unknown): string {
  if (typeof thrown === 'function') return `a function${thrown.name === '' ? '' : ` (${thrown.name})`}`
  if (typeof thrown === 'string')
    return `the string ${JSON.stringify(thrown.length > 80 ? `${thrown.slice(0, 80)}…` : thrown)}`
  if (typeof thrown === 'object' && thrown !== null) return 'an object'
  return String(thrown)
}

/** The names of all Error classes from that prototype up, nearest first, `Error` itself (of any realm) left out. */
function classNames(nearest: object): string[] {
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

const ownByNature = new Set(['stack', 'message', 'cause'])

function ownProperties(error: Error, withoutErrors: boolean, encode: Encode): WireProperty[] {
  const properties: WireProperty[] = []
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
    if (ownByNature.has(name) || (withoutErrors && name === 'errors')) continue
    const enumerable = descriptor.enumerable ?? false
    try {
      const { value, special } = encode(readSafely(error, name), name)
      properties.push({ name, enumerable, value, special })
    } catch (problem) {
      // An error is not refused because of something that hangs on it: it says what could not come along.
      properties.push({
        name,
        enumerable,
        value: `[not copied: ${(problem as Error).message}]`,
        special: false,
      })
    }
  }
  return properties
}

function readSafely(error: Error, name: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[name]
  } catch (problem) {
    return `[its ${name} is a getter that throws: ${textOf((problem as Error)?.message, '')}]`
  }
}

/** What hostile getters and proxies throw at whoever looks is no news. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
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

function isErrorClass(found: Function | undefined): found is Function & { prototype: Error } {
  return found !== undefined && (found === Error || found.prototype instanceof Error)
}

function noClass(): undefined {
  return undefined
}

function hidden(error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, { value, enumerable: false, configurable: true, writable: true })
}
