/**
 * What is taken back from workers that have not begun it: for more urgent jobs, for workers that
 * can begin it now, and from behind calls that take longer than they should.
 *
 *     calls wait in hands ─▶ look every `stuckMs` ─▶ back to the queue
 */
import type { PriorityQueue } from '../executor/queue.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import { stuckMs } from '../policy.ts'
import { type Runtime, runtime, type Timer } from '../runtime/runtime.ts'
import type { Crew } from './crew.ts'
import type { Slot } from './slot.ts'
import { isLate, lowestWaiting, waitsLong } from './worth.ts'

export class TakingBack {
  readonly #queue: PriorityQueue<ReadyJob>
  readonly #crew: Crew
  readonly #returned: (jobs: readonly ReadyJob[]) => void
  readonly #runtime: Runtime = runtime()
  /** Whether calls can be taken back from a worker that works: where memory is shared. */
  readonly #isPossible: boolean
  /** How many jobs have come before which others may have to give way. */
  urgent = 0
  /** Whether workers that start were given calls since that was looked at. */
  someStartWithCalls = false
  #watching: Timer | undefined

  /** `returned` is called with jobs that are to be given to others. */
  constructor(
    queue: PriorityQueue<ReadyJob>,
    crew: Crew,
    isPossible: boolean,
    returned: (jobs: readonly ReadyJob[]) => void,
  ) {
    this.#queue = queue
    this.#crew = crew
    this.#isPossible = isPossible
    this.#returned = returned
  }

  /**
   * Takes back what starting workers were given: a worker can begin it now, or something is more
   * urgent. They are given nothing else before they have started, so that messages do not pile up.
   */
  fromStarting(): void {
    if (!this.someStartWithCalls) return
    this.someStartWithCalls = false
    const back = this.#crew.backFromStarting()
    if (back.length > 0) this.#returned(back)
  }

  /**
   * Puts back into the queue what waits in hands behind long calls and is less urgent: a hand for
   * each urgent job.
   */
  forUrgent(): void {
    this.fromStarting()
    let wanted = this.#isPossible && !this.#crew.someIdle ? this.urgent : 0
    this.urgent = 0
    const next = this.#queue.peek()
    if (next === undefined) return
    const priority = next.nesting === undefined ? next.priority : Number.POSITIVE_INFINITY
    const back: ReadyJob[] = []
    for (const slot of this.#crew.all) {
      if (wanted <= 0) break
      if (!slot.isBusy || !waitsLong(slot.hand) || lowestWaiting(slot.hand, slot.begun) >= priority) continue
      wanted -= 1
      back.push(...slot.takeBack())
    }
    if (back.length > 0) this.#returned(back)
  }

  /**
   * Takes back for an idle worker what waits behind a long call, as far as that is worth the way.
   */
  forIdle(idle: Slot): void {
    if (!this.#isPossible) return
    for (const slot of this.#crew.all) {
      if (idle.state !== 'idle') return
      if (slot.isBusy && waitsLong(slot.hand)) this.#returned(slot.takeBack())
    }
  }

  /**
   * While calls wait in hands, checks whether those in front of them take longer than they should.
   * Then the waiting ones go to an idle worker, or into the queue for the first that is free.
   */
  watchStuck(): void {
    if (!this.#isPossible || this.#watching !== undefined || this.#crew.size < 2) return
    if (!this.#someWait()) return
    this.#watching = this.#runtime.setTimer(stuckMs, async () => {
      await this.#runtime.yieldToLoop() // Answers may lie here unread.
      this.#watching = undefined
      const nowMs = this.#runtime.now()
      for (const slot of this.#crew.all)
        if (this.#isStuck(slot, slot.sinceMs(nowMs))) this.#returned(slot.takeBack())
      this.watchStuck()
    })
  }

  close(): void {
    this.#watching?.cancel()
  }

  #isStuck({ hand, isBusy }: Slot, sinceMs: number): boolean {
    if (this.#crew.someIdle && hand.count > 1 && sinceMs >= stuckMs) return true
    return isBusy && isLate(hand, sinceMs, stuckMs)
  }

  #someWait(): boolean {
    for (const { hand } of this.#crew.all) if (hand.count > 1) return true
    return false
  }
}
