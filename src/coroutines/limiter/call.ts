/**
 * One call of a limiter, and what it knows of those within it.
 *
 *     queued ──place──▶ running ──▶ over
 *        └── given up ────────────────▶ over
 *
 * A call that is made within another is a nested one, and whether the outer one waits for it shows
 * when it awaits the promise: that is how a limiter knows that a place is held by somebody who only
 * waits.
 *
 * A hundred thousand calls may be queued, so a queued one holds no more than it needs; the rest is
 * made when it begins, or nests.
 */
import type { Queued } from '../../executor/queue.ts'
import type { Parked } from '../../runtime/park.ts'
import { currentStrand, Strand } from '../../runtime/strand.ts'
import { CallContext } from '../../task/context.ts'

/** What a limited function is given. */
export interface LimitedContext {
  /**
   * Aborts when the call's own signal does, when its time is over, or when the scope around it is
   * cancelled.
   */
  readonly signal: AbortSignal
}

/** Who gives places. */
export interface PlaceGiver {
  /** `waiting` holds a place and waits for calls that have none. */
  lend(waiting: LimitedCall): void
  /** The place of `lender` is its own again, and others wait for it. */
  offer(lender: LimitedCall): void
}

/** Who has made a call, and is told when it has got a place. */
export interface Asker {
  granted(call: LimitedCall): void
  /** It was dropped from the queue. */
  dropped(call: LimitedCall, error: Error): void
}

export class LimitedCall implements Queued {
  readonly giver: PlaceGiver
  readonly asker: Asker
  readonly fn: (context: LimitedContext) => unknown
  /** What runs around it. */
  readonly parent: Strand | undefined
  readonly priority: number
  readonly weight: number
  waiting = false
  order = 0
  over = false
  /** The wait for its place; `open` where nothing but the place can end it. */
  parked: Parked<LimitedCall> | undefined
  open: ((call: LimitedCall | Promise<never>) => void) | undefined
  #nesting: Nesting | undefined

  constructor(
    giver: PlaceGiver,
    asker: Asker,
    fn: (context: LimitedContext) => unknown,
    parent: Strand | undefined,
    priority: number,
    weight: number,
  ) {
    this.giver = giver
    this.asker = asker
    this.fn = fn
    this.parent = parent
    this.priority = priority
    this.weight = weight
  }

  /** How many places it must give back. */
  get owes(): number {
    return this.#nesting?.owes ?? this.weight
  }

  /** Whether another call runs on its place. */
  get lends(): boolean {
    return this.#nesting?.lent !== undefined
  }

  /** It runs on the place of `lender`. */
  borrowFrom(lender: LimitedCall): void {
    const nesting = this.#nest()
    nesting.lender = lender
    nesting.owes = 0
    lender.#nest().lent = this
  }

  /**
   * It is over. What it owes is to be given back now, unless somebody runs on its place: that one
   * keeps the place, and owes it from now on.
   * @returns how many places are free again
   */
  end(): number {
    if (this.over) return 0
    this.over = true
    const { owes } = this
    const nesting = this.#nesting
    if (nesting === undefined) return owes
    const { lender, lent, hosted } = nesting
    this.#nesting = undefined
    if (lent !== undefined) {
      const heir = lent.#nest()
      heir.lender = lender
      heir.owes = owes
    }
    if (lender !== undefined && !lender.over) {
      lender.#nest().lent = lent
      if (lent === undefined) lender.giver.offer(lender)
    }
    // Who else waits for these can let them run.
    for (const nested of hosted) {
      const awaiter = nested.waiting ? nested.#awaiter : undefined
      if (awaiter !== undefined) awaiter.#host(nested)
    }
    return lent === undefined ? owes : 0
  }

  /**
   * It waits for `nested`, until that is over. Those who wait for it in turn wait for `nested` too.
   */
  waitsFor(nested: LimitedCall): void {
    if (nested.over || this.over || nested === this) return
    const { awaitedBy, unhosted } = nested.#nest()
    if (awaitedBy.includes(this)) return
    awaitedBy.push(this)
    if (nested.waiting) this.#host(nested)
    for (const queued of unhosted.splice(0)) if (queued.waiting) this.#host(queued)
  }

  /** The queued call that may run on its place next. */
  nextHosted(): LimitedCall | undefined {
    const hosted = this.#nesting?.hosted
    for (;;) {
      const first = hosted?.values().next().value
      if (first === undefined || first.waiting) return first
      hosted?.delete(first)
    }
  }

  /**
   * Finds who lets a queued call run in its place: the nearest call of the same limiter, of those
   * that wait for it. It is enough to ask the nearest: if that one's place is lent already, whoever
   * has it goes on, and the place comes back.
   *
   * Where there is none yet, the topmost that waits remembers the call, for those who will wait for
   * that one.
   */
  #host(queued: LimitedCall): void {
    const seen = new Set<LimitedCall>([queued])
    for (let call: LimitedCall = this; !seen.has(call); ) {
      seen.add(call)
      if (call.giver === queued.giver && !call.waiting) {
        call.#nest().hosted.add(queued)
        return call.giver.lend(call)
      }
      const above = call.#awaiter
      if (above === undefined) return void call.#nest().unhosted.push(queued)
      call = above
    }
  }

  /** One who waits for it. */
  get #awaiter(): LimitedCall | undefined {
    return this.#nesting?.awaitedBy.find(call => !call.over)
  }

  #nest(): Nesting {
    this.#nesting ??= {
      owes: this.weight,
      lender: undefined,
      lent: undefined,
      hosted: new Set(),
      unhosted: [],
      awaitedBy: [],
    }
    return this.#nesting
  }
}

/** What only calls know that nest. */
interface Nesting {
  owes: number
  /** Whose place it runs on, and who runs on its own. */
  lender: LimitedCall | undefined
  lent: LimitedCall | undefined
  /**
   * Queued calls of its limiter that may run on its place, in order; some may have got another one.
   */
  readonly hosted: Set<LimitedCall>
  /** Queued calls that it waits for, while nobody who could let them run waits for it. */
  readonly unhosted: LimitedCall[]
  /** Who waits for it. */
  readonly awaitedBy: LimitedCall[]
}

/** The strand that a running call is. */
export class CallStrand extends Strand implements LimitedContext {
  readonly call: LimitedCall

  constructor(name: string, call: LimitedCall) {
    super(name, call.parent)
    this.call = call
  }
}

/**
 * The limited call that runs here, the innermost; through the tasks of this event loop that it has
 * started, too.
 */
export function currentLimitedCall(): LimitedCall | undefined {
  for (const call of limitedCallsAround(currentStrand())) return call
  return undefined
}

/** The limited calls around a strand, the innermost first. */
export function* limitedCallsAround(strand: Strand | undefined): Generator<LimitedCall> {
  for (
    let at = strand;
    at !== undefined;
    at = at.parent ?? (at instanceof CallContext ? at.around : undefined)
  )
    if (at instanceof CallStrand) yield at.call
}
