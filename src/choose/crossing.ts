/**
 * What it costs to copy arguments and results to a thread and back, measured on some of them, as a
 * batch.
 */
import { AtonceError } from '../errors.ts'
import { runtime } from '../runtime/runtime.ts'
import { encode } from '../wire/codec.ts'
import type { Crossed } from './profile.ts'

const { constants } = process.getBuiltinModule('node:buffer')
const v8 = process.getBuiltinModule('node:v8')
const { types } = process.getBuiltinModule('node:util')

/** One call that was made: its arguments, and what came of it. */
export interface Sample {
  readonly args: readonly unknown[]
  readonly result: unknown
}

export const nothingCrosses: Crossed = { refused: undefined, hereMs: 0, thereMs: 0, bytes: 0, bufferBytes: 0 }

const throughThreads = { sharedMemory: true, maxPayloadBytes: constants.MAX_LENGTH }

/** About how long the copying may take: the batch doubles until it does. */
const budgetMs = 8

/**
 * Alone, a tiny value costs forty times as much to serialise as in a batch (it is the call that
 * costs), so the samples are copied together. Buffers are copied by `structuredClone`: the
 * serialiser alone understates them.
 */
export function measureCrossing(samples: readonly Sample[]): Crossed {
  const begunMs = runtime().now()
  let crossed = nothingCrosses
  for (let count = 1; ; count = Math.min(2 * count, samples.length)) {
    if (samples.length === 0) return nothingCrosses
    crossed = crossingOf(samples.slice(0, count))
    const passedMs = runtime().now() - begunMs
    if (crossed.refused !== undefined || count >= samples.length || passedMs > budgetMs / 3) return crossed
  }
}

function crossingOf(samples: readonly Sample[]): Crossed {
  const there: unknown[] = []
  const back: unknown[] = []
  let bufferBytes = 0
  try {
    for (const { args, result } of samples) {
      there.push(encode(args, 'args', throughThreads).value)
      back.push(encode(result, 'result', throughThreads).value)
      bufferBytes += bufferBytesOf(args) + bufferBytesOf(result)
    }
  } catch (error) {
    if (!(error instanceof AtonceError)) throw error
    return { ...nothingCrosses, refused: error.message }
  }
  const sent = copyingOf(there)
  const returned = copyingOf(back)
  const count = samples.length
  return {
    refused: undefined,
    // This thread serialises what it sends, and reads what returns; the worker does the other
    // halves.
    hereMs: (sent.writeMs + returned.readMs) / count,
    thereMs: (sent.readMs + returned.writeMs) / count,
    bytes: (sent.bytes + returned.bytes) / count,
    bufferBytes: bufferBytes / count,
  }
}

function copyingOf(batch: readonly unknown[]): { writeMs: number; readMs: number; bytes: number } {
  const begun = runtime().now()
  let [writeMs, readMs, bytes] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0]
  try {
    for (let round = 0; round < 5 && (round < 1 || runtime().now() - begun < budgetMs / 4); round += 1) {
      const from = runtime().now()
      const written = v8.serialize(batch)
      const between = runtime().now()
      v8.deserialize(written)
      writeMs = Math.min(writeMs, between - from)
      readMs = Math.min(readMs, runtime().now() - between)
      bytes = written.byteLength
    }
  } catch {
    writeMs = readMs = 0 // A SharedArrayBuffer, a port: what is not copied.
  }
  if (bytes <= 256 * 1024) return { writeMs, readMs, bytes }
  const from = runtime().now()
  try {
    structuredClone(batch)
  } catch {}
  const clonedMs = runtime().now() - from
  // Where the clone takes longer than the serialiser said, buffers are among it; their copy is made
  // on both sides.
  const more = Math.max(0, clonedMs - writeMs - readMs) / 2
  return { writeMs: writeMs + more, readMs: readMs + more, bytes }
}

/** Bytes of plain buffers among the values themselves and one level below. */
export function bufferBytesOf(value: unknown, depth = 2): number {
  if (ArrayBuffer.isView(value)) return types.isSharedArrayBuffer(value.buffer) ? 0 : value.byteLength
  if (types.isArrayBuffer(value)) return value.byteLength
  if (depth === 0 || typeof value !== 'object' || value === null) return 0
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return 0
  let bytes = 0
  for (const part of Object.values(value).slice(0, 16)) bytes += bufferBytesOf(part, depth - 1)
  return bytes
}
