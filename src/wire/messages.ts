/**
 * The protocol between an executor and a worker: names and data, never code.
 *
 *     caller's side                                  far side
 *     ── load {ref, module, position, …} ─────────▶  imports the module, looks the task up
 *     ◀───────────── loaded {ref} | loadFailed {ref, failure} ──
 *     ── run {seq, ref, args} ─────────────────────▶  calls it
 *     ◀───────────── progress {seq, done, total} ───
 *     ── cancel {seq} ─────────────────────────────▶  aborts its signal (a shared flag was set before)
 *     ◀───────────── done {seq, value} | failed {seq, failure} ──
 *     ◀───────────── dropped {seq} ──   the cancelled call had not begun, and will not
 *     ◀───────────── ready ──   once, when the worker can take messages
 *     ◀───────────── crashed {failure} ──   the last message of a worker that dies of an uncaught error
 *
 * `ref` numbers the tasks that this worker was told of; `seq` numbers the calls that it was given.
 * Calls and results that are small and plain take the transport's fast lane instead (transport/transport.ts).
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
  readonly seq: number
  readonly ref: number
  /** The arguments; for a chunk, a list of arguments for each call. */
  readonly args: unknown
  readonly special: boolean
  readonly chunk: boolean
  readonly attempt: number
}

export interface CancelMessage {
  readonly kind: 'cancel'
  readonly seq: number
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
  | { readonly kind: 'crashed'; readonly failure: WireFailure }

const fields: ReadonlyMap<unknown, (message: Record<string, unknown>) => boolean> = new Map<
  unknown,
  (message: Record<string, unknown>) => boolean
>([
  ['ready', () => true],
  ['loaded', message => isNumber(message['ref'])],
  ['loadFailed', message => isNumber(message['ref']) && isFailure(message['failure'])],
  ['progress', message => isNumber(message['seq']) && isNumber(message['done'])],
  ['done', message => isNumber(message['seq']) && isTime(message['workMs']) && isBoolean(message['special'])],
  [
    'doneChunk',
    message =>
      isNumber(message['seq']) && isTime(message['workMs']) && isListOf(message['outcomes'], isOutcome),
  ],
  [
    'failed',
    message => isNumber(message['seq']) && isTime(message['workMs']) && isFailure(message['failure']),
  ],
  ['dropped', message => isNumber(message['seq'])],
  ['crashed', message => isFailure(message['failure'])],
])

/** Whether what a worker sent is a message of the protocol. A worker that forges one is ended; it can't hurt its host. */
export function isFromWorker(message: unknown): message is FromWorker {
  return isRecord(message) && (fields.get(message['kind'])?.(message) ?? false)
}

function isOutcome(value: unknown): boolean {
  if (!isRecord(value)) return false
  return value['ok'] === true
    ? isBoolean(value['special'])
    : value['ok'] === false && isFailure(value['failure'])
}

/** Looks at the failure and all below it; causes may lead in a circle. */
function isFailure(value: unknown): boolean {
  const found = [value]
  const seen = new Set<unknown>()
  for (const failure of found) {
    if (!isRecord(failure)) return false
    if (failure['kind'] === 'value') {
      if (!isBoolean(failure['special']) || !isString(failure['description'])) return false
    } else {
      const error = failure['error']
      if (failure['kind'] !== 'error' || !isRecord(error)) return false
      if (seen.has(error)) continue
      seen.add(error)
      if (!isPlainlyError(error)) return false
      if (error['cause'] !== undefined) found.push(error['cause'])
      for (const part of (error['errors'] ?? []) as unknown[]) found.push(part)
    }
  }
  return true
}

function isPlainlyError({
  classes,
  name,
  message,
  stack,
  properties,
  errors,
}: Record<string, unknown>): boolean {
  return (
    [name, message, stack].every(isString) &&
    isListOf(classes, isString) &&
    isListOf(properties, isProperty) &&
    (errors === undefined || Array.isArray(errors))
  )
}

function isProperty(value: unknown): boolean {
  return (
    isRecord(value) &&
    isString(value['name']) &&
    isBoolean(value['enumerable']) &&
    isBoolean(value['special'])
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  if (!Array.isArray(value)) return false
  // Not every(): it skips holes.
  for (const item of value) if (!isItem(item)) return false
  return true
}

function isTime(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number'
}

function isString(value: unknown): boolean {
  return typeof value === 'string'
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean'
}
