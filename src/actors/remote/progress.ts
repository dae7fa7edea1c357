/** How far an actor elsewhere has come: as its side said last, and as this one knows. */

export class Progress {
  /** How many tells it was sent, and how many of them have left its mailbox. */
  told = 0
  done = 0
  /** How many of its asks and requests wait for an answer. */
  asked = 0
  #isBusy = false
  #waiting = 0

  /** How many tells may wait there. */
  get waiting(): number {
    return this.told - this.done
  }

  get isBusy(): boolean {
    return this.#isBusy || this.waiting + this.asked > 0
  }

  /** How many messages wait beside the one that it works on. */
  get shown(): number {
    return Math.max(this.#waiting, this.waiting + this.asked - 1, 0)
  }

  /** So it was there, a moment ago. */
  heard(isBusy: boolean, waiting: number): void {
    this.#isBusy = isBusy
    this.#waiting = waiting
  }

  /** What was sent is lost, or it lives elsewhere now; asks end by themselves. */
  forget(): void {
    this.told = 0
    this.done = 0
    this.heard(false, 0)
  }
}
