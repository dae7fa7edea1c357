/**
 * What moves with one message: what `move()` has marked, and what the `pack` of a class hands over.
 */
import { type Moved, markedToMove, movableOf, putMark, takeMark } from '../task/transfer.ts'

export class Moving {
  /** What moves, each once. */
  readonly list: Moved[] = []
  readonly #taken: object[] = []
  readonly #handed = new Set<object>()

  /** A `pack` hands this over: it moves, whether the data holds it or a view on it. */
  handOver(value: object): void {
    this.#handed.add(value)
  }

  /** Whether the value would move, if it was taken. */
  has(value: object): boolean {
    return markedToMove(value) !== undefined || this.#handedOver(value) !== undefined
  }

  /**
   * Takes the mark of the value; returns what moves with it, or undefined if it is copied.
   */
  take(value: object): Moved | undefined {
    const moved = takeMark(value)
    if (moved !== undefined) this.#taken.push(value)
    return moved ?? this.#handedOver(value)
  }

  add(moved: Moved): void {
    if (!this.list.includes(moved)) this.list.push(moved)
  }

  /** The message is not sent: gives back the marks, for the next one. */
  undo(): void {
    for (const value of this.#taken) putMark(value)
  }

  #handedOver(value: object): Moved | undefined {
    if (this.#handed.size === 0) return undefined
    const movable = movableOf(value)
    return movable !== undefined && this.#handed.has(movable) ? movable : undefined
  }
}
