/**
 * Where accesses were made, kept in memory that all threads see: a race is noticed by the thread
 * that comes second, and shows where the first one was.
 */
import { urlOfCaller } from '../call-site.ts'
import { nextStackAt, stacksAt } from './layout.ts'
import { plainAtomics } from './plain-atomics.ts'

const framesKept = 10
/** Frames of the library are left out, unless there are no others: bundled, all are in one file. */
const library = new URL('../../', urlOfCaller(import.meta?.url)).href
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Where this thread is: the program's frames, above those of the detector that end at `below`. */
export function framesHere(below: Function): string {
  const holder: { stack?: unknown } = {}
  const { stackTraceLimit } = Error
  // Frozen intrinsics keep their limit; a program's own hook may return anything, or throw.
  Reflect.set(Error, 'stackTraceLimit', framesKept)
  try {
    Error.captureStackTrace(holder, below)
    holder.stack = String(holder.stack)
  } catch {}
  Reflect.set(Error, 'stackTraceLimit', stackTraceLimit)
  const [, ...lines] = typeof holder.stack === 'string' ? holder.stack.split('\n') : []
  const own = lines.filter(line => !line.includes(library) && !line.includes('(node:'))
  return (own.length > 0 ? own : lines).join('\n')
}

export class Stacks {
  readonly #memory: Int32Array
  readonly #bytes: Uint8Array
  readonly #numbers = new Map<string, number>()

  constructor(memory: Int32Array) {
    this.#memory = memory
    this.#bytes = new Uint8Array(memory.buffer, memory.byteOffset + 4 * stacksAt)
  }

  /** The number of a text, which any thread may read; 0 if there is no room left. */
  keep(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    const encoded = encoder.encode(text)
    const from = plainAtomics.add(this.#memory, nextStackAt, encoded.length + 4)
    const hasRoom = from >= 0 && from + encoded.length + 4 <= this.#bytes.length
    if (hasRoom) {
      new DataView(this.#bytes.buffer, this.#bytes.byteOffset).setInt32(from, encoded.length)
      this.#bytes.set(encoded, from + 4)
    } else plainAtomics.add(this.#memory, nextStackAt, -(encoded.length + 4))
    const number = hasRoom ? from + 1 : 0
    this.#numbers.set(text, number)
    return number
  }

  /** The text of that number, which whoever has it got from a word that was written later. */
  read(number: number): string {
    if (number === 0) return '    (the place was not kept: there were too many)'
    const bytes = new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getInt32(number - 1)
    return decoder.decode(this.#bytes.slice(number + 3, number + 3 + bytes)) // A decoder takes no shared memory.
  }
}
