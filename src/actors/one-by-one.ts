/** What a supervisor has to do, one step after the other; what comes meanwhile waits. */

export type Step = () => Promise<void> | undefined

interface Waiting {
  readonly step: Step
  next: Waiting | undefined
}

export class OneByOne {
  #first: Waiting | undefined
  #last: Waiting | undefined
  #busy = false

  /** After all that waits; at once if nothing is being done. */
  do(step: Step): void {
    const waiting: Waiting = { step, next: undefined }
    if (this.#last === undefined) this.#first = waiting
    else this.#last.next = waiting
    this.#last = waiting
    this.#next()
  }

  /** Before all that waits. */
  doNext(step: Step): void {
    const waiting: Waiting = { step, next: this.#first }
    this.#first = waiting
    this.#last ??= waiting
    this.#next()
  }

  #next(): void {
    while (!this.#busy) {
      const waiting = this.#first
      if (waiting === undefined) return
      this.#first = waiting.next
      if (this.#first === undefined) this.#last = undefined
      const going = waiting.step()
      if (going === undefined) continue
      this.#busy = true
      void going.then(() => {
        this.#busy = false
        this.#next()
      })
    }
  }
}
