/**
 * Which worker is given which job. What decides: policy.ts and worth.ts; what is taken back from
 * workers: taking-back.ts; the steps: README.md.
 *
 *     a job came, a worker is free, jobs are back ─▶ assign ─▶ take back what is less urgent
 *                                                          ─▶ few and small: behind those of a worker that is awake
 *                                                          ─▶ idle workers ─▶ workers that help ─▶ start more
 *                                                          ─▶ behind what others have in their hands ─▶ flush
 */
import type { PriorityQueue } from '../executor/queue.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import type { TaskCost } from '../executor/task-cost.ts'
import { bellsPerTurn, leastTogether, stuckMs, worthWakingMs } from '../policy.ts'
import { type Runtime, runtime } from '../runtime/runtime.ts'
import type { Crew } from './crew.ts'
import { type Families, helpedBy } from './families.ts'
import type { Pins } from './pins.ts'
import type { Slot } from './slot.ts'
import { TakingBack } from './taking-back.ts'
import type { Waiting } from './waiting.ts'
import { canBeGivenAgain, mayWaitInHand, roomFor, roomWithin, wantsMore } from './worth.ts'

/** What a dispatch tells its pool. */
export interface DispatchOwner {
  /** These jobs were taken back, to be given to others. */
  returned(jobs: readonly ReadyJob[]): void
  /** Jobs have left the queue. */
  given(): void
}

export class Dispatch {
  readonly #queue: PriorityQueue<ReadyJob>
  readonly #crew: Crew
  readonly #families: Families
  readonly #pins: Pins
  readonly #owner: DispatchOwner
  readonly #runtime: Runtime = runtime()
  readonly #takingBack: TakingBack
  /** Whether calls can be taken back from a worker: where memory is shared. */
  readonly #takesBack: boolean
  /** Whether workers run calls side by side, and none waits in a hand. */
  readonly #sideBySide: boolean
  /** The lowest priority of the jobs that came since the pool was empty. */
  #lowest = Number.POSITIVE_INFINITY
  /** How many jobs have come since jobs were last given out. */
  #ungiven = 0
  /** How many were given out in this turn of the loop. */
  #inTurn = 0
  /** How many of them left one by one, each for an idle worker. */
  #wokenInTurn = 0
  /** How many are given out together next. */
  #together = 0
  /** Jobs are given out at the end of this turn. */
  #turnEnds = false
  /** Jobs are being given out now; and must be given out again after that. */
  #giving = false
  #giveAgain = false
  /** Slots with jobs that have not left yet. */
  readonly #given: Slot[] = []
  /** Those of them that were idle: their job must leave before the caller blocks its loop. */
  readonly #awaited: Slot[] = []

  constructor(
    { queue, pins }: Waiting,
    crew: Crew,
    families: Families,
    { sharedMemory }: { readonly sharedMemory: boolean },
    { callsPerWorker }: { readonly callsPerWorker: number },
    owner: DispatchOwner,
  ) {
    this.#queue = queue
    this.#crew = crew
    this.#families = families
    this.#pins = pins
    this.#sideBySide = callsPerWorker > 1
    this.#takesBack = sharedMemory && !this.#sideBySide
    this.#takingBack = new TakingBack(queue, crew, this.#takesBack, jobs => owner.returned(jobs))
    this.#owner = owner
  }

  // ── when jobs are given out ──

