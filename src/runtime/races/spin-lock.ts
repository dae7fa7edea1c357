/** A lock for a few instructions of the detector, which must not wait as users of locks do. */
import { isAlive } from '../agents.ts'
import { plainAtomics } from './plain-atomics.ts'

/** How often it looks before it asks whether the holder still lives. */
const looksPerQuestion = 10_000

/** Takes the word; a thread that died with it has lost it. */
export function lock(words: Int32Array, at: number, agent: number): void {
  for (let looks = 1; ; looks += 1) {
    const holder = plainAtomics.compareExchange(words, at, 0, agent)
    if (holder === 0) return
    if (looks % looksPerQuestion !== 0 || isAlive(holder)) continue
    if (plainAtomics.compareExchange(words, at, holder, agent) === holder) return
  }
}

export function unlock(words: Int32Array, at: number): void {
  plainAtomics.store(words, at, 0)
}
