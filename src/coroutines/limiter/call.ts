/**
 * One call of a limiter, and what it knows of those within it.
 *
 *     queued ──place──▶ running ──▶ over
 *        └── given up ────────────────▶ over
 *
 * A call that is made within another is a nested one, and whether the outer one waits for it shows when it awaits the
 * promise: that is how a limiter knows that a place is held by somebody who only waits.
 *
 * A hundred thousand calls may be queued, so a queued one holds no more than it needs; the rest is made when it begins, or nests.
 */
import type { Queued } from '../../executor/queue.ts'
import type { Parked } from '../../runtime/park.ts'
import { currentStrand, Strand } from '../../runtime/strand.ts'

/** What a limited function is given. */
export interface LimitedContext {
  /** Aborts when the call's own signal does, when its time is over, or when the scope around it is cancelled. */
  readonly signal: AbortSignal
}

/** Who gives places. */
export interface PlaceGiver {
  /** `waiting` holds a place and waits for calls that have none. */
  lend(waiting: LimitedCall): void
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

  /** Whether somebody else runs on its place. */
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
   * It is over. What it owes is to be given back now, unless somebody runs on its place: that one keeps the place, and owes it from now on.
   * @returns how many places are free again
   */
  end(): number {
    this.over = true
    const { owes } = this
    const nesting = this.#nesting
    if (nesting === undefined) return owes
    const { lender, lent, awaitedBy } = nesting
    if (awaitedBy !== undefined) awaitedBy.#nest().awaited.delete(this)
    this.#nesting = undefined
    if (lent !== undefined) {
      const heir = lent.#nest()
      heir.lender = lender
      heir.owes = owes
    }
    if (lender !== undefined) lender.#nest().lent = lent
    return lent === undefined ? owes : 0
  }

  /** It waits for `nested`, until that is over. Those who wait for it in turn wait for `nested` too. */
  waitsFor(nested: LimitedCall): void {
    if (nested.over || this.over || nested === this) return
    this.#nest().awaited.add(nested)
    nested.#nest().awaitedBy = this
    const givers = new Set([...nested.#andBelow()].filter(call => call.waiting).map(call => call.giver))
    for (const outer of this.#andAbove()) if (givers.has(outer.giver)) outer.giver.lend(outer)
  }

  /** A queued call of its own limiter that it waits for, directly or through others. */
  firstQueuedBelow(): LimitedCall | undefined {
    for (const call of this.#andBelow()) if (call.waiting && call.giver === this.giver) return call
    return undefined
  }

  #nest(): Nesting {
    this.#nesting ??= {
      owes: this.weight,
      lender: undefined,
      lent: undefined,
      awaited: new Set(),
      awaitedBy: undefined,
    }
    return this.#nesting
  }

  *#andBelow(seen: Set<LimitedCall> = new Set()): Generator<LimitedCall> {
    if (seen.has(this)) return
    seen.add(this)
    yield this
    if (this.#nesting === undefined) return
    for (const nested of this.#nesting.awaited) yield* nested.#andBelow(seen)
  }

  *#andAbove(): Generator<LimitedCall> {
    const seen = new Set<LimitedCall>()
    let call: LimitedCall | undefined = this
    while (call !== undefined && !seen.has(call)) {
      seen.add(call)
      yield call
      call = call.#nesting === undefined ? undefined : call.#nesting.awaitedBy
    }
  }
}

/** What only calls know that nest. */
interface Nesting {
  owes: number
  /** Whose place it runs on, and who runs on its own. */
  lender: LimitedCall | undefined
  lent: LimitedCall | undefined
  /** Calls that it waits for, and who waits for it. */
  readonly awaited: Set<LimitedCall>
  awaitedBy: LimitedCall | undefined
}

/** The strand that a running call is. */
export class CallStrand extends Strand implements LimitedContext {
  readonly call: LimitedCall

  constructor(name: string, call: LimitedCall) {
    super(name, call.parent)
    this.call = call
  }
}

/** The limited call that runs here, the innermost. */
export function currentCall(): LimitedCall | undefined {
  let strand = currentStrand()
  while (strand !== undefined && !(strand instanceof CallStrand)) strand = strand.parent
  return strand?.call
}

/**
 * The promise of a nested call. It tells the call that awaits it; `await`, `Promise.all` and their like come through
 * `then` for a class that is not Promise itself (ECMAScript, PromiseResolve), with a function for each outcome. A chain,
 * `then(save)` or `catch(report)`, gives one, and its promise is asked in turn.
 */
export class NestedPromise<T> extends Promise<T> {
  #call: LimitedCall | undefined

  static of<T>(call: LimitedCall, promise: Promise<T>): NestedPromise<T> {
    const nested = new NestedPromise<T>(resolve => resolve(promise))
    nested.#call = call
    return nested
  }

  override then<A = T, B = never>(
    onDone?: ((value: T) => A | PromiseLike<A>) | null,
    onFailed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    if (typeof onDone === 'function' && typeof onFailed === 'function' && this.#call !== undefined)
      currentCall()?.waitsFor(this.#call)
    const next = super.then(onDone, onFailed) as NestedPromise<A | B>
    next.#call = this.#call
    return next
  }
}
