/**
 * What goes over the network about actors that a supervisor has started on a node.
 *
 *     near ── Open ──▶ all nodes          who can host an actor of that class?
 *     node ── Offer, Refused ──▶ near     the first offer counts
 *     near ◀── Frame ──▶ node             parts of the link between actors, numbered; line.ts
 *     near ◀── Bye ──▶ node               it is over
 *
 * All of them are hints: each may be lost, doubled or late.
 */
import { fromBytes } from '../../wire/portable/reader.ts'
import { toBytes } from '../../wire/portable/writer.ts'
import { isCount, isRecord } from '../../wire/shapes.ts'
import { maxMessageBytes, smallerMessage } from '../messages.ts'

const limits = { maxBytes: maxMessageBytes, smaller: smallerMessage }

export interface Open {
  readonly kind: 'open'
  readonly session: string
  /** Which classes, by the module that declares them, as every machine knows it. */
  readonly module: string
}

export interface Offer {
  readonly kind: 'offer'
  readonly session: string
  readonly node: string
}

export interface Refused {
  readonly kind: 'refused'
  readonly session: string
  readonly why: string
}

/** Some parts in a row, and how many of the other side's were heard. */
export interface Frame {
  readonly kind: 'frame'
  readonly session: string
  readonly module: string
  /** The number of the first part. */
  readonly first: number
  readonly parts: readonly unknown[]
  readonly heard: number
}

export interface Bye {
  readonly kind: 'bye'
  readonly session: string
  readonly why: string
}

type Message = Open | Offer | Refused | Frame | Bye

/** @throws PayloadTooLargeError, SerializationError */
export function writeSession(message: Message): Uint8Array {
  return toBytes(message, true, limits)
}

/** The message in the bytes, or undefined: they are none. */
export function readSession(bytes: Uint8Array): Message | undefined {
  try {
    const { value } = fromBytes(bytes, limits)
    return isMessage(value) ? value : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function isMessage(value: unknown): value is Message {
  if (!isRecord(value) || !isName(value['session'])) return false
  switch (value['kind']) {
    case 'open':
      return isName(value['module'])
    case 'offer':
      return isName(value['node'])
    case 'refused':
    case 'bye':
      return typeof value['why'] === 'string'
    case 'frame':
      return (
        isName(value['module']) &&
        isCount(value['first']) &&
        Array.isArray(value['parts']) &&
        isCount(value['heard'])
      )
    default:
      return false
  }
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= 1_000
}
