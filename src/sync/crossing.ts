/**
 * How what lives on shared memory crosses: the memory itself goes along, and the far side looks at
 * the same words.
 */
import { type PackCrossing, shareable } from '../declared/shareable.ts'
import { newLockNumber } from '../runtime/agents.ts'
import { urlOfCaller } from '../runtime/call-site.ts'

/** Fresh words on memory of their own. */
export function sharedWords(count: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * count))
}

/** Where something lives. */
export interface Home {
  readonly words: Int32Array
  readonly at: number
  readonly name: string
}

/**
 * A home for what has just been made: its words on memory of their own, and the name that its user
 * gave it.
 */
export function newHome(kind: string, words: number, name: string | undefined): Home {
  return { words: sharedWords(words), at: 0, name: name ?? `${kind} ${newLockNumber()}` }
}

/** @throws Error to a process: it has memory of its own */
export function needsSharedMemory(crossing: PackCrossing, what: string): void {
  if (crossing.sharedMemory) return
  throw new Error(
    `a ${what} lives on memory that the threads of one process share, and another process does not share it. ` +
      'Run the task on threads(), or send messages instead: a Channel may go to a process.',
  )
}

/** Lets a class that lives on shared words cross to other threads. */
export function crossesByHome<T extends object, H extends object>(
  meta: ImportMeta,
  declared: Function & { readonly prototype: T },
  pack: (instance: T) => H,
  unpack: (home: H) => T,
): void {
  // Bundled to CommonJS, there is no import.meta.
  shareable(meta?.url ?? urlOfCaller(undefined), declared, {
    pack(instance: T, crossing) {
      needsSharedMemory(crossing, declared.name)
      return pack(instance)
    },
    unpack: (home: H) => unpack(home),
  })
}
