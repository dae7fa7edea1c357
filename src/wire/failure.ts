/**
 * Errors ⇄ wire: an error comes back whole, with class, message, own properties, cause, errors and
 * the far stack.
 *
 * A shareable class is found again by its address; any other by its name and the names of the
 * classes above it: one that the task's module exports, a built-in, or one of atonce's. An error
 * whose class is not found becomes an Error that keeps the name. No constructor runs: the object is
 * made and given its prototype, so `#private` fields of a custom class are not there, unless the
 * class is shareable and packs them.
 *
 * An error that is met again (a cause of two others, or of itself) is the same error again on the
 * other side.
 *
 * Both halves always give an error, whatever they get: each part is read by itself, and a part that
 * can't be read is replaced by a text that says so. Workers report their death this way, so an
 * exception here would harm the executor.
 */
import { findSharedClass, type SharedClass, sharedClassOf } from '../declared/shareable.ts'
import { AtonceError, ProtocolError, ThrownValueError } from '../errors.ts'
import { describeThrown, isError } from '../thrown.ts'
import { type Decoding, type EncodedPart, Encoding } from './encoding.ts'
import { classNames, type FindClass, isClassKnown, nearestClass } from './error-classes.ts'
import { sendableParts } from './sendable-parts.ts'
import { stackText } from './stack-text.ts'
import type { WireError, WireFailure, WireProperty } from './wire-failure.ts'

export type { WireFailure } from './wire-failure.ts'

const { set: setProperty } = Reflect

/** How deep causes, aggregated errors and errors in properties are nested at most. */
const maxDepth = 16

/** Encodes whatever was thrown. Never throws, whatever getters the value has. */
export function encodeFailure(thrown: unknown, encoding: Encoding): WireFailure {
  if (isError(thrown)) return { kind: 'error', error: encodeError(thrown as Error, encoding) }
  const description = describeThrown(thrown)
  try {
    const { value, special } = encodeAsFarAsPossible(thrown, 'thrown', encoding)
    return { kind: 'value', value, special, description }
  } catch {
    return { kind: 'value', value: description, special: false, description }
  }
}

/** The same without its properties, when they can't be sent because of `problem`. */
export function withoutParts(thrown: unknown, problem: unknown): WireFailure {
  return encodeFailure(thrown, new NothingSent(problem))
}

class NothingSent extends Encoding {
  readonly #problem: unknown

  constructor(problem: unknown) {
    super()
    this.#problem = problem
  }

  value(): never {
    throw this.#problem
  }
}

/** Encodes an error; never throws. */
export function encodeError(error: Error, encoding: Encoding): WireError {
  const { errors } = encoding
  const known = errors.get(error)
  if (known !== undefined) return known
  const wire = encodePlainly(error)
  // Entered before its parts: one of them may be the error itself.
  errors.set(error, wire)
  if (encoding.depth > maxDepth) return wire
  encoding.depth += 1
  try {
    return Object.assign(wire, encodeParts(error, encoding))
  } finally {
    encoding.depth -= 1
  }
}

function encodePlainly(error: Error): WireError {
  const name = textOf(readSafely(error, 'name'), 'Error')
  // A message that is not text becomes text, as in `structuredClone`.
  const message = attempt(() => String(readSafely(error, 'message')), '')
  return {
    classes: attempt(() => classNames(Object.getPrototypeOf(error)), []),
    name,
    message,
    stack: stackText(`${name}: ${message}`, () => error.stack),
    properties: [],
  }
}

function encodeParts(error: Error, encoding: Encoding): Partial<WireError> {
  const follow = (next: unknown) => encodeFailure(next, encoding)
  const has = (name: string) => attempt(() => Object.hasOwn(error, name), false)
  const errors = has('errors') ? attempt(() => errorsIn(readSafely(error, 'errors')), undefined) : undefined
  const shared = attempt(() => sharedClassOf(Object.getPrototypeOf(error)), undefined)
  const packed = shared && packError(error, shared, encoding)
  return {
    ...(shared === undefined ? {} : { of: shared.address }),
    ...(packed === undefined ? {} : { packed }),
    properties: attempt(() => ownProperties(error, errors !== undefined, encoding), []),
    ...(has('cause') && encoding.depth <= maxDepth ? { cause: follow(readSafely(error, 'cause')) } : {}),
    ...(errors !== undefined && encoding.depth <= maxDepth ? { errors: errors.map(follow) } : {}),
  }
}

/** If `pack` throws, the error arrives without its class. */
function packError(error: Error, { packing }: SharedClass, encoding: Encoding): WireError['packed'] {
  if (packing === undefined) return undefined
  return attempt(() => {
    const { value, special } = encoding.value(
      packing.pack(error, { sharedMemory: false, transfer() {} }),
      'error',
    )
    return { value, special }
  }, undefined)
}

/**
 * The parts of an AggregateError. A list of other things under that name is an ordinary property.
 */
function errorsIn(errors: unknown): unknown[] | undefined {
  return Array.isArray(errors) && errors.some(isError) ? [...errors] : undefined
}

/** The problems of failures that no worker of this library would send. */
const forgeries = new WeakMap<Error, string>()

/**
 * The problem of the failure from which this error was read, if it was forged: its sender can't be
 * trusted.
 */
export function forgeryIn(error: Error): string | undefined {
  return forgeries.get(error)
}

/**
 * Brings back what was thrown; never throws itself. What is not an Error becomes a
 * ThrownValueError.
 */
export function decodeFailure(failure: WireFailure, decoding: Decoding): Error {
  try {
    if (failure.kind === 'error') return decodeError(failure.error, decoding)
    return new ThrownValueError(decoding.value(failure.value, failure.special), failure.description)
  } catch (problem) {
    if (problem instanceof AtonceError) return problem // It is an instance that can't be made here.
    const why = messageIn(problem)
    const error = new ProtocolError(`a failure that can't be read (${why})`, { worker: 'A worker' })
    forgeries.set(error, why)
    return error
  }
}

