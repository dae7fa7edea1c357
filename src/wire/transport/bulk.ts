/**
 * A large buffer in a call to another thread: copied here, and the copy moves.
 *
 *     the platform     array ─▶ message ─▶ array of the other thread        two passes over memory
 *     here             array ─▶ copy ─▶ moves                               one
 *
 * 1 MiB of doubles to a thread takes 0.2 ms less this way; 64 KiB a little less; 16 KiB the same.
 * It is done only where the difference can't be seen: no other object in the call shares the
 * buffer, and the array fills it.
 *
 * Not for results: with both ways copied like this, a round trip took 0.45 or 0.78 ms, from run to
 * run. Memory that a thread's garbage collector frees in large pieces goes back to the system, and
 * must be requested again page by page.
 */
import { isWholeBuffer, placeOfWhole, type TypedArrayClass, typedArrayClasses } from '../whole-view.ts'

/** Smaller ones are as fast either way. */
const leastBytes = 65_536

/** The parts of a message that are looked at. */
interface Message {
  readonly kind?: unknown
  readonly special?: unknown
  readonly stores?: unknown
  readonly args?: unknown
}

/**
 * The message with its large buffer copied, and the copy's buffer, which is to be moved; undefined
 * where the message stays as it is.
 */
export function withBulkCopied(message: unknown): { message: object; transfer: ArrayBuffer[] } | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  const { kind, special, stores, args } = message as Message
  if ((kind !== 'run' && kind !== 'help' && kind !== 'own') || special !== false || stores !== undefined)
    return undefined
  if (!Array.isArray(args)) {
    const copy = copyOf(args)
    return copy && { message: { ...message, args: copy.value }, transfer: [copy.buffer] }
  }
  const at = args.findIndex(isObject)
  if (at < 0 || args.findLastIndex(isObject) !== at) return undefined
  const copy = copyOf(args[at])
  return copy && { message: { ...message, args: args.with(at, copy.value) }, transfer: [copy.buffer] }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function copyOf(value: unknown): { value: object; buffer: ArrayBuffer } | undefined {
  if (value instanceof ArrayBuffer) {
    if (value.byteLength < leastBytes || !isWholeBuffer(value, value.byteLength)) return undefined
    const { buffer } = new Uint8Array(new Uint8Array(value))
    return { value: buffer, buffer }
  }
  if (!ArrayBuffer.isView(value) || value.byteLength < leastBytes) return undefined
  const place = placeOfWhole(value)
  if (place < 0) return undefined
  const copy = new (typedArrayClasses[place] as TypedArrayClass)(value as never)
  return { value: copy, buffer: copy.buffer as ArrayBuffer }
}
