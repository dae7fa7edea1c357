/**
 * The connection between the two sides of a lent end. README.md says what it is between threads,
 * and to a process.
 */

import type { PackCrossing } from '../../declared/shareable.ts'
import type { Moved } from '../../task/transfer.ts'
import type { Crossing } from '../crossing.ts'
import type { LinkWords } from './link-words.ts'
import type { OfLoan } from './messages.ts'

/**
 * One side of a link. What is sent arrives once and in order, or not at all once the link has
 * ended.
 */
export interface Link {
  /** What an item may be. */
  readonly crossing: Crossing
  /** The memory that the two sides share, if they share any. */
  readonly words: LinkWords | undefined
  /** Whether what is sent now leaves at once. */
  readonly clear: boolean
  /** Called once, before anything is sent. */
  open(listener: LinkListener): void
  /**
   * Sends a copy of the message; what is in `transfer` moves.
   * @throws whatever the platform throws when it can't copy; nothing was sent then
   */
  send(message: OfLoan, transfer?: readonly Moved[]): void
  /**
   * Tells that `count` more items were taken, `total` in all. Without shared memory that has left
   * the far side when this returns, if the link is clear.
   */
  tellTaken(count: number, total: number): void
  /** Reads at once what has arrived and was not delivered yet. */
  drain(): void
  /** The other side was found to be gone: the listener is told, if it was not yet. */
  gone(): void
  /** This side sends and wants no more. */
  close(): void
  /**
   * The message is not of the protocol: the sender is ignored from now on.
   */
  garbled(what: string): void
}

export interface LinkListener {
  message(message: OfLoan): void
  /**
   * The side that items come from looks at the shared words; returns whether more were taken.
   */
  looked?(): boolean
  /** The other side has left: nothing more comes. */
  closed(): void
  /** What is sent now waits for what was sent before … */
  congested(): void
  /** … and now it does not any more. */
  cleared(): void
}

/** An end that goes to another process, and has no link before that has begun its call. */
export interface NumberedEnd {
  readonly number: number
  begin(link: Link): void
}

/** An end that goes to another thread, with the port of its link. */
export interface PortedEnd {
  /**
   * The call was answered, or its thread has ended: all that the far side has said of it is read
   * now. Its port would tell that later than the answer comes.
   */
  over(): void
}

/** An end that goes along with a call, for whoever hands the call over and gets its answer. */
export type Lent = NumberedEnd | PortedEnd

/** What the `pack` of an end is told beside what every `pack` is told. */
export interface LendCrossing extends PackCrossing {
  readonly crossing: Crossing
  /** Notes an end that crosses; only where it will be given back. */
  readonly lend: ((lent: Lent) => void) | undefined
}
