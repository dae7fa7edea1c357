/**
 * The classes of atonce's errors by name, and as one with the same classes of another copy of
 * atonce.
 */
import { checkNode } from './supported.ts'

checkNode(process.versions) // This file is evaluated before all others of the library.

/** The parent of every error that atonce makes; `code` is stable, `cause` is what lay behind it. */
export class AtonceError extends Error {
  /** Stable, upper case, begins with `ATONCE_`. */
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

type ErrorClass = abstract new (...args: never[]) => Error

const byName = new Map<string, ErrorClass>()

/**
 * Every class of atonce's errors by its name, for the far side's errors to find their class again.
 */
export const errorClasses: ReadonlyMap<string, ErrorClass> = byName

/** Marks a class that is listed, in every copy of atonce; its value is the class's name. */
const classMark = Symbol.for('atonce.error')

/**
 * Lists error classes: those of errors.ts, and those of parts that a program loads only if it uses
 * them. An error that crosses finds its class by this name, also in a bundle whose minifier renamed
 * the class. An error that another copy of atonce made is an instance of the class of that name
 * here.
 */
export function listErrorClasses(classes: Readonly<Record<string, ErrorClass>>): void {
  for (const [name, errorClass] of Object.entries(classes)) {
    Object.defineProperty(errorClass, 'name', { value: name, configurable: true })
    Object.defineProperty(errorClass.prototype, 'name', { value: name, configurable: true, writable: true })
    Object.defineProperty(errorClass, classMark, { value: name })
    Object.defineProperty(errorClass, Symbol.hasInstance, { value: isOfClass })
    byName.set(name, errorClass)
  }
}

/** `value instanceof this`. A class that a user derived from one of these is asked as usual. */
function isOfClass(this: Function, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(this, value)) return true
  if (!Object.hasOwn(this, classMark) || typeof value !== 'object' || value === null) return false
  const { [classMark]: name } = this as { [classMark]?: string }
  for (let at: unknown = Object.getPrototypeOf(value); at !== null; at = Object.getPrototypeOf(at)) {
    const made: unknown = Object.getOwnPropertyDescriptor(at, 'constructor')?.value
    if (typeof made === 'function' && Object.getOwnPropertyDescriptor(made, classMark)?.value === name)
      return true
  }
  return false
}
