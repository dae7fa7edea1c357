/**
 * Errors ⇄ wire: an error comes back whole, with class, message, own properties, cause, errors and the far stack.
 *
 * The class is found again by name: a built-in, one of atonce's, or one that the task's module exports. An error whose
 * class is not found becomes an Error that keeps the name. No constructor runs: the object is made and given its
 * prototype, so `#private` fields of a custom class are not there.
 */
import { AssertionError } from 'node:assert'
import { types } from 'node:util'
import { errorClasses, ThrownValueError } from '../errors.ts'

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
type Encode = (value: unknown, path: string) => { readonly value: unknown; readonly special: boolean }
type Decode = (value: unknown, special: boolean) => unknown

/** Finds a class by its name, or undefined. */
export type FindClass = (name: string) => Function | undefined

/** How deep causes and aggregated errors are followed. */
const maxDepth = 16

/** Readies whatever was thrown; never throws itself, whatever getters the value has. */
export function encodeFailure(thrown: unknown, encode: Encode, depth = 0): WireFailure {
  if (isError(thrown)) return { kind: 'error', error: encodeError(thrown, encode, depth) }
  const description = describeThrown(thrown)
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

/** Errors that are being encoded up the stack: one that holds itself is not followed again. */
const underWay = new Set<Error>()

/** Readies an error. */
export function encodeError(error: Error, encode: Encode, depth = 0): WireError {
  if (underWay.has(error)) return encodePlainly(error)
  underWay.add(error)
  try {
    return { ...encodePlainly(error), ...encodeParts(error, encode, depth) }
  } finally {
    underWay.delete(error)
  }
}

function encodePlainly(error: Error): WireError {
  return {
    classes: classNames(error),
    name: textOf(readSafely(error, 'name'), 'Error'),
    message: textOf(readSafely(error, 'message'), ''),
    stack: textOf(readSafely(error, 'stack'), ''),
    properties: [],
  }
}

function encodeParts(error: Error, encode: Encode, depth: number): Partial<WireError> {
  const cause = readSafely(error, 'cause')
  const errors = readSafely(error, 'errors')
  const follow = (next: unknown) => encodeFailure(next, encode, depth + 1)
  return {
    properties: ownProperties(error, encode),
    ...(Object.hasOwn(error, 'cause') && depth < maxDepth ? { cause: follow(cause) } : {}),
    ...(Object.hasOwn(error, 'errors') && Array.isArray(errors) && depth < maxDepth
      ? { errors: errors.map(follow) }
      : {}),
  }
}

/** Brings back what was thrown. What is no Error becomes a ThrownValueError. */
export function decodeFailure(failure: WireFailure, decode: Decode, findClass: FindClass = noClass): Error {
  if (failure.kind === 'error') return decodeError(failure.error, decode, findClass)
  return new ThrownValueError(decode(failure.value, failure.special), failure.description)
}

/** Brings back an error. */
export function decodeError(wire: WireError, decode: Decode, findClass: FindClass = noClass): Error {
  if (wire.classes[0] === 'DOMException') return decodeDomException(wire, decode, findClass)
  const error = withoutOwnStack(() => new Error(wire.message))
  const found = wire.classes
    .map(name => builtIn(name) ?? errorClasses.get(name) ?? findClass(name))
    .find(isErrorClass)
  if (found !== undefined && found !== Error) Object.setPrototypeOf(error, found.prototype)
  if (error.name !== wire.name) hidden(error, 'name', wire.name)
  return dress(error, wire, decode, findClass)
}

/** Its name and message live in the object itself, so it must be constructed. */
function decodeDomException(wire: WireError, decode: Decode, findClass: FindClass): Error {
  const made: unknown = new DOMException(wire.message, wire.name)
  return dress(made as Error, wire, decode, findClass)
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
      value: decode(value, special),
      enumerable,
      configurable: true,
      writable: true,
    })
  }
  return error
}

/** What the error of something that is no Error says about it. */
export function describeThrown(thrown: unknown): string {
  if (typeof thrown === 'function') return `a function${thrown.name === '' ? '' : ` (${thrown.name})`}`
  if (typeof thrown === 'string')
    return `the string ${JSON.stringify(thrown.length > 80 ? `${thrown.slice(0, 80)}…` : thrown)}`
  if (typeof thrown === 'object' && thrown !== null) return 'an object'
  return String(thrown)
}

/** The names of all Error classes of the error, nearest first, `Error` itself left out. */
function classNames(error: Error): string[] {
  const names: string[] = []
  for (
    let prototype = Object.getPrototypeOf(error);
    prototype !== null;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    const made: unknown = Object.hasOwn(prototype, 'constructor') ? prototype.constructor : undefined
    if (made === Error || made === Object) break
    if (typeof made === 'function' && made.name !== '') names.push(made.name)
  }
  return names
}

const ownByNature = new Set(['stack', 'message', 'cause', 'errors'])

function ownProperties(error: Error, encode: Encode): WireProperty[] {
  const properties: WireProperty[] = []
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
    if (ownByNature.has(name)) continue
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
    AssertionError,
  ]
    .filter(found => found !== undefined)
    .map(found => [found.name, found]),
)

function builtIn(name: string): Function | undefined {
  return builtIns.get(name)
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
