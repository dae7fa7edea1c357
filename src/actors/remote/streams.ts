/** The streams that the other side of a link reads here, by number. */

export class Streams {
  readonly #streams = new Map<number, AsyncIterableIterator<unknown>>()

  open(number: number, values: AsyncIterableIterator<unknown>): number {
    this.#streams.set(number, values)
    return number
  }

  async advance(op: 'next' | 'return', number: number): Promise<unknown> {
    const values = this.#streams.get(number)
    if (values === undefined) return { done: true, value: undefined }
    try {
      const result = await (op === 'next' ? values.next() : values.return?.())
      if (result === undefined || result.done === true) this.#streams.delete(number)
      return result
    } catch (error) {
      this.#streams.delete(number)
      throw error
    }
  }
}
