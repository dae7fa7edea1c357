/**
 * Plain data in place of a value that the platform's copy would damage: made by rewrite.ts, read by
 * revive.ts.
 */
import type { ClassAddress } from '../declared/shareable.ts'
import type { WireError } from './wire-failure.ts'

/**
 * Marks a plain object as the stand-in of a special value. In a message with stand-ins, a user's
 * record with this key gets one too.
 */
export const tag = '\u0000atonce'

export type StandIn =
  | { readonly [tag]: 'Buffer'; readonly bytes: Uint8Array }
  | { readonly [tag]: 'Error'; readonly error: WireError }
  /** What an instance of a shareable class was packed into. */
  | { readonly [tag]: 'Packed'; readonly of: ClassAddress; data: unknown }
  | { readonly [tag]: 'Object'; readonly entries: [string, unknown][] }

/** An instance of a shareable class: its own data, and beside it the address of its class. */
export interface InstanceStandIn {
  readonly [tag]: ClassAddress
  readonly [name: string]: unknown
}
