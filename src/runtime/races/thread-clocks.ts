/**
 * The vector clocks of threads and of the words that order them (Lamport 1978; Mattern 1989):
 * what a thread knows of how far each one has come.
 *
 *     release:  word's clock ⊔= mine; my own number + 1        what I did before is in the word's clock
 *     acquire:  mine ⊔= word's clock                           what was in it happens before what I do now
 *
 * A thread's clock is a row in shared memory that only it writes; another one reads it once the
 * thread has exited.
 */
import { clockWords, joinClock, mostThreads, placeOf, threadClocksAt } from './layout.ts'
import { lock, unlock } from './spin-lock.ts'

export class ThreadClocks {
  readonly #memory: Int32Array
  readonly #self: () => number

  /** `self` is the agent number of the thread that runs. */
  constructor(memory: Int32Array, self: () => number) {
    this.#memory = memory
    this.#self = self
  }

  /** A thread begins: it knows nothing, and has come further than who had its place before. */
  begin(): void {
    const mine = this.#mine
    const own = mine + placeOf(this.#self())
    this.#memory.fill(0, mine, own)
    this.#memory.fill(0, own + 1, mine + clockWords)
    this.#tick()
  }

  /** How far this thread has come. */
  get now(): number {
    return this.#memory[this.#mine + placeOf(this.#self())] as number
  }

  /** Whether what that thread did at that time happens before what this one does now. */
  isBefore(agent: number, time: number): boolean {
    return time <= (this.#memory[this.#mine + placeOf(agent)] as number)
  }

  /** A copy to go with a message. */
  send(): Int32Array {
    const clock = this.#memory.slice(this.#mine, this.#mine + clockWords)
    this.#tick()
    return clock
  }

  hear(clock: Int32Array): void {
    joinClock(this.#memory, this.#mine, clock, 0)
  }

  ended(agent: number): void {
    if (placeOf(agent) >= mostThreads) return
    joinClock(this.#memory, this.#mine, this.#memory, threadClocksAt + placeOf(agent) * clockWords)
  }

  /**
   * Does one operation on an ordering word, together with what it does to the clock at `at` of
   * `clocks`. `releases` is asked whether the operation has written.
   */
  order<T>(
    clocks: Int32Array,
    at: number,
    operation: () => T,
    acquires: boolean,
    releases: (result: T) => boolean,
  ): T {
    let released = false
    lock(clocks, at, this.#self())
    try {
      const result = operation()
      if (acquires) joinClock(this.#memory, this.#mine, clocks, at + 1)
      released = releases(result)
      // It adds, though a plain store hides what was stored before: several words share a clock.
      if (released) joinClock(clocks, at + 1, this.#memory, this.#mine)
      return result
    } finally {
      unlock(clocks, at)
      if (released) this.#tick()
    }
  }

  get #mine(): number {
    return threadClocksAt + placeOf(this.#self()) * clockWords
  }

  #tick(): void {
    const own = this.#mine + placeOf(this.#self())
    this.#memory[own] = (this.#memory[own] as number) + 1
  }
}
