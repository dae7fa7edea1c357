/**
 * How what lives on shared memory crosses: the memory itself goes along, and the far side looks at
 * the same words.
 */
import { shareable } from '../declared/shareable.ts'
import { newLockNumber } from '../runtime/agents.ts'
import { urlOfCaller } from '../runtime/call-site.ts'
import { needsSharedMemory } from './needs-shared-memory.ts'
import { type Watched, watchArrived, watchedAlong, watchMemory } from './watched.ts'

/** Fresh words on memory of their own. */
export function sharedWords(count: number): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(4 * count))
  watchMemory(words.buffer, count, 0)
  return words
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

/** Lets a class that lives on shared words cross to other threads. */
export function crossesByHome<T extends object, H extends Home>(
  meta: ImportMeta,
  declared: Function & { readonly prototype: T },
  pack: (instance: T) => H,
  unpack: (home: H) => T,
): void {
  // Bundled to CommonJS, there is no import.meta.
  shareable(meta?.url ?? urlOfCaller(undefined), declared, {
    pack(instance: T, crossing) {
      needsSharedMemory(crossing, declared.name)
      const home = pack(instance)
      const along = watchedAlong(home.words.buffer)
      return along === undefined ? home : { ...home, ...along }
    },
    unpack(home: H & Watched) {
      watchArrived(home.words.buffer, home)
      return unpack(home)
    },
  })
}
