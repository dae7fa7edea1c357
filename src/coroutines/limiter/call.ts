/**
 * One call of a limiter, and what it knows of those within it.
 *
 *     queued ──place──▶ running ──▶ over
 *        └── given up ────────────────▶ over
 *
 * A call that is made within another is a nested one, and whether the outer one waits for it shows when it awaits the
 * promise: that is how a limiter knows that a place is held by somebody who only waits.
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

export class LimitedCall extends Strand implements Queued {
  readonly fn: (context: LimitedContext) => unknown
  readonly giver: PlaceGiver
  readonly weight: number
  readonly id: string | undefined
  priority: number
  waiting = false
  order = 0
  over = false
  /** The wait for its place, where somebody waits for this call alone; else what to do when it has got one. */
  parked: Parked<LimitedCall> | undefined
  granted: (() => void) | undefined
  /** How many places it must give back. */
  owes = 0
  /** Whose place it runs on, and who runs on its own. */
  lender: LimitedCall | undefined
  lent: LimitedCall | undefined
  /** Nested calls that it waits for, and who waits for it. */
  #awaited: Set<LimitedCall> | undefined
  #awaitedBy: LimitedCall | undefined

  constructor(
    giver: PlaceGiver,
    name: string,
    parent: Strand | undefined,
    fn: (context: LimitedContext) => unknown,
    priority: number,
    weight: number,
    id: string | undefined,
  ) {
    super(name, parent)
    this.giver = giver
    this.fn = fn
    this.priority = priority
    this.weight = weight
    this.id = id
  }

  /** It waits for `nested`, until that is over. Those who wait for it in turn wait for `nested` too. */
  waitsFor(nested: LimitedCall): void {
    if (nested.over || nested === this) return
    this.#awaited ??= new Set()
    this.#awaited.add(nested)
    nested.#awaitedBy = this
    const givers = new Set([...nested.#withAllBelow()].filter(call => call.waiting).map(call => call.giver))
    for (const outer of this.#withAllAbove()) if (givers.has(outer.giver)) outer.giver.lend(outer)
  }

  /** A queued call of its own limiter that it waits for, directly or through others. */
  firstQueuedBelow(): LimitedCall | undefined {
    for (const call of this.#withAllBelow()) if (call.waiting && call.giver === this.giver) return call
    return undefined
  }

  end(): void {
    this.over = true
    if (this.#awaitedBy !== undefined) this.#awaitedBy.#awaited?.delete(this)
    this.#awaitedBy = undefined
    this.#awaited = undefined
  }

  *#withAllBelow(seen: Set<LimitedCall> = new Set()): Generator<LimitedCall> {
    if (seen.has(this)) return
    seen.add(this)
    yield this
    for (const nested of this.#awaited ?? []) yield* nested.#withAllBelow(seen)
  }

  *#withAllAbove(): Generator<LimitedCall> {
    const seen = new Set<LimitedCall>()
    for (
      let call: LimitedCall | undefined = this;
      call !== undefined && !seen.has(call);
      call = call.#awaitedBy
    ) {
      seen.add(call)
      yield call
    }
  }
}

/** The limited call that runs here, the innermost. */
export function currentCall(): LimitedCall | undefined {
  let strand = currentStrand()
  while (strand !== undefined && !(strand instanceof LimitedCall)) strand = strand.parent
  return strand
}

/**
 * The promise of a nested call. It tells the call that awaits it; `await`, `Promise.all` and their like come through
 * `then` for a class that is not Promise itself (ECMAScript, PromiseResolve). `catch` alone waits for nothing.
 */
export class NestedPromise<T> extends Promise<T> {
  #call: LimitedCall | undefined

  static of<T>(call: LimitedCall, promise: Promise<T>): NestedPromise<T> {
    const nested = new NestedPromise<T>(resolve => resolve(promise))
    nested.#call = call
    return nested
  }

  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  override then<A = T, B = never>(
    onDone?: ((value: T) => A | PromiseLike<A>) | null,
    onFailed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    if (typeof onDone === 'function' && this.#call !== undefined) currentCall()?.waitsFor(this.#call)
    return super.then(onDone, onFailed)
  }
}
