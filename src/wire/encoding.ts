/**
 * One message that is being written or read: what its errors and their values share.
 *
 * Values hold errors, and errors hold values: so failure.ts and codec.ts pass this on to each
 * other. An error that occurs twice in a message is one error on the other side too.
 */
import type { FindClass } from './error-classes.ts'
import type { Borrower } from './lent/borrower.ts'
import type { WireError } from './wire-failure.ts'

/** A part of a message, ready to be copied. */
export interface EncodedPart {
  readonly value: unknown
  readonly special: boolean
}

/** A message that is being written. */
export abstract class Encoding {
  /** The errors that were met, and what they became. */
  readonly errors = new Map<Error, WireError>()
  /** How deep in causes, aggregated errors and errors in properties the next one is. */
  depth = 0

  /** Readies a value in an error; `path` names it in refusals. @throws if it can't be sent */
  abstract value(value: unknown, path: string): EncodedPart
}

/** For the library's own errors, which hold only texts and numbers. */
export class PlainEncoding extends Encoding {
  value(value: unknown): EncodedPart {
    return { value: primitives.has(typeof value) ? value : String(value), special: false }
  }
}

const primitives: ReadonlySet<string> = new Set(['string', 'number', 'boolean', 'undefined'])

/** A message that is being read. */
export abstract class Decoding {
  /** The errors that were met, and what they became. */
  readonly errors = new Map<WireError, Error>()
  /**
   * Finds the class of an error by its name, where the reader knows more than the built-in ones.
   */
  readonly findClass: FindClass
  /** The call to which ends of channels come; without one, they are refused. */
  readonly borrower: Borrower | undefined

  constructor(findClass: FindClass = noClass, borrower?: Borrower) {
    this.findClass = findClass
    this.borrower = borrower
  }

  /** Brings back a value in an error. @throws if it can't be made here */
  abstract value(value: unknown, special: boolean): unknown
}

function noClass(): undefined {
  return undefined
}
