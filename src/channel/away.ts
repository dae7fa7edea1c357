/**
 * The account of a channel's items that are with receivers elsewhere: each is *away* from when it
 * leaves the channel until it is known to be taken there, or has come back. As one that is away may
 * come back, nobody is told meanwhile that the channel has ended or is drained.
 *
 *     channel ──left──▶ away ──taken──▶ received
 *        ▲────────back────┘ └──drop──▶ gone, as the channel was cancelled
 */
export class Away {
  readonly #settle: () => void
  readonly #carriers = new Set<() => void>()
  #count = 0
  #awaited = false

  /** `settle` is called whenever the last item that was away is not any more. */
  constructor(settle: () => void) {
    this.#settle = settle
  }

  get some(): boolean {
    return this.#count > 0
  }

  get count(): number {
    return this.#count
  }

  /** Whether anybody has waited until nothing is away. */
  get awaited(): boolean {
    return this.#awaited
  }

  /** One item leaves the channel. */
  left(): void {
    this.#count += 1
  }

  /** So many were taken, or lie in the channel again. */
  settled(count: number): void {
    if (count === 0) return
    this.#count -= count
    if (this.#count === 0) this.#settle()
  }

  /** Nothing of it is wanted any more. */
  drop(): void {
    this.#count = 0
  }

  /** Somebody waits until nothing is away: the carriers see to it that they learn of each item. */
  await(): void {
    this.#awaited = true
    for (const told of [...this.#carriers]) told()
  }

  /** `told` is called with each `await`, until the function that it returns is called. */
  carriedBy(told: () => void): () => void {
    this.#carriers.add(told)
    return () => void this.#carriers.delete(told)
  }
}

/** Who carries items between a channel and another thread or process. */
export interface ChannelWatcher<T> {
  /** The channel is about to be closed: returns what it has accepted but does not hold yet. */
  arriving(): readonly T[]
  /** It was closed; `dropped` if it was cancelled. */
  closed(error: Error | undefined, dropped: boolean): void
}
