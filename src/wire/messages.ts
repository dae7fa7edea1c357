/**
 * The protocol between an executor and a worker: names and data, never code.
 *
 *     caller's side                                  far side
 *     ── load {ref, module, position, …} ─────────▶  imports the module, looks the task up
 *     ◀───────────── loaded {ref} | loadFailed {ref, failure} ──
 *     ── storage {ref, place} ─────────────────────▶  notes where a storage that goes with calls was declared
 *     ── run {seq, ref, args} ─────────────────────▶  calls it
 *     ◀───────────── progress {seq, done, total} ───
 *     ── cancel {seq} ─────────────────────────────▶  aborts its signal (a shared flag was set before)
 *     ◀───────────── done {seq, value} | failed {seq, failure} ──
 *     ◀───────────── dropped {seq} ──   the cancelled call had not begun, and will not
 *     ◀───────────── nest {seq, id, …} | unnest {id} ──   a call that the task makes on its own executor, or takes back
 *     ── nestedStarted | nestedProgress | nestedSettled {id} ─▶
 *     ◀───────────── worn ──   it uses more memory than it may, and wants to be replaced
 *     ── help {seq, …} ────────────────────────────▶  runs it now, while the calls that it has begun wait for nested ones
 *     ── own {seq, …} ─────────────────────────────▶  runs it now, for itself: its answer says that it has ended, and no more
 *
 *     of the end of a channel that is lent to a call in another process (lent/README.md); both ways
 *     ── lent {link, message} ─────────────────────▶  for the other side of that link
 *
 *     of a stream only (pool/README.md)
 *     ── run {…, credit} ──────────────────────────▶  lets the generator yield so much
 *     ◀───────────── yielded {seq, bytes} | yieldedOne {seq, value} ──
 *     ── pull {seq, count} ────────────────────────▶  so much more
 *     ◀───────────── returning {seq} ──   the generator was told to end, as nobody wants more
 *
 *     ◀───────────── ready ──   once, when the worker can take messages
 *     ◀───────────── exiting {culprit} ──   a call has called process.exit()
 *     ◀───────────── crashed {failure, culprit} ──   the last message of a worker that dies of an uncaught error
 *
 * `ref` numbers the tasks that this worker was told of; `seq` numbers the calls that it was given.
 * Calls and results that are small and plain take the transport's fast lane instead
 * (transport/transport.ts).
 */

import type { Place } from '../declared/declarations.ts'
import type { ModuleVersion } from '../declared/module-version.ts'
import type { Moved } from '../task/transfer.ts'
import type { WireFailure } from './wire-failure.ts'

export interface LoadMessage {
  readonly kind: 'load'
  readonly ref: number
  readonly module: string
  readonly position: number
  readonly name: string
  readonly version: ModuleVersion | undefined
  /**
   * A digest of the function's text, which tells a changed module from one whose file was only
   * touched.
   */
  readonly digest: string
  /**
   * The caller has loaded it as CommonJS. A loader such as ts-node may compile only what is
   * required.
   */
  readonly isCommonJs?: boolean
  /**
   * The function has no name, as minifiers leave it, and its text is the file's: the far side has
   * the same text, or another function at that place.
   */
  readonly isVerbatim?: boolean
}

export interface RunMessage {
  readonly kind: 'run'
  readonly seq: number
  readonly ref: number
  /** The arguments; for a chunk, a list of arguments for each call. */
  readonly args: unknown
  readonly special: boolean
  readonly chunk: boolean
  readonly attempt: number
  /** What the caller's propagated storages held. */
  readonly stores?: WireStores
  /** Only of a stream: how much the generator may yield before it gets more credit. */
  readonly credit?: number
}

/** Gives the generator of a stream more credit. */
export interface PullMessage {
  readonly kind: 'pull'
  readonly seq: number
  readonly count: number
}

/** The number that stands for a storage on this connection, and where the storage was declared. */
export interface StorageMessage {
  readonly kind: 'storage'
  readonly ref: number
  readonly place: Place
}

/** What storages held. */
export type WireStores = readonly {
  readonly ref: number
  readonly value: unknown
  readonly special: boolean
}[]

export interface CancelMessage {
  readonly kind: 'cancel'
  readonly seq: number
  readonly failure: WireFailure
}

/** A call beside those of the worker's hand; it begins when it arrives. */
export interface HelpMessage extends Omit<RunMessage, 'kind'> {
  readonly kind: 'help'
}

/** A call of the worker's own, such as `initialize`. Its result is not sent. */
export interface OwnMessage extends Omit<RunMessage, 'kind'> {
  readonly kind: 'own'
}

/** How a nested call ended. Its values are still encoded, as another worker has sent them. */
export type NestedReply =
  | { readonly kind: 'done'; readonly value: unknown; readonly special: boolean }
  | { readonly kind: 'doneChunk'; readonly outcomes: readonly WireOutcome[] }
  | { readonly kind: 'failed'; readonly failure: WireFailure }

