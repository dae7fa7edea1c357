/** Steps that are done one after the other, each once the one before it has ended. */

/** Undefined if it ended at once; the promise must not reject. */
export type Step = () => Promise<void> | undefined

export class OneByOne {
  readonly #waiting: Step[] = []
  #busy = false

  /** Does the step after all that wait. */
  do(step: Step): void {
    this.#waiting.push(step)
    this.#next()
  }

  /** Does the step before all that wait. */
  doNext(step: Step): void {
    this.#waiting.unshift(step)
    this.#next()
  }

  #next(): void {
    while (!this.#busy) {
      const step = this.#waiting.shift()
      if (step === undefined) return
      const going = step()
      if (going === undefined) continue
      this.#busy = true
      void going.then(() => {
        this.#busy = false
        this.#next()
      })
    }
  }
}
