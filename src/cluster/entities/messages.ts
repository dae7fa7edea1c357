/**
 * What goes over the network about entities: data and names, each checked as a whole.
 *
 *     caller ── EntityCall ──▶ the owner of its shard          hint: asked again until it is answered
 *     owner ── EntityAnswer ──▶ caller                         hint
 *     caller ── Claim ──▶ all hosts                            hint: a shard that somebody should own
 *     owner ── Owner, Kept ──▶ store                           durable, changed by revision
 */
import type { WireFailure } from '../../wire/failure.ts'
import { fromBytes } from '../../wire/portable/reader.ts'
import { toBytes } from '../../wire/portable/writer.ts'
import { isBoolean, isFailure, isRecord } from '../../wire/shapes.ts'
import { maxMessageBytes, smallerMessage } from '../messages.ts'

const limits = { maxBytes: maxMessageBytes, smaller: smallerMessage }

export interface EntityCall {
  readonly kind: 'entity'
  readonly id: string
  /** The class, as every machine knows it. */
  readonly type: string
  readonly key: string
  readonly method: string
  readonly args: unknown
  readonly special: boolean
  /** Who is told. */
  readonly to: string
  /** Its place among the calls of that caller, and the first of them that it still waits for. */
  readonly number: number
  readonly oldest: number
}

export type Reply =
  | { readonly kind: 'done'; readonly value: unknown; readonly special: boolean }
  | { readonly kind: 'failed'; readonly failure: WireFailure }

export interface EntityAnswer {
  readonly kind: 'answer'
  readonly id: string
  readonly reply: Reply
}

export interface Claim {
  readonly kind: 'claim'
  readonly shard: number
}

/** Who owns a shard; nobody if `node` is empty. The epoch rises with each owner. */
export interface Owner {
  readonly kind: 'owner'
  readonly node: string
  readonly epoch: number
  /** Rises with each sign of life, so that the record changes. */
  readonly beat: number
}

/** Of each caller: the oldest call that it waited for, and the replies since. */
export type KeptAnswers = readonly (readonly [
  caller: string,
  oldest: number,
  replies: readonly (readonly [number: number, reply: Reply])[],
])[]

/**
 * An entity's state, and what was answered last: a call that comes again is not worked on again.
 */
export interface Kept {
  readonly kind: 'kept'
  readonly epoch: number
  readonly value: unknown
  readonly special: boolean
  readonly answered: KeptAnswers
}

type Message = EntityCall | EntityAnswer | Claim | Owner | Kept

/** @throws PayloadTooLargeError, SerializationError */
export function writeEntity(message: Message): Uint8Array {
  return toBytes(message, true, limits)
}

export const readCall = (bytes: Uint8Array): EntityCall | undefined => read(bytes, isCall)
export const readAnswer = (bytes: Uint8Array): EntityAnswer | undefined => read(bytes, isAnswer)
export const readClaim = (bytes: Uint8Array): Claim | undefined => read(bytes, isClaim)
export const readOwner = (bytes: Uint8Array): Owner | undefined => read(bytes, isOwner)
export const readKept = (bytes: Uint8Array): Kept | undefined => read(bytes, isKept)

function read<T>(bytes: Uint8Array, isOne: (message: unknown) => message is T): T | undefined {
  try {
    const { value } = fromBytes(bytes, limits)
    return isOne(value) ? value : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function isCall(message: unknown): message is EntityCall {
  return (
    isRecord(message) &&
    message['kind'] === 'entity' &&
    ['id', 'type', 'key', 'method', 'to'].every(name => isName(message[name])) &&
    Array.isArray(message['args']) &&
    isBoolean(message['special']) &&
    isCount(message['number']) &&
    isCount(message['oldest'])
  )
}

function isAnswer(message: unknown): message is EntityAnswer {
  return (
    isRecord(message) && message['kind'] === 'answer' && isName(message['id']) && isReply(message['reply'])
  )
}

function isReply(reply: unknown): reply is Reply {
  if (!isRecord(reply)) return false
  if (reply['kind'] === 'done') return isBoolean(reply['special'])
  return reply['kind'] === 'failed' && isFailure(reply['failure'])
}

function isClaim(message: unknown): message is Claim {
  return isRecord(message) && message['kind'] === 'claim' && isCount(message['shard'])
}

function isOwner(message: unknown): message is Owner {
  return (
    isRecord(message) &&
    message['kind'] === 'owner' &&
    typeof message['node'] === 'string' &&
    isCount(message['epoch']) &&
    isCount(message['beat'])
  )
}

function isKept(message: unknown): message is Kept {
  return (
    isRecord(message) &&
    message['kind'] === 'kept' &&
    isCount(message['epoch']) &&
    isBoolean(message['special']) &&
    Array.isArray(message['answered']) &&
    message['answered'].every(areAnswers)
  )
}

function areAnswers(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false
  const [caller, oldest, replies] = value as unknown[]
  return (
    isName(caller) &&
    isCount(oldest) &&
    Array.isArray(replies) &&
    replies.every(pair => Array.isArray(pair) && pair.length === 2 && isCount(pair[0]) && isReply(pair[1]))
  )
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= 1_000
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
