/**
 * The protocol between an executor and a worker: names and data, never code.
 *
 *     caller's side                                  far side
 *     ── load {ref, module, position, …} ─────────▶  imports the module, looks the task up
 *     ◀───────────── loaded {ref} | loadFailed {ref, failure} ──
 *     ── run {id, ref, args} ─────────────────────▶  calls it
 *     ◀───────────── progress {id, done, total} ───
 *     ── cancel {id} ─────────────────────────────▶  aborts its signal (a shared flag was set before)
 *     ◀───────────── done {id, value} | failed {id, failure} ──
 *     ◀───────────── ready ──   once, when the worker can take messages
 *     ◀───────────── crashed {failure} ──   the last message of a worker that dies of an uncaught error
 *
 * `ref` numbers the tasks that this worker was told of; `id` numbers the jobs of the pool. Both are never reused.
 */
import type { ModuleVersion } from '../task/registry.ts'
import type { WireFailure } from './failure.ts'

export interface LoadMessage {
  readonly kind: 'load'
  readonly ref: number
  readonly module: string
  readonly position: number
  readonly name: string
  readonly version: ModuleVersion | undefined
  /** A digest of the function's text, to tell a module that was only touched from one that was changed. */
  readonly digest: string
}

export interface RunMessage {
  readonly kind: 'run'
  readonly id: number
  readonly ref: number
  /** The arguments; for a chunk, a list of arguments for each call. */
  readonly args: unknown
  readonly special: boolean
  readonly chunk: boolean
  readonly attempt: number
}

export interface CancelMessage {
  readonly kind: 'cancel'
  readonly id: number
  readonly failure: WireFailure
}

export type ToWorker = LoadMessage | RunMessage | CancelMessage

/** How one call of a chunk ended. */
export type WireOutcome =
  | { readonly ok: true; readonly value: unknown; readonly special: boolean }
  | { readonly ok: false; readonly failure: WireFailure }

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'loaded'; readonly ref: number }
  | { readonly kind: 'loadFailed'; readonly ref: number; readonly failure: WireFailure }
  | {
      readonly kind: 'progress'
      readonly id: number
      readonly done: number
      readonly total: number | undefined
    }
  | {
      readonly kind: 'done'
      readonly id: number
      readonly value: unknown
      readonly special: boolean
      readonly workMs: number
    }
  | {
      readonly kind: 'doneChunk'
      readonly id: number
      readonly outcomes: readonly WireOutcome[]
      readonly workMs: number
    }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: WireFailure; readonly workMs: number }
  | { readonly kind: 'crashed'; readonly failure: WireFailure }

const fields: ReadonlyMap<unknown, (message: Record<string, unknown>) => boolean> = new Map<
  unknown,
  (message: Record<string, unknown>) => boolean
>([
  ['ready', () => true],
  ['loaded', message => isNumber(message['ref'])],
  ['loadFailed', message => isNumber(message['ref']) && isFailure(message['failure'])],
  ['progress', message => isNumber(message['id']) && isNumber(message['done'])],
  [
    'done',
    message =>
      isNumber(message['id']) && isNumber(message['workMs']) && typeof message['special'] === 'boolean',
  ],
  [
    'doneChunk',
    message => isNumber(message['id']) && isNumber(message['workMs']) && Array.isArray(message['outcomes']),
  ],
  [
    'failed',
    message => isNumber(message['id']) && isNumber(message['workMs']) && isFailure(message['failure']),
  ],
  ['crashed', message => isFailure(message['failure'])],
])

/** Whether what a worker sent is a message of the protocol. A worker that forges one is ended; it can't hurt its host. */
export function isFromWorker(message: unknown): message is FromWorker {
  if (typeof message !== 'object' || message === null) return false
  return fields.get((message as { kind?: unknown }).kind)?.(message as Record<string, unknown>) ?? false
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}

function isFailure(value: unknown): value is WireFailure {
  if (typeof value !== 'object' || value === null) return false
  const { kind, error } = value as { kind?: unknown; error?: unknown }
  if (kind === 'value') return true
  if (kind !== 'error' || typeof error !== 'object' || error === null) return false
  const { classes, message, stack, properties } = error as Record<string, unknown>
  return (
    Array.isArray(classes) &&
    typeof message === 'string' &&
    typeof stack === 'string' &&
    Array.isArray(properties)
  )
}