/**
 * Brings back an error. @throws only if `wire` is not an error; its parts fail each by itself.
 */
export function decodeError(wire: WireError, decoding: Decoding): Error {
  const { errors, findClass } = decoding
  const known = errors.get(wire)
  if (known !== undefined) return known
  const error = makeShared(wire, decoding) ?? makeError(wire, findClass)
  errors.set(wire, error)
  dress(error, wire, decoding)
  return error
}

/**
 * An error of a shareable class that is known here. Whatever goes wrong with the class, the error
 * must arrive.
 */
function makeShared({ of, packed, name, message }: WireError, decoding: Decoding): Error | undefined {
  if (of === undefined) return undefined
  const shared = attempt(() => findSharedClass(of), undefined)
  if (shared === undefined) return undefined
  if (shared.packing === undefined) {
    const error = withoutOwnStack(() => new Error(message))
    Object.setPrototypeOf(error, shared.prototype)
    keepName(error, name)
    return error
  }
  const { unpack } = shared.packing
  return attempt(() => {
    const made: unknown =
      packed && withoutOwnStack(() => unpack(decoding.value(packed.value, packed.special)) as Error)
    return isError(made) && Object.getPrototypeOf(made) === shared.prototype ? made : undefined
  }, undefined)
}

function makeError({ classes, name, message }: WireError, findClass: FindClass): Error {
  // It keeps its name and message inside, so it must be constructed.
  if (classes[0] === 'DOMException') return withoutOwnStack(() => new DOMException(message, name) as Error)
  const error = withoutOwnStack(() => new Error(message))
  const found = attempt(() => nearestClass(classes, findClass), undefined)
  if (found !== undefined) Object.setPrototypeOf(error, found.prototype)
  keepName(error, name)
  return error
}

/** The class may have a getter for it. */
function keepName(error: Error, name: string): void {
  if (attempt(() => error.name, undefined) !== name) hidden(error, 'name', name)
}

/**
 * Whether all the errors in the failure find their class. Causes may form a circle.
 */
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

/**
 * The stack is the far side's. Without a stack of its own, Node does not show this file as the
 * error's origin. Where intrinsics are frozen it has one for a moment.
 */
function withoutOwnStack(make: () => Error): Error {
  const limit = Error.stackTraceLimit
  setProperty(Error, 'stackTraceLimit', 0)
  try {
    return make()
  } finally {
    setProperty(Error, 'stackTraceLimit', limit)
  }
}

function dress(error: Error, wire: WireError, decoding: Decoding): void {
  hidden(error, 'stack', wire.stack)
  // `cause` and `errors` may hold values that are not errors: they arrive as they were.
  const follow = (failure: WireFailure) =>
    inPlace(() =>
      failure.kind === 'error'
        ? decodeError(failure.error, decoding)
        : decoding.value(failure.value, failure.special),
    )
  if (wire.cause !== undefined) hidden(error, 'cause', follow(wire.cause))
  if (wire.errors !== undefined) hidden(error, 'errors', wire.errors.map(follow))
  for (const { name, enumerable, value, special } of wire.properties)
    put(error, name, enumerable, special ? inPlace(() => decoding.value(value, special)) : value)
}

/**
 * A property that can't be made here is replaced by the reason; the error itself must arrive.
 */
function inPlace(make: () => unknown): unknown {
  try {
    return make()
  } catch (problem) {
    return notCopied(problem)
  }
}

function notCopied(problem: unknown): string {
  return `[not copied: ${messageIn(problem)}]`
}

const ownByNature = new Set(['stack', 'message', 'cause'])

function ownProperties(error: Error, withoutErrors: boolean, encoding: Encoding): WireProperty[] {
  const properties: WireProperty[] = []
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
    if (ownByNature.has(name) || (withoutErrors && name === 'errors')) continue
    const enumerable = descriptor.enumerable ?? false
    try {
      const { value, special } = encodeAsFarAsPossible(readSafely(error, name), name, encoding)
      properties.push({ name, enumerable, value, special })
    } catch (problem) {
      // An error is not refused because of a property: it says what could not be sent.
      properties.push({ name, enumerable, value: notCopied(problem), special: false })
    }
  }
  return properties
}

/** Whole, or with texts in place of what can't be sent; throws what is wrong with all of it. */
function encodeAsFarAsPossible(value: unknown, path: string, encoding: Encoding): EncodedPart {
  try {
    return encoding.value(value, path)
  } catch (problem) {
    if (typeof value !== 'object' || value === null) throw problem
    const parts = sendableParts(value, path, (part, at) => encoding.value(part, at), notCopied)
    if (typeof parts === 'string') throw problem
    return encoding.value(parts, path)
  }
}

function readSafely(error: Error, name: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[name]
  } catch (problem) {
    return `[its ${name} is a getter that throws: ${messageIn(problem)}]`
  }
}

/** What hostile getters and proxies throw here is ignored. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}

/** The text of the problem, or nothing: it may be any value, with any getters. */
function messageIn(problem: unknown): string {
  return attempt(() => textOf((problem as Error).message, ''), '')
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
}

function noClass(): undefined {
  return undefined
}

function hidden(error: Error, name: string, value: unknown): void {
  put(error, name, false, value)
}

/** A property that the class has frozen or defined as read-only stays as it is. */
function put(error: Error, name: string, enumerable: boolean, value: unknown): void {
  const property = { __proto__: null, value, enumerable, configurable: true, writable: true }
  attempt(() => Object.defineProperty(error, name, property as PropertyDescriptor), error)
}
