/** Errors as plain data; failure.ts makes them, and reads them. */
import type { ClassAddress } from '../declared/shareable.ts'

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

export interface WireProperty {
  readonly name: string
  readonly enumerable: boolean
  readonly value: unknown
  readonly special: boolean
}
