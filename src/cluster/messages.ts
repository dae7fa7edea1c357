/**
 * What goes over the network, both ways: data and names, in the portable format, each message
 * checked as a whole before anything is done with it.
 *
 *     caller ── Envelope ──▶ store ──▶ node            the task to run (durable)
 *     node ── Ending ──▶ store                         what became of it (durable; the first one counts)
 *     node ── NodeNews ──▶ caller                      hints: begun, progress, settled, values of a stream
 *     caller ── Order ──▶ node                         hints: look, cancel, so much more of a stream, no more of it
 */
import type { Place } from '../declared/declarations.ts'
import type { TaskIdentity } from '../executor/address.ts'
import type { Crossing } from '../wire/crossing.ts'
import type { WireFailure } from '../wire/failure.ts'
import type { NestedReply } from '../wire/messages.ts'
import { fromBytes } from '../wire/portable/reader.ts'
import { toBytes } from '../wire/portable/writer.ts'
import { isBoolean, isCount, isFailure, isNumber, isRecord } from '../wire/shapes.ts'
import { isTraceparent } from './trace-context.ts'

const { types } = process.getBuiltinModule('node:util')

/** The most that one message may be. */
export const maxMessageBytes: number = 64 * 1024 * 1024
export const smallerMessage =
  'Send the data in smaller parts, or keep it where all nodes reach it and send its name.'
const limits = { maxBytes: maxMessageBytes, smaller: smallerMessage }

/** What crosses to another machine: nothing that is shared, and no end of a channel. */
export const crossing: Crossing = {
  sharedMemory: false,
  maxPayloadBytes: maxMessageBytes,
  smaller: smallerMessage,
  lends: false,
}

/** What one propagated storage held at the call. */
export interface SentStore {
  readonly place: Place
  readonly value: unknown
  readonly special: boolean
}

/** A task as it is stored. */
export interface Envelope {
  readonly kind: 'task'
  readonly id: string
  readonly form: 'run' | 'chunk' | 'stream'
  readonly task: TaskIdentity
  /** The arguments; of a chunk, the inputs. */
  readonly args: unknown
  readonly special: boolean
  readonly stores: readonly SentStore[]
  /** Whether another node may run it again, when it is not known whether one has. */
  readonly idempotent: boolean
  /** The caller's own count of tries. */
  readonly attempt: number
  /** Who wants to hear of it; empty if nobody does. */
  readonly to: string
  /** Where its ending is kept. */
  readonly keep: 'calls' | 'results' | 'none'
  /** How often it is run again after the task itself has failed. */
  readonly retries: number
  /** The mean of the first pause before that. */
  readonly retryDelayMs: number
  /** After that, on the engine's clock, it is not begun any more. */
  readonly untilMs: number
  /** Of a stream: how much it may yield at first. */
  readonly credit: number
  /** Calls of one key run on one worker of a node. */
  readonly key: string | number | undefined
  /** To which trace it belongs, if its caller has said. */
  readonly traceparent?: string | undefined
}

/** What stands in the store about a task that was begun, and in the end instead of it. */
export type Ending =
  | { readonly kind: 'begun'; readonly node: string; readonly attempt: number }
  | {
      readonly kind: 'settled'
      readonly id: string
      readonly reply: NestedReply
      readonly workMs: number
      /** The node that ran it; empty if none has. */
      readonly node: string
      readonly attempt: number
      /** Of a stream: how many messages of values came before. */
      readonly batches: number
    }

export type Settled = Extract<Ending, { kind: 'settled' }>

export type NodeNews =
  | { readonly kind: 'started'; readonly id: string; readonly node: string }
  | {
      readonly kind: 'progress'
      readonly id: string
      readonly done: number
      readonly total: number | undefined
    }
  | Settled
  | {
      readonly kind: 'yielded'
      readonly id: string
      /** Counts the messages of this stream from 0. */
      readonly batch: number
      readonly values: readonly { readonly value: unknown; readonly special: boolean }[]
      readonly weight: number
    }
  | { readonly kind: 'returning'; readonly id: string; readonly batch: number }

export type Order =
  /** It may be cancelled in a moment: whoever has not begun it looks at its record before. */
  | { readonly kind: 'look'; readonly id: string }
  | { readonly kind: 'cancel'; readonly id: string; readonly failure: WireFailure }
  /**
   * All that the stream was ever allowed: of two of them, the larger one counts, whichever comes
   * last.
   */
  | { readonly kind: 'granted'; readonly id: string; readonly total: number }
  | { readonly kind: 'leave'; readonly id: string; readonly failure: WireFailure }

/** @throws PayloadTooLargeError, SerializationError */
export function writeMessage(message: Envelope | Ending | NodeNews | Order): Uint8Array {
  return toBytes(message, true, limits)
}

