/**
 * Finds accesses of two threads to one element that nothing orders, and of which one is a write.
 *
 *     view[i] ─▶ WatchedView ─▶ touch ─▶ cells.ts: is each earlier access before this one? ─ no ─▶ Race
 *     Atomics, locks ─▶ order ─▶ thread-clocks.ts: what happens before what
 *     messages ─▶ send, hear ─▶ the same
 */
import { type Access, type Earlier, noteAccess } from './cells.ts'
import {
  mostThreads,
  otherWordsClockAt,
  placeOf,
  racesFoundAt,
  reportedAt,
  reportedWords,
  switchedOffAt,
} from './layout.ts'
import { plainAtomics } from './plain-atomics.ts'
import type { Shadow } from './shadow.ts'
import { framesHere, Stacks } from './stacks.ts'
import { ThreadClocks } from './thread-clocks.ts'
import type { MessageClock } from './wanted.ts'

/** One side of a race. */
export interface RacingAccess {
  /** The thread, as `main` or `thread 2`. */
  readonly who: string
  /** `reads`, `writes`, or the same `by Atomics`. */
  readonly what: string
  /** Where, as the lines of a stack. */
  readonly stack: string
}

export interface Race {
  /** The element, as `element 3 of a SharedArray of f64`. */
  readonly of: string
  /** The one that was noticed, and the one that came before it in time. */
  readonly accesses: readonly [RacingAccess, RacingAccess]
}

export interface DetectorOptions {
  readonly memory: Int32Array
  /** The agent number of the thread that runs, and its name. */
  readonly self: () => number
  readonly nameOfSelf: () => string
  readonly report: (race: Race) => void
}

export class Detector implements MessageClock {
  readonly #memory: Int32Array
  readonly #clocks: ThreadClocks
  readonly #stacks: Stacks
  readonly #options: DetectorOptions

  constructor(options: DetectorOptions) {
    this.#options = options
    this.#memory = options.memory
    this.#clocks = new ThreadClocks(options.memory, options.self)
    this.#stacks = new Stacks(options.memory)
    this.begin()
  }

  /** The thread that runs begins. */
  begin(): void {
    if (this.#isOn) this.#clocks.begin()
  }

  /**
   * This thread reads or writes an element; `below` is the function under which the detector's own
   * frames are.
   */
  touch(shadow: Shadow, cell: number, access: Access, of: () => string, below: Function): void {
    if (!this.#isOn) return
    let frames: string | undefined
    const here = () => {
      frames ??= framesHere(below)
      return this.#stacks.keep(`${this.#options.nameOfSelf()}\n${frames}`)
    }
    const earlier = noteAccess(
      shadow.memory,
      shadow.cell(cell),
      access,
      this.#options.self(),
      this.#clocks,
      here,
    )
    for (const one of earlier) this.#found(of(), access, frames ?? '', one)
  }

  /** Does an operation on a word that orders threads; without a shadow, all such words are one. */
  order<T>(
    shadow: Shadow | undefined,
    word: number,
    operation: () => T,
    acquires: boolean,
    releases: (result: T) => boolean,
  ): T {
    if (!this.#isOn) return operation()
    const known = shadow !== undefined && !shadow.escaped
    return known
      ? this.#clocks.order(shadow.memory, shadow.clockOf(word), operation, acquires, releases)
      : this.#clocks.order(this.#memory, otherWordsClockAt, operation, acquires, releases)
  }

  send(): Int32Array {
    return this.#clocks.send()
  }

  hear(clock: Int32Array): void {
    if (this.#isOn) this.#clocks.hear(clock)
  }

  ended(agent: number): void {
    if (this.#isOn) this.#clocks.ended(agent)
  }

  get #isOn(): boolean {
    return placeOf(this.#options.self()) < mostThreads && this.#memory[switchedOffAt] === 0
  }

  #found(of: string, access: Access, frames: string, earlier: Earlier): void {
    const [who = '', ...lines] = this.#stacks.read(earlier.stack).split('\n')
    const other = lines.join('\n')
    if (!this.#isFirst([frames, other].sort().join('\n'))) return
    plainAtomics.add(this.#memory, racesFoundAt, 1)
    this.#options.report({
      of,
      accesses: [
        { who: this.#options.nameOfSelf(), what: verbOf(access), stack: frames },
        { who, what: verbOf(earlier), stack: other },
      ],
    })
  }

  /** Whether no thread has reported this pair of places before. */
  #isFirst(pair: string): boolean {
    const hash = hashOf(pair) || 1
    for (let tried = 0; tried < reportedWords; tried += 1) {
      const at = reportedAt + (((hash >>> 0) + tried) % reportedWords)
      const before = plainAtomics.compareExchange(this.#memory, at, 0, hash)
      if (before === 0) return true
      if (before === hash) return false
    }
    return false // So many were reported.
  }
}

function verbOf({ writes, atomic }: Access): string {
  return `${writes ? 'writes' : 'reads'}${atomic ? ' by Atomics' : ''}`
}

/** FNV-1a (Fowler, Noll, Vo 1991). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5 | 0
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash
}
