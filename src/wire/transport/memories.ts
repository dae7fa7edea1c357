/**
 * Shared memory that goes with call after call, as that of a picture whose rows are computed one by
 * one: from the second call on it is named by a number, so that such calls are small ones and take
 * the fast lane.
 *
 *     sender                                          receiver
 *     first time    the call goes by message
 *     second time   number and memory ── posted ──▶   keeps it
 *     from then on  the number, in the record         looks it up; what was posted before a record is here
 *     it is collected, and the ring was read
 *                   the number ── posted ──▶          lets it go
 *
 * The receiver keeps memory no longer than the sender's program does, but as long as a record may
 * name it: while a call is in the worker's hand, its arguments are kept here.
 */

/** Tells such a message from the others. */
const tag = 'memory'

/** The memory that a number stands for from now on; without it, nothing any more. */
export type MemoryLesson = readonly [tag: typeof tag, number: number, memory?: SharedArrayBuffer]

export function isMemoryLesson(message: unknown): message is MemoryLesson {
  return Array.isArray(message) && message[0] === tag
}

/** The lesson that a number stands for nothing any more. */
export function forgetting(number: number): MemoryLesson {
  return [tag, number]
}

export class TaughtMemories {
  /** The number of each, or 0 for one that was seen once. */
  readonly #numbers = new WeakMap<SharedArrayBuffer, number>()
  readonly #collected: FinalizationRegistry<number>
  readonly #teach: (lesson: MemoryLesson) => void
  #last = 0

  /** `forget` is told of the number of a memory that nobody here has any more. */
  constructor(teach: (lesson: MemoryLesson) => void, forget: (number: number) => void) {
    this.#teach = teach
    this.#collected = new FinalizationRegistry(forget)
  }

  /** The number by which the other side knows this memory; undefined if it does not yet. */
  numberOf(memory: SharedArrayBuffer): number | undefined {
    const known = this.#numbers.get(memory)
    if (known === undefined) this.#numbers.set(memory, 0)
    if (known === undefined || known > 0) return known
    const number = this.#last + 1
    this.#teach([tag, number, memory])
    this.#last = number
    this.#numbers.set(memory, number)
    this.#collected.register(memory, number)
    return number
  }
}

export class LearntMemories {
  readonly #memories = new Map<number, SharedArrayBuffer>()

  learn([, number, memory]: MemoryLesson): void {
    if (memory === undefined) this.#memories.delete(number)
    else this.#memories.set(number, memory)
  }

  get(number: number): SharedArrayBuffer | undefined {
    return this.#memories.get(number)
  }
}
