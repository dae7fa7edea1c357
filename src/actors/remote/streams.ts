/** The streams that the other side of a link reads here, by number. */
import type { Asking, Steps } from '../contract.ts'

export class Streams {
  readonly #streams = new Map<number, Steps>()

  open(number: number, values: Steps): number {
    this.#streams.set(number, values)
    return number
  }

  async advance(op: 'next' | 'return', number: number, asking: Asking): Promise<unknown> {
    const values = this.#streams.get(number)
    if (values === undefined) return { done: true, value: undefined }
    try {
      const result = await values[op](asking)
      if (result.done === true) this.#streams.delete(number)
      return result
    } catch (error) {
      this.#streams.delete(number)
      values.leave()
      throw error
    }
  }

  leave(number: number): void {
    this.#streams.get(number)?.leave()
    this.#streams.delete(number)
  }

  /** Whoever reads them is gone. */
  leaveAll(): void {
    for (const values of this.#streams.values()) values.leave()
    this.#streams.clear()
  }
}
