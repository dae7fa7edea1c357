/**
 * The records in the rings between two threads: kind, number of the call, and what is of that kind.
 */
import type { CompactReader } from '../compact/reader.ts'
import type { CompactWriter } from '../compact/writer.ts'
import { NoRecord, type RingReader } from './ring.ts'

/** What a record is. To the worker: */
export const inline = 1
/** The call of that number was posted. */
export const marked = 2
export const inlineWithStores = 4
/** To the caller: */
export const result = 3

/** The size of a result that is a small number. */
export const resultBytes = 24

/**
 * Reads records until there are no more, or `most` were read; tells of what is not a record, after
 * which nothing can be read.
 */
export function readRing(
  ring: RingReader,
  read: (from: CompactReader) => true,
  most: number,
  broken: (what: string) => void,
): number {
  let count = 0
  try {
    while (count < most && ring.next(read) === true) count += 1
  } catch (error) {
    if (!(error instanceof NoRecord)) throw error
    broken(`a record that can't be read (${error.message})`)
  }
  return count
}

export function readValue(from: CompactReader): unknown {
  try {
    return from.value()
  } catch (error) {
    throw new NoRecord((error as Error).message)
  }
}

export function writeRun(to: CompactWriter, seq: number, ref: number, args: readonly unknown[]): boolean {
  return writeCall(to, inline, seq, ref, args)
}

/** The stores are the first of the arguments. */
export function writeRunWithStores(
  to: CompactWriter,
  seq: number,
  ref: number,
  all: readonly unknown[],
): boolean {
  return writeCall(to, inlineWithStores, seq, ref, all)
}

function writeCall(
  to: CompactWriter,
  kind: number,
  seq: number,
  ref: number,
  args: readonly unknown[],
): boolean {
  to.byte(kind)
  to.int32(seq)
  to.int32(ref)
  return to.list(args)
}

export function writeMarker(to: CompactWriter, seq: number): boolean {
  to.byte(marked)
  to.int32(seq)
  return true
}

export function writeDone(to: CompactWriter, seq: number, workMs: number, value: unknown): boolean {
  to.byte(result)
  to.int32(seq)
  to.float64(workMs)
  return to.value(value)
}