/** The envelope in the bytes, or undefined: they are none. */
export function readEnvelope(bytes: Uint8Array): Envelope | undefined {
  return read(bytes, isEnvelope)
}

export function readEnding(bytes: Uint8Array): Ending | undefined {
  return read(bytes, isEnding)
}

export function readNews(bytes: Uint8Array): NodeNews | undefined {
  return read(bytes, isNews)
}

export function readOrder(bytes: Uint8Array): Order | undefined {
  return read(bytes, isOrder)
}

function read<T>(bytes: Uint8Array, isOne: (message: unknown) => message is T): T | undefined {
  try {
    const { value } = fromBytes(bytes, limits)
    return isOne(value) ? value : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const forms: readonly unknown[] = ['run', 'chunk', 'stream']
const keeps: readonly unknown[] = ['calls', 'results', 'none']

function isEnvelope(message: unknown): message is Envelope {
  if (!isRecord(message) || message['kind'] !== 'task') return false
  const { form, args, stores } = message
  return (
    isId(message['id']) &&
    forms.includes(form) &&
    isIdentity(message['task']) &&
    (Array.isArray(args) || (form === 'chunk' && isPackedNumbers(args))) &&
    isBoolean(message['special']) &&
    isBoolean(message['idempotent']) &&
    Array.isArray(stores) &&
    stores.every(isStore) &&
    isCount(message['attempt']) &&
    typeof message['to'] === 'string' &&
    message['to'].length <= 100 &&
    keeps.includes(message['keep']) &&
    isCount(message['retries']) &&
    isTime(message['retryDelayMs']) &&
    isNumber(message['untilMs']) &&
    isCount(message['credit']) &&
    (message['key'] === undefined || ['string', 'number'].includes(typeof message['key'])) &&
    (message['traceparent'] === undefined || isTraceparent(message['traceparent']))
  )
}

/** A typed array, or a Buffer's stand-in, which is special as a whole. */
function isPackedNumbers(value: unknown): boolean {
  return types.isTypedArray(value) || isRecord(value)
}

function isIdentity(value: unknown): value is TaskIdentity {
  return (
    isRecord(value) &&
    ['module', 'name', 'digest', 'version'].every(
      name => typeof value[name] === 'string' && (value[name] as string).length <= 1_000,
    ) &&
    isCount(value['nth'])
  )
}

function isStore(value: unknown): value is SentStore {
  if (!isRecord(value) || !isBoolean(value['special'])) return false
  const place = value['place']
  return (
    isRecord(place) &&
    typeof place['module'] === 'string' &&
    typeof place['name'] === 'string' &&
    isCount(place['position'])
  )
}

function isEnding(message: unknown): message is Ending {
  if (!isRecord(message) || typeof message['node'] !== 'string') return false
  if (message['kind'] === 'begun') return isCount(message['attempt'])
  return (
    message['kind'] === 'settled' &&
    isId(message['id']) &&
    isReply(message['reply']) &&
    isTime(message['workMs']) &&
    isCount(message['attempt']) &&
    isCount(message['batches'])
  )
}

function isReply(reply: unknown): reply is NestedReply {
  if (!isRecord(reply)) return false
  switch (reply['kind']) {
    case 'done':
      return isBoolean(reply['special'])
    case 'failed':
      return isFailure(reply['failure'])
    case 'doneChunk':
      return Array.isArray(reply['outcomes']) && reply['outcomes'].every(isOutcome)
    default:
      return false
  }
}

function isOutcome(outcome: unknown): boolean {
  if (!isRecord(outcome)) return false
  if (outcome['ok'] === true) return isBoolean(outcome['special'])
  return outcome['ok'] === false && isFailure(outcome['failure'])
}

function isNews(message: unknown): message is NodeNews {
  if (!isRecord(message) || !isId(message['id'])) return false
  switch (message['kind']) {
    case 'started':
      return typeof message['node'] === 'string'
    case 'progress':
      return isNumber(message['done']) && (message['total'] === undefined || isNumber(message['total']))
    case 'settled':
      return isEnding(message)
    case 'yielded':
      return (
        isCount(message['batch']) &&
        isCount(message['weight']) &&
        Array.isArray(message['values']) &&
        message['values'].every(value => isRecord(value) && isBoolean(value['special']))
      )
    case 'returning':
      return isCount(message['batch'])
    default:
      return false
  }
}

function isOrder(message: unknown): message is Order {
  if (!isRecord(message) || !isId(message['id'])) return false
  const { kind } = message
  if (kind === 'look') return true
  if (kind === 'granted') return isCount(message['total'])
  return (kind === 'cancel' || kind === 'leave') && isFailure(message['failure'])
}

function isId(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= 100
}

function isTime(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0
}
