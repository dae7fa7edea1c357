/** How far an actor elsewhere has come: as its side said last, and as this one knows. */

/** Tells of one name that were sent one after the other. */
interface Run {
  readonly method: string
  /** The number of its last tell among the tells, and among all messages. */
  lastTell: number
  last: number
}

/** So many are kept in mind: it is the oldest that counts. */
const mostRuns = 16

export class Progress {
  /**
   * How many messages it was sent, how many of them were tells, and how many tells have left its
   * mailbox.
   */
  #sent = 0
  #told = 0
  #done = 0
  /** Tells that may wait there, oldest first: the first runs of them. */
  readonly #runs: Run[] = []
  /** Asks and requests that wait for an answer, by their ids, oldest first. */
  readonly #asks = new Map<number, { readonly method: string; readonly at: number }>()
  #isBusy = false
  #waiting = 0

  /** How many tells may wait there. */
  get waiting(): number {
    return this.#told - this.#done
  }

  get isBusy(): boolean {
    return this.#isBusy || this.waiting + this.#asks.size > 0
  }

  /** How many messages wait beside the one that it works on. */
  get shown(): number {
    return Math.max(this.#waiting, this.waiting + this.#asks.size - 1, 0)
  }

  /** The first message that may not have been worked on; undefined if that is not known. */
  get oldest(): string | undefined {
    const [run] = this.#runs
    const [ask] = this.#asks.values()
    if (run === undefined && this.waiting > 0) return undefined
    if (run === undefined || ask === undefined) return (run ?? ask)?.method
    return run.last - (run.lastTell - this.#done) < ask.at ? run.method : ask.method
  }

  tell(method: string): void {
    this.#sent += 1
    this.#told += 1
    const run = this.#runs.at(-1)
    if (run?.method === method && run.last === this.#sent - 1) {
      run.last = this.#sent
      run.lastTell = this.#told
    } else if (this.#runs.length < mostRuns)
      this.#runs.push({ method, last: this.#sent, lastTell: this.#told })
  }

  /** So many of the tells have left its mailbox. */
  done(count: number): void {
    this.#done = Math.max(this.#done, Math.min(count, this.#told))
    for (let [run] = this.#runs; run !== undefined && run.lastTell <= this.#done; [run] = this.#runs)
      this.#runs.shift()
  }

  ask(id: number, method: string): void {
    this.#sent += 1
    this.#asks.set(id, { method, at: this.#sent })
  }

  answered(id: number): void {
    this.#asks.delete(id)
  }

  /** So it was there, a moment ago. */
  heard(isBusy: boolean, waiting: number): void {
    this.#isBusy = isBusy
    this.#waiting = waiting
  }

  /** What was sent is lost, or it lives elsewhere now; asks end by themselves. */
  forget(): void {
    this.#told = 0
    this.#done = 0
    this.#runs.length = 0
    this.heard(false, 0)
  }
}