  /**
   * A job has come. The first one of a turn leaves at once. Those that follow it travel together,
   * each worker's share with one wake-up: few at first, so that a worker finds the next calls when
   * it has answered the last; more where many come.
   */
  came({ priority, cost }: ReadyJob): void {
    if (priority > this.#lowest) this.#takingBack.urgent += 1
    else this.#lowest = priority
    this.#ungiven += 1
    if (this.#turnEnds && this.#ungiven < this.#together && !this.#wakesOneMore(cost)) return
    this.#inTurn += this.#ungiven
    this.#together = Math.max(leastTogether * this.#crew.size, Math.floor(this.#inTurn / bellsPerTurn))
    this.assign()
    if (this.#turnEnds) return
    this.#turnEnds = true
    this.#runtime.soon(this.#turnIsOver)
  }

  readonly #turnIsOver = (): void => {
    this.#turnEnds = false
    this.#inTurn = 0
    this.#wokenInTurn = 0
    if (this.#ungiven > 0) this.assign()
  }

  /**
   * Whether a job leaves at once, though more may come in this turn. One does for each worker that
   * is idle or may be started, because the caller may block its loop next. A call that is cheaper
   * than waking a worker does not: such calls travel together.
   */
  #wakesOneMore({ expectedMs }: TaskCost): boolean {
    if (expectedMs < worthWakingMs) return false
    if (this.#wokenInTurn >= this.#crew.most || !this.#crew.hasRoomFor(this.#queue.size)) return false
    this.#wokenInTurn += 1
    return true
  }

  /** A nested job has come: others give way to it. */
  cameFirst(): void {
    this.#takingBack.urgent += 1
    this.assign()
  }

  /** Jobs are in the queue again. Starting workers may have been given younger ones. */
  cameBack(): void {
    this.#takingBack.fromStarting()
    this.assign()
  }

  /** No job is left. */
  allDone(): void {
    this.#lowest = Number.POSITIVE_INFINITY
  }

  /** A worker has answered and may be given more. */
  answered(slot: Slot): void {
    if (this.#takingBack.someStartWithCalls && this.#wantsMore(slot)) this.#takingBack.fromStarting()
    if (this.#queue.size === 0) {
      if (this.#pins.size > 0) return this.assign()
      const idle = this.#crew.lastIdle
      if (idle !== undefined) this.#takingBack.forIdle(idle)
    } else if (this.#wantsMore(slot) || (this.#families.size > 0 && helpedBy(slot).length > 0)) this.assign()
  }

  #wantsMore(slot: Slot): boolean {
    if (this.#sideBySide) return slot.hasPlace
    const { hand, giving, life } = slot
    return !giving.congested && wantsMore(hand, this.#takesBack, life.worker.capacity)
  }

  /** The worker has nothing in its hand. */
  rests(slot: Slot): void {
    this.#takingBack.fromStarting()
    this.assign()
    if (slot.state === 'idle') this.#takingBack.forIdle(slot)
    if (slot.state === 'idle') this.#takingBack.watchStuck()
  }

  /**
   * Gives out jobs. A job that can't be sent makes its worker idle at once, which calls this again;
   * as a loop, it never nests.
   */
  assign(): void {
    this.#ungiven = 0
    this.#giveAgain = true
    if (this.#giving) return
    this.#giving = true
    try {
      while (this.#giveAgain) {
        this.#giveAgain = false
        this.#give()
      }
    } finally {
      this.#giving = false
    }
  }

  close(): void {
    this.#takingBack.close()
  }

  // ── who is given what ──

  #give(): void {
    if (this.#pins.size > 0) this.#givePinned()
    if (this.#takingBack.urgent > 0) this.#takingBack.forUrgent()
    if (this.#takesBack && this.#crew.someIdle) this.#giveToAwake() // They can be taken back from there.
    this.#giveToIdle()
    if (this.#families.size > 0) this.#help()
    if (this.#queue.size > 0) {
      this.#crew.startFor(this.#queue.size)
      this.#giveToStarting()
      if (this.#sideBySide) this.#fillPlaces()
      else this.#fillHands()
    }
    this.#flush()
    this.#takingBack.watchStuck()
    this.#owner.given()
  }

  /** A job that waits for one worker goes ahead of those for any. */
  #givePinned(): void {
    for (const slot of this.#crew.all) {
      while (this.#pins.has(slot) && (slot.state === 'idle' || slot.hasPlace)) {
        if (slot.state === 'idle') this.#crew.take(slot)
        this.#giveTo(slot, this.#pins.next(slot) as ReadyJob)
      }
    }
  }

  #giveToIdle(): void {
    for (let next = this.#queue.peek(); next !== undefined; next = this.#queue.peek()) {
      const slot = this.#crew.nextIdle(!canBeGivenAgain(next))
      if (slot === undefined) return
      if (slot.state === 'idle' && slot.life.state === 'ready') this.#giveNext(slot) // Not to one that is being ended.
    }
  }

  /**
   * Gives each starting worker its first call, as the caller may block its loop until long after
   * the start. Where calls can't be taken back, only while no worker has started: one that has may
   * be free sooner.
   */
  #giveToStarting(): void {
    if (!this.#takesBack && this.#crew.someWork) return
    for (const slot of this.#crew.all) {
      const next = this.#queue.peek()
      if (next === undefined || !mayWaitInHand(next)) return
      if (!slot.giving.isVacant) continue
      this.#takingBack.someStartWithCalls = true
      this.#giveNext(slot)
    }
  }

  /** Workers whose calls all wait for nested ones run some of these meanwhile: see families.ts. */
  #help(): void {
    for (const slot of this.#crew.all) {
      for (let ready = this.#toHelpWith(slot); ready !== undefined; ready = this.#toHelpWith(slot)) {
        this.#queue.withdraw(ready)
        slot.help(ready)
      }
    }
  }

  #toHelpWith(slot: Slot): ReadyJob | undefined {
    for (const family of helpedBy(slot)) {
      const ready = this.#families.newest(family)
      if (ready !== undefined) return ready
    }
    return undefined
  }

  /**
   * A few small calls go behind those in workers' hands, even if a worker is idle: see
   * `worthWakingMs`.
   */
  #giveToAwake(): void {
    if (this.#queue.size === 0) return
    let nowMs = 0 // The clock is read only if a worker is busy.
    for (const slot of this.#crew.all) {
      if (!slot.isBusy) continue
      if (nowMs === 0) nowMs = this.#runtime.now()
      if (slot.sinceMs(nowMs) < stuckMs)
        this.#fillHand(slot, this.#queue.size, ({ cost }) =>
          roomWithin(worthWakingMs, slot.hand, cost, slot.giving.bounds(true)),
        )
    }
  }

  /**
   * Cheap calls go behind those in workers' hands, several together; none goes behind a long call.
   */
  #fillHands(): void {
    const nowMs = this.#runtime.now()
    let left = this.#crew.size
    for (const slot of this.#queue.size < left ? this.#leastInHandFirst() : this.#crew.all) {
      const share = Math.ceil(this.#queue.size / left)
      left -= 1
      if (slot.isBusy && slot.sinceMs(nowMs) < stuckMs)
        this.#fillHand(slot, share, ({ cost }) =>
          roomFor(slot.hand, cost, slot.giving.bounds(this.#takesBack)),
        )
    }
  }

  /** Each job goes to the worker that runs the fewest calls, while one can begin another. */
  #fillPlaces(): void {
    while (this.#queue.size > 0) {
      let emptiest: Slot | undefined
      for (const slot of this.#crew.all)
        if (slot.hasPlace && slot.hand.count < (emptiest?.hand.count ?? Number.POSITIVE_INFINITY))
          emptiest = slot
      if (emptiest === undefined) return
      this.#giveNext(emptiest)
    }
  }

  #leastInHandFirst(): Slot[] {
    return [...this.#crew.all].sort((one, other) => one.hand.count - other.hand.count)
  }

  #fillHand(slot: Slot, share: number, roomOf: (next: ReadyJob) => number): void {
    if (this.#pins.size > 0 && this.#pins.has(slot)) return // The worker must first come to its pinned jobs.
    let cost: TaskCost | undefined
    let room = 0
    for (let given = 0; given < share; given += 1) {
      const next = this.#queue.peek()
      if (next === undefined || !mayWaitInHand(next)) return
      if (next.cost !== cost) {
        cost = next.cost // Calls of one task share it, and so do its chunks.
        room = slot.life.hasImported(next.task) ? roomOf(next) : 0
      }
      if (room <= 0 || slot.giving.congested) return
      room -= 1
      this.#giveNext(slot)
    }
  }

  #giveNext(slot: Slot): void {
    this.#giveTo(slot, this.#queue.shift() as ReadyJob)
  }

  #giveTo(slot: Slot, ready: ReadyJob): void {
    if (this.#given.at(-1) !== slot) this.#given.push(slot)
    if (slot.hand.count === 0) this.#awaited.push(slot)
    slot.assign(ready)
  }

  #flush(): void {
    for (const slot of this.#given) slot.life.worker.flush?.()
    for (const slot of this.#awaited) slot.life.worker.flushNow?.()
    this.#given.length = 0
    this.#awaited.length = 0
  }
}
