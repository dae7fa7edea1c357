/**
 * What the parts of actors agree on: classes as they are known, methods, and what a ref points at.
 */
import type { Place } from '../declared/declarations.ts'
import type { StopReason } from './reason.ts'

/** What a mailbox does with a message that finds it full. */
export type Overflow = 'wait' | 'reject' | 'drop-oldest'

/** A method that can be called by message. */
export interface Method {
  readonly name: string
  readonly fn: (...args: any[]) => unknown
  /** A generator function: its values are a stream. */
  readonly streams: boolean
  /** It is in its actor after each await too; that costs a message 20 ns more. */
  readonly entersContext: boolean
}

/** An actor's class, as it was declared on this side. */
export interface Definition {
  readonly name: string
  readonly place: Place
  readonly make: new (...args: any[]) => object
  readonly methods: ReadonlyMap<string, Method>
  readonly capacity: number
  readonly overflow: Overflow
  readonly crashOn: readonly (abstract new (...args: any[]) => unknown)[]
  readonly remember: number
  readonly redact: ((method: string, args: readonly unknown[]) => readonly unknown[]) | undefined
  readonly Ask: new (target: Target, limits: Limits | undefined) => object
  readonly Tell: new (target: Target) => object
  /** Stubs that call other functions under the same names. */
  stubsOf(methods: ReadonlyMap<string, Method>): Pick<Definition, 'Ask' | 'Tell'>
  /** How it was made of the declared one, if it was. */
  readonly variant?: Variant
}

/**
 * How a definition is made of the declared one, for the side where its actors live; see
 * variants.ts.
 */
export interface Variant {
  /** Its import admits `name`. */
  readonly module: string
  readonly name: string
  /** What the maker gets beside the declared definition, asked for at each start. */
  args(): readonly unknown[]
}

/** What ends an ask that gets no answer. */
export interface Limits {
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** What an actor works on. */
export interface Cause {
  readonly ask: PendingAsk | undefined
}

/** Who asks, if it is an actor: its current message is why. */
export interface Asker {
  readonly name: string
  /** The actor itself. */
  readonly self: Target
  readonly current: Cause | undefined
  /** Who waits for its answer, as far as that is known on this side. */
  pendingAsks(): Iterable<PendingAsk>
}

/** A message whose sender waits for the answer, as others see it. */
export interface PendingAsk {
  readonly asker: Asker | undefined
  readonly within: Cause | undefined
  readonly settled: boolean
  /** Where it came from, if from elsewhere, and its number there. */
  readonly link: AskLink | undefined
  readonly linkId: number
}

/** The link over which an ask came. */
export interface AskLink {
  /** Goes on there with the search for a circle, at the ask of that number. */
  seek(id: number, seeking: Seeking): void
}

/** A search for an ask that waits for itself; see circles.ts. */
export interface Seeking {
  /** One number for each search. */
  readonly search: number
  /** The mark of the ask that is looked for, and the highest of those on the way. */
  readonly origin: number
  readonly highest: number
  /** Who waits for the one before, from the asker of that ask on. */
  readonly path: readonly string[]
}

/** For whom an ask is made that came from elsewhere. */
export interface Asking {
  readonly link: AskLink
  readonly id: number
  readonly asker: Asker | undefined
  /** Gives it up; set by the ask. */
  giveUp: ((reason: unknown) => void) | undefined
  /** The ask itself; set by it. */
  ask: PendingAsk | undefined
}

/** The link over which an ask was sent. */
export interface AskPath {
  /** Says there that the supervisor of that number waits for the answer; see impasse.ts. */
  awaits(id: number, restart: number): void
}

/**
 * The values of a generator method, each step an ask: of this side, or of who asks from elsewhere.
 */
export interface Steps {
  next(asking: Asking | undefined): Promise<IteratorResult<unknown>>
  return(asking: Asking | undefined): Promise<IteratorResult<unknown>>
  /** Nobody reads it any more, and nobody waits for its `finally`, which runs all the same. */
  leave(): void
}

/** Is told once when an actor has ended for good. */
export type Ended = (reason: StopReason) => void

/**
 * The end of a link from which messages come: how many of them have been worked on goes back over
 * it.
 */
export interface Inlet {
  /** How many came. */
  taken: number
  /** Of how many it was told that they have left the mailbox. */
  told: number
  /** Nothing comes over it any more. */
  isOver: boolean
  /** Tells the other side. */
  tell(): void
}

/**
 * What a ref points at: an actor on this thread, or the near end of one elsewhere. Both take the
 * same messages.
 */
export interface Target {
  readonly definition: Definition
  /** As `counter 3`, or the name that it was started under. */
  readonly name: string
  /** The one ref of it that has no limits of its own, once there is one; see ref.ts. */
  ref: object | undefined
  /** Why it ended; undefined while it lives. */
  readonly ended: StopReason | undefined
  /** The last number that a supervisor gave which held or awaited it; 0 if none did. */
  readonly restart: number
  /** How long its worker has not answered; 0 of one on this thread. */
  readonly silentMs: number
  /** Why none of the messages that wait is worked on before a supervisor has acted, if so. */
  readonly standstill: StopReason | undefined
  /** Is marked with that number, as all below it. */
  joins(restart: number): void
  /** A search comes to it for one that it may hold up; see held-up.ts. */
  reached(search: number): void
  /** False if the message became a dead letter. */
  tell(method: Method, args: readonly unknown[]): boolean
  /** The same for a message that came over a link, which has room for what it brings. */
  deliver(method: Method, args: readonly unknown[], inlet: Inlet): boolean
  ask(method: Method, args: readonly unknown[], limits: Limits | undefined): Promise<unknown>
  /** The same, for one who asks from elsewhere. */
  askFor(
    method: Method,
    args: readonly unknown[],
    limits: Limits | undefined,
    asking: Asking | undefined,
  ): Promise<unknown>
  stream(method: Method, args: readonly unknown[], limits: Limits | undefined): Steps
  /** Calls `ended` when the actor has ended, at once if it has; returns what takes that back. */
  watch(ended: Ended): () => void
  /** One that it is linked to has ended. */
  exit(reason: StopReason, from: string): void
  /** Resolves when it has ended, which is after `graceMs` at the latest. */
  stop(reason: StopReason, queued: 'finish' | 'drop', graceMs: number): Promise<void>
}
