/** Copies a value with stand-ins for what is special in it. */
import { types } from 'node:util'
import { isRecord } from './class-of.ts'
import { type Encode, encodeError, isError } from './failure.ts'
import { define, type StandIn, tag } from './stand-in.ts'

/** Copies the containers, with stand-ins for what is special. Same objects stay same objects. */
export function rewrite(value: unknown, done: Map<object, unknown>, encode: Encode): unknown {
  if (typeof value !== 'object' || value === null) return value
  const before = done.get(value)
  if (before !== undefined) return before
  const note = <T>(copy: T): T => {
    done.set(value, copy)
    return copy
  }
  if (Buffer.isBuffer(value)) return note(bufferStandIn(value))
  if (isError(value))
    return note<StandIn>({
      [tag]: 'Error',
      error: encodeError(value, encode),
    })
  if (Array.isArray(value)) {
    const copy: unknown[] = note(new Array(value.length))
    for (const key of Object.keys(value))
      copy[key as unknown as number] = rewrite(value[key as unknown as number], done, encode)
    return copy
  }
  if (types.isMap(value)) {
    const copy = note(new Map<unknown, unknown>())
    for (const [key, item] of value) copy.set(rewrite(key, done, encode), rewrite(item, done, encode))
    return copy
  }
  if (types.isSet(value)) {
    const copy = note(new Set<unknown>())
    for (const item of value) copy.add(rewrite(item, done, encode))
    return copy
  }
  if (isRecord(value)) {
    if (Object.hasOwn(value, tag)) {
      const entries: [string, unknown][] = []
      note<StandIn>({ [tag]: 'Object', entries })
      for (const key of Object.keys(value))
        entries.push([key, rewrite((value as Record<string, unknown>)[key], done, encode)])
      return done.get(value)
    }
    const copy = note<Record<string, unknown>>({})
    for (const key of Object.keys(value))
      define(copy, key, rewrite((value as Record<string, unknown>)[key], done, encode))
    return copy
  }
  return note(value)
}

function bufferStandIn(buffer: Buffer): StandIn {
  // A small Buffer is a window on a large pool; the clone would copy the whole pool. Shared memory stays shared.
  const { buffer: memory, byteOffset, byteLength } = buffer
  const asItIs = byteLength === memory.byteLength || types.isSharedArrayBuffer(memory)
  return {
    [tag]: 'Buffer',
    bytes: asItIs ? new Uint8Array(memory, byteOffset, byteLength) : new Uint8Array(buffer),
  }
}
