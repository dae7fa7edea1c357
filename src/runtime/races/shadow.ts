/**
 * The memory beside a shared buffer, where its accesses are noted. It is a buffer of its own, and
 * goes along wherever the library sends the other one.
 *
 *     │ escaped, clocks, cells │ a clock for each word, or for several │ a cell for each element │
 */
import { cellWords } from './cells.ts'
import { syncClockWords } from './layout.ts'
import { plainAtomics } from './plain-atomics.ts'

const escapedAt = 0
const clocksAt = 1
const cellsAt = 2
const headerWords = 4
/** Words beyond share clocks: that orders more than there is, so a race may be missed. */
const mostClocks = 1_024

/** What lies beside one shared buffer. */
export class Shadow {
  readonly memory: Int32Array

  private constructor(memory: Int32Array) {
    this.memory = memory
  }

  /** For a buffer with so many words that order threads, and elements that are looked at. */
  static for(words: number, cells: number): Shadow {
    const clocks = Math.max(1, Math.min(words, mostClocks))
    const memory = new Int32Array(
      new SharedArrayBuffer(4 * (headerWords + clocks * syncClockWords + cells * cellWords)),
    )
    memory[clocksAt] = clocks
    memory[cellsAt] = cells
    return new Shadow(memory)
  }

  /** One that came from another thread. */
  static of(memory: Int32Array): Shadow {
    return new Shadow(memory)
  }

  /** Where the clock of that word begins. */
  clockOf(word: number): number {
    return headerWords + (word % (this.memory[clocksAt] as number)) * syncClockWords
  }

  /** Where a cell begins. */
  cell(number: number): number {
    return headerWords + (this.memory[clocksAt] as number) * syncClockWords + number * cellWords
  }

  /**
   * Whether the program has taken the buffer itself: other threads may have it without this memory,
   * so its words are ordered as those of unknown memory.
   */
  get escaped(): boolean {
    return plainAtomics.load(this.memory, escapedAt) === 1
  }

  escape(): void {
    plainAtomics.store(this.memory, escapedAt, 1)
  }
}
