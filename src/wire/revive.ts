/** Puts the real things back in place of their stand-ins. */
import { types } from 'node:util'
import { isRecord } from './class-of.ts'
import { type Decode, decodeError } from './failure.ts'
import { define, type StandIn, tag } from './stand-in.ts'

/** In the freshly made copy itself. */
export function revive(value: unknown, done: Map<object, unknown>, decode: Decode): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (done.has(value)) return done.get(value)
  done.set(value, value)
  if (Array.isArray(value)) {
    for (const key of Object.keys(value))
      value[key as unknown as number] = revive(value[key as unknown as number], done, decode)
  } else if (types.isMap(value)) {
    const entries = [...value]
    value.clear()
    for (const [key, item] of entries) value.set(revive(key, done, decode), revive(item, done, decode))
  } else if (types.isSet(value)) {
    const items = [...value]
    value.clear()
    for (const item of items) value.add(revive(item, done, decode))
  } else if (isRecord(value)) {
    if (Object.hasOwn(value, tag)) return reviveStandIn(value as StandIn, done, decode)
    const record = value as Record<string, unknown>
    for (const key of Object.keys(record)) define(record, key, revive(record[key], done, decode))
  }
  return value
}

function reviveStandIn(standIn: StandIn, done: Map<object, unknown>, decode: Decode): unknown {
  const note = <T>(real: T): T => {
    done.set(standIn, real)
    return real
  }
  switch (standIn[tag]) {
    case 'Buffer':
      return note(
        Buffer.from(standIn.bytes.buffer as ArrayBuffer, standIn.bytes.byteOffset, standIn.bytes.byteLength),
      )
    case 'Error':
      return note(decodeError(standIn.error, decode))
    case 'Object': {
      const real = note<Record<string, unknown>>({})
      for (const [key, item] of standIn.entries) define(real, key, revive(item, done, decode))
      return real
    }
  }
}
