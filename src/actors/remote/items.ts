/**
 * What goes over a link, as README.md tells; primitives go in shorter form, see `batch.ts`. Values
 * are as the codec made them: `special` says that they must be revived.
 */
import type { Place } from '../../declared/declarations.ts'
import type { WireFailure } from '../../wire/failure.ts'
import type { Overflow, Seeking } from '../contract.ts'
import type { ChildSettings } from '../settings.ts'
import type { DeadLetter } from '../system.ts'
import type { Status } from './stirring.ts'

/** A list of arguments, or one value, ready to be copied. */
export interface Wired {
  readonly value: unknown
  readonly special: boolean
}

export interface WiredReason {
  readonly kind: string
  readonly failure: WireFailure | undefined
}

export interface WiredMemory {
  readonly name: string
  readonly args: Wired
}

/** How the declared class becomes the one that is started. */
export interface WiredVariant {
  readonly module: string
  readonly name: string
  readonly args: Wired
}

/** Something that is answered under its id. */
export type Request =
  | { readonly op: 'ask' | 'open'; readonly to: number; readonly method: string; readonly args: Wired }
  | { readonly op: 'next' | 'return'; readonly stream: number }
  | { readonly op: 'stop'; readonly to: number; readonly queued: 'finish' | 'drop'; readonly graceMs: number }
  | {
      readonly op: 'start'
      readonly place: Place
      readonly args: Wired
      readonly name: string
      readonly restart: ChildSettings['restart']
      readonly variant: WiredVariant | undefined
    }
  | { readonly op: 'begin' | 'resume'; readonly to: number }
  | { readonly op: 'suspend'; readonly to: number; readonly failure: WireFailure; readonly budgetMs: number }
  | { readonly op: 'end'; readonly to: number; readonly reason: WiredReason; readonly budgetMs: number }

export type Item =
  /**
   * `within` is the id of the ask that whoever asks answers meanwhile, if that came over the same
   * link.
   */
  | (Request & { readonly id: number; readonly within: number | undefined })
  | { readonly op: 'answer'; readonly id: number; readonly value: Wired }
  | { readonly op: 'failure'; readonly id: number; readonly failure: WireFailure }
  | { readonly op: 'leave'; readonly stream: number }
  | { readonly op: 'gaveUp'; readonly id: number; readonly failure: WireFailure }
  | { readonly op: 'tell'; readonly to: number; readonly method: string; readonly args: Wired }
  | { readonly op: 'ended'; readonly of: number; readonly reason: WiredReason }
  | { readonly op: 'exit'; readonly to: number; readonly reason: WiredReason; readonly from: string }
  | { readonly op: 'release'; readonly of: number; readonly count: number }
  | { readonly op: 'joins'; readonly to: number; readonly restart: number }
  | { readonly op: 'held'; readonly to: number; readonly search: number }
  | { readonly op: 'awaits'; readonly id: number; readonly restart: number }
  | { readonly op: 'seek'; readonly id: number; readonly seeking: Seeking }
  /** `quiet` says of how many batches all was worked on; 0 says nothing. */
  | { readonly op: 'status'; readonly of: Status; readonly quiet: number }
  | { readonly op: 'done'; readonly of: number; readonly count: number }
  | {
      readonly op: 'dead'
      readonly actor: string
      readonly method: string
      readonly args: Wired
      readonly reason: DeadLetter['reason']
    }
  | {
      readonly op: 'failed'
      readonly of: number
      readonly reason: WiredReason
      readonly method: string | undefined
      readonly args: Wired
      /** What it did before, and fields with what they were and what they are; see memory.ts. */
      readonly before: readonly WiredMemory[]
      readonly changed: readonly WiredMemory[]
    }

/** A ref as it travels: a number on the link, and what is needed where its class is not known. */
export interface WiredRef {
  readonly number: number
  /** Whose number it is: of the side that sends the ref, or of the one that gets it back. */
  readonly ours: boolean
  readonly name: string
  readonly place: Place
  /** How many messages its mailbox holds, and what then. */
  readonly capacity: number
  readonly overflow: Overflow
  /** If it has ended already. */
  readonly ended: WiredReason | undefined
  readonly methods: readonly string[]
  readonly streams: readonly string[]
}
