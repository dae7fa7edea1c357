/** The errors of actors; listed with atonce's others when this part is loaded. */
import { AtonceError, listErrorClasses } from '../errors.ts'
import type { PastFailure } from './history.ts'
import { inShort, inWords, type StopReason, shortForm } from './reason.ts'

/**
 * What was given as an actor's class, or as an actor, is none. The message shows the line that
 * makes it one.
 */
export class InvalidActorError extends AtonceError {
  constructor(message: string) {
    super('ATONCE_INVALID_ACTOR', message)
  }
}

/** Another actor on this thread has the name and lives. */
export class NameTakenError extends AtonceError {
  /** The name that is taken. */
  readonly taken: string

  constructor(taken: string) {
    super(
      'ATONCE_NAME_TAKEN',
      `An actor named ${taken} lives already. Use it: whereis('${taken}'), or give the new one another name.`,
    )
    this.taken = taken
  }
}

/** The constructor or `onStart` threw, which is `cause`; nothing is left of the actor. */
export class ActorStartError extends AtonceError {
  readonly actor: string

  constructor(actor: string, cause: unknown) {
    super('ATONCE_ACTOR_START', `${actor} did not start: ${inShort(cause)}.`, { cause })
    this.actor = actor
  }
}

/**
 * The actor has ended, or was restarted while it worked on the message. `cause` is its own failure,
 * if that is why.
 */
export class ActorDiedError extends AtonceError {
  readonly actor: string
  readonly reason: StopReason
  /**
   * Whether the message may have been worked on: `no`, or `maybe`. A message is never worked on
   * twice.
   */
  readonly begun: 'no' | 'maybe'

  constructor(actor: string, reason: StopReason, begun: 'no' | 'maybe') {
    super(
      'ATONCE_ACTOR_DIED',
      `${actor} did not answer: ${inWords(reason)}. ${begun === 'no' ? 'The message was not worked on.' : 'The message may have been worked on.'}`,
      reason.error === undefined ? undefined : { cause: reason.error },
    )
    this.actor = actor
    this.reason = reason
    this.begun = begun
  }

  get [shortForm](): string {
    return `${this.actor} did not answer: ${inWords(this.reason)}`
  }
}

/**
 * The actor failed because another one, to which it is linked, has ended. `cause` is the other
 * one's failure.
 */
export class LinkedActorError extends AtonceError {
  /** The other one. */
  readonly actor: string
  readonly reason: StopReason

  constructor(actor: string, reason: StopReason) {
    super(
      'ATONCE_LINKED_ACTOR',
      `${actor}, to which it is linked, has ended: ${inWords(reason)}. To be told instead of failing, call self().trapExits(…).`,
      reason.error === undefined ? undefined : { cause: reason.error },
    )
    this.actor = actor
    this.reason = reason
  }

  get [shortForm](): string {
    return `${this.actor}, to which it is linked, has ended: ${inWords(this.reason)}`
  }
}

/** The mailbox holds `capacity` messages already, and takes no more of them. */
export class MailboxFullError extends AtonceError {
  readonly actor: string
  readonly capacity: number

  constructor(actor: string, capacity: number) {
    super(
      'ATONCE_MAILBOX_FULL',
      `The mailbox of ${actor} holds ${capacity} messages already (capacity). Await some answers first, send less, or declare it with ` +
        "another bound: actor(import.meta, class …, { capacity, overflow: 'wait' }).",
    )
    this.actor = actor
    this.capacity = capacity
  }
}

/**
 * An ask that could never be answered: whoever is asked waits, directly or through others, for
 * whoever asks.
 */
export class CyclicAskError extends AtonceError {
  /** The names, from who asks to who would have to answer. */
  readonly chain: readonly string[]

  constructor(chain: readonly string[]) {
    super(
      'ATONCE_CYCLIC_ASK',
      `This ask would wait for itself: ${chain.join(' asks ')}. Use tell for one of the steps, or answer before asking.`,
    )
    this.chain = chain
  }
}

/** A child failed more often than its supervisor restarts it; `cause` is the last failure. */
export class RestartLimitError extends AtonceError {
  readonly child: string
  readonly maxRestarts: number
  readonly withinMs: number
  /** When and why those failed that were counted, the last ten of them, oldest first. */
  readonly history: readonly PastFailure[]
  readonly #short: string

  constructor(
    child: string,
    { maxRestarts, withinMs }: { readonly maxRestarts: number; readonly withinMs: number },
    history: readonly PastFailure[],
    cause: unknown,
  ) {
    const times = maxRestarts === 1 ? 'once' : `${maxRestarts} times`
    const short =
      (maxRestarts === 0
        ? `${child} failed, and its supervisor restarts nothing (maxRestarts: 0), so it gave up: `
        : `${child} failed more than ${times} within ${withinMs} ms, so its supervisor gave up: `) +
      inShort(cause)
    super('ATONCE_RESTART_LIMIT', `${short}. Mend the failure, or raise maxRestarts.`, { cause })
    this.#short = short
    this.child = child
    this.maxRestarts = maxRestarts
    this.withinMs = withinMs
    this.history = history
  }

  get [shortForm](): string {
    return this.#short
  }
}

/** A journal can't be read or written; what was acknowledged before is on the disk. */
export class JournalError extends AtonceError {
  readonly path: string

  constructor(path: string, why: string, options?: ErrorOptions) {
    super('ATONCE_JOURNAL', `The journal ${path} can't be used: ${why}.`, options)
    this.path = path
  }
}

listErrorClasses({
  JournalError,
  InvalidActorError,
  NameTakenError,
  ActorStartError,
  ActorDiedError,
  LinkedActorError,
  MailboxFullError,
  CyclicAskError,
  RestartLimitError,
})