export type NestedMessage =
  | { readonly kind: 'nestedStarted'; readonly id: number }
  | {
      readonly kind: 'nestedProgress'
      readonly id: number
      readonly done: number
      readonly total: number | undefined
    }
  | {
      readonly kind: 'nestedSettled'
      readonly id: number
      readonly reply: NestedReply
      readonly workMs: number | undefined
      /** The call that made it has ended: the error need not be handled. */
      readonly left: boolean
    }

/**
 * To a part that lives in the worker beside its calls, such as actors. The worker imports the
 * module that brings it.
 */
export interface ToGuestMessage {
  readonly kind: 'guest'
  readonly guest: string
  /** The URL of a module whose import brings the guest. */
  readonly module: string
  /** A message of the guest's own protocol. */
  readonly body: unknown
}

/** The same, the other way. */
export interface FromGuestMessage {
  readonly kind: 'guest'
  readonly guest: string
  readonly body: unknown
}

export type ToWorker =
  | LoadMessage
  | StorageMessage
  | RunMessage
  | PullMessage
  | HelpMessage
  | OwnMessage
  | CancelMessage
  | NestedMessage
  | ToGuestMessage

/** A call that a task makes on the executor that runs it. */
export interface NestMessage extends Omit<LoadMessage, 'kind' | 'ref'> {
  readonly kind: 'nest'
  /** The call that makes it. */
  readonly seq: number
  /** Its number, of all that this worker has made. */
  readonly id: number
  readonly args: unknown
  readonly special: boolean
  readonly chunk: boolean
  readonly attempt: number
  readonly priority: number
  /** The buffers and ports in `args` that have moved. */
  readonly moved: readonly Moved[]
}

export interface UnnestMessage {
  readonly kind: 'unnest'
  readonly seq: number
  readonly id: number
  readonly failure: WireFailure
}

/** Values of a stream that travel together (yields.ts). */
export interface YieldedMessage {
  readonly kind: 'yielded'
  readonly seq: number
  readonly count: number
  /**
   * All of them as compact bytes; texts that are too long for those, and bigints, are undefined
   * there …
   */
  readonly bytes: Uint8Array
  /** … and stand here. */
  readonly loose: readonly LooseValue[]
}

export interface LooseValue {
  readonly index: number
  readonly value: unknown
}

/** A value of a stream that needs a message of its own. */
export interface YieldedOneMessage {
  readonly kind: 'yieldedOne'
  readonly seq: number
  readonly value: unknown
  readonly special: boolean
  /** How much of the credit it takes. */
  readonly weight: number
}

/**
 * The generator of a stream is being returned, because its consumer has left. What it throws from
 * now on comes from its `finally`.
 */
export interface ReturningMessage {
  readonly kind: 'returning'
  readonly seq: number
}

/** How one call of a chunk ended. */
export type WireOutcome =
  | { readonly ok: true; readonly value: unknown; readonly special: boolean }
  | { readonly ok: false; readonly failure: WireFailure }

/**
 * What ended the worker, by its asynchronous context: a call that runs, or a task whose call was
 * answered before (by a timer, a listener, an unawaited promise).
 */
export type Culprit = { readonly seq: number } | { readonly task: string }

/** How far a worker has come with the calls of its hand when it ends, by their numbers. */
export interface Reached {
  /** The highest number that it has begun; later ones were never begun. */
  readonly begun: number
  /** Begun, but their module is still being imported: the task itself was not called. */
  readonly importing: readonly number[]
}

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'loaded'; readonly ref: number }
  | { readonly kind: 'loadFailed'; readonly ref: number; readonly failure: WireFailure }
  | {
      readonly kind: 'progress'
      readonly seq: number
      readonly done: number
      readonly total: number | undefined
    }
  | {
      readonly kind: 'done'
      readonly seq: number
      readonly value: unknown
      readonly special: boolean
      readonly workMs: number
    }
  | {
      readonly kind: 'doneChunk'
      readonly seq: number
      readonly outcomes: readonly WireOutcome[]
      readonly workMs: number
    }
  | { readonly kind: 'failed'; readonly seq: number; readonly failure: WireFailure; readonly workMs: number }
  | { readonly kind: 'dropped'; readonly seq: number }
  | NestMessage
  | UnnestMessage
  | { readonly kind: 'worn' }
  | YieldedMessage
  | YieldedOneMessage
  | ReturningMessage
  /** The worker ends; until `staying`, it begins no other call. */
  | {
      readonly kind: 'exiting'
      readonly culprit?: Culprit | undefined
      readonly reached?: Reached | undefined
    }
  /** The worker does not end after all: a task has only emitted `exit`. */
  | { readonly kind: 'staying' }
  | {
      readonly kind: 'crashed'
      readonly failure: WireFailure
      readonly culprit?: Culprit | undefined
      readonly reached?: Reached | undefined
    }
  | FromGuestMessage
  | {
      readonly kind: 'guestFailed'
      readonly guest: string
      readonly module: string
      readonly failure: WireFailure
    }
