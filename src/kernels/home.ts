/** What all threads know of one kernel, and the room on its memory. */
import { compareExchange, load } from '../runtime/atomics.ts'
import { KernelMemoryError } from './errors.ts'
import { pageBytes, type WasmMemory, type WasmModule } from './webassembly.ts'

/** A kernel as it crosses: everything in it is the same on each thread. */
export interface Home {
  /** Its number in this program. */
  readonly id: number
  readonly name: string
  readonly module: WasmModule
  readonly memory: WasmMemory
  readonly maximumPages: number
  readonly stackBytes: number
  /** The first free address, in units of 16 bytes: that of 4 GiB has to fit a word. */
  readonly next: Int32Array
}

const unitBytes = 16

/**
 * Takes that many bytes of the memory, for good, and returns their address. @throws
 * KernelMemoryError
 */
export function reserve({ name, memory, maximumPages, next }: Home, bytes: number): number {
  for (;;) {
    const from = load(next, 0)
    const end = from * unitBytes + bytes
    if (!(end <= maximumPages * pageBytes))
      throw new KernelMemoryError(
        name,
        `The memory of ${name} has no room for ${bytes} bytes more: it may have ${mib(maximumPages * pageBytes)} MiB, and ` +
          `${mib(from * unitBytes)} are taken. Ask for less, or give it more: kernel(…, { memory: { maxMiB } }).`,
      )
    const missing = end - memory.buffer.byteLength
    if (missing > 0) grow(name, memory, Math.ceil(missing / pageBytes))
    if (compareExchange(next, 0, from, Math.ceil(end / unitBytes)) === from) return from * unitBytes
  }
}

/** Another thread may have grown it meanwhile: then it has more than it must. */
function grow(name: string, memory: WasmMemory, pages: number): void {
  const before = memory.buffer.byteLength
  try {
    memory.grow(pages)
  } catch (cause) {
    if (memory.buffer.byteLength > before) return
    throw new KernelMemoryError(
      name,
      `The memory of ${name} could not grow by ${pages} pages of 64 KiB: the system has no more. Ask for less.`,
      { cause },
    )
  }
}

/** Where free memory begins. */
export function firstFree(bytes: number): number {
  return Math.ceil(bytes / unitBytes)
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1)
}
