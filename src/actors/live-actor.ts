/** An actor on this thread, as the parts around it see it; `Cell` is the one implementation. */
import type { Asker, Target } from './contract.ts'
import type { PastFailure } from './history.ts'
import type { Awaited } from './impasse.ts'
import type { Message } from './mailbox.ts'
import type { Memory } from './memory.ts'
import type { StopReason } from './reason.ts'
import type { System } from './system.ts'

/** What a picture of the tree shows. */
export interface Shown {
  readonly name: string
  /** As `ready`, `busy`, `restarting`. */
  readonly state: string
  /** How many messages wait for it. */
  readonly waiting: number
  /**
   * How often it was started again: by its own failures, and by others' where the strategy says so.
   */
  readonly restarts: number
  /** When and why it failed, oldest first; the last few. */
  readonly failures: readonly PastFailure[]
  /** Of a supervisor. */
  readonly strategy: string | undefined
  readonly children: readonly Shown[]
  /** Of an actor elsewhere. */
  readonly worker?: ShownWorker | undefined
}

/** Where an actor lives, and what it may be busy with, as far as is known here. */
export interface ShownWorker {
  readonly pid: number | undefined
  readonly threadId: number | undefined
  /** How long it has not answered. */
  readonly silentMs: number
  /** The method of the first message that may not have been worked on. */
  readonly oldest: string | undefined
}

/** What is below a supervisor. */
export interface Member extends Shown, Awaited {}

/** Who is told how an actor fares, and decides what becomes of it. */
export interface Parent {
  /** It threw, and waits: to be restarted, or ended. `message` is what it worked on. */
  failed(actor: LiveActor, reason: StopReason, message: Message | undefined): void
  /** It has ended by itself, or because it was asked to. */
  ended(actor: LiveActor, reason: StopReason): void
  /** Whether it is to be restarted when it ends by itself. */
  keeps(reason: StopReason): boolean
}

/** The actors that an actor has started. */
export interface Children {
  readonly children: readonly Member[]
  /** Stops them all, the last first. */
  stop(reason: StopReason): Promise<void>
  /** Ends at once all that is still to end. */
  fence(): void
}

export interface LiveActor extends Target, Asker {
  readonly name: string
  readonly current: Message | undefined
  readonly system: System
  readonly waiting: number
  readonly instance: object | undefined
  /** What it did last; only where its class asks for that. */
  readonly memory: Memory | undefined
  readonly incarnation: number
  /** Runs `run` as a message of this incarnation. */
  post(run: () => unknown): void
  /** The same for an event, if there is room; false if it is a dead letter. */
  hear(run: () => unknown, topic: string, event: unknown): boolean
  /** It can't go on: its parent decides. */
  fail(error: unknown): void
  /** Calls `left` once, when this incarnation has ended; returns what takes that back. */
  onLeaving(left: () => void): () => void
  /** Gets in line again, after what kept it from work has ended. */
  wake(): void
  putBack(messages: readonly Message[]): void
  toStopping(): void
  over(reason: StopReason): void
}
