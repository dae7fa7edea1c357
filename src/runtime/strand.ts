/**
 * One line of execution that can be told to stop: the body of a scope, one of its children, a call
 * of a task.
 *
 *     cancel(reason) ─▶ signal aborts ─▶ every wait of this strand is given up ─▶ every strand below is cancelled
 *
 * The strand that runs is known without being passed along (AsyncLocalStorage), so that a wait deep
 * in somebody's code ends when the scope around it does, and so that whoever waits can be named.
 */
import { noteBirth } from './birth.ts'
import { sharedByCopies } from './copies.ts'

/** What a cancelled strand stops: a wait, or a strand below it. */
export interface Stoppable {
  stop(reason: unknown): void
}

const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks')
/**
 * Of all copies of atonce in this thread: a call that one runs is the call in which the others find
 * themselves.
 */
const current = sharedByCopies('strand', () => new AsyncLocalStorage<Strand | undefined>())

/** The strand that runs here; none outside of every scope and task. */
export function currentStrand(): Strand | undefined {
  return current.getStore()
}

let strandsMade = false
let everStopped = false

/** The strand that runs here, if it was cancelled. Costs a comparison until one ever was. */
export function stoppedStrand(): Strand | undefined {
  if (!everStopped) return undefined
  const strand = current.getStore()
  return strand?.stopped ? strand : undefined
}

/** The strand that runs here. Costs a comparison in a program that has none. */
export function strandIfAny(): Strand | undefined {
  return strandsMade ? current.getStore() : undefined
}

/**
 * Calls `body` as part of `strand`, with all that it starts; of none, to leave the one that runs.
 */
export function withStrand<T>(strand: Strand | undefined, body: () => T): T {
  return current.run(strand, body)
}

/**
 * What runs from here on, until this turn of the microtask queue ends, is part of `strand`: half
 * the cost of `withStrand`.
 */
export function enterStrand(strand: Strand | undefined): void {
  current.enterWith(strand)
}

export class Strand implements Stoppable {
  readonly name: string
  readonly parent: Strand | undefined
  #controller: AbortController | undefined
  #stoppables: Set<Stoppable> | undefined
  #stopped = false
  #reason: unknown

  constructor(name: string, parent: Strand | undefined) {
    this.name = name
    this.parent = parent
    strandsMade = true
    noteBirth(this)
  }

  get stopped(): boolean {
    return this.#stopped
  }

  /** Why it was cancelled; what its waits throw. */
  get reason(): unknown {
    return this.#reason
  }

  /** Aborts when the strand is cancelled, with the reason; made when it is first asked for. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#stopped) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  /** Stops `stoppable` when this strand is cancelled, until `release`. */
  hold(stoppable: Stoppable): void {
    this.#stoppables ??= new Set()
    this.#stoppables.add(stoppable)
  }

  release(stoppable: Stoppable): void {
    this.#stoppables?.delete(stoppable)
  }

  /** What would be stopped with it, oldest first. */
  get held(): readonly Stoppable[] {
    return this.#stoppables === undefined ? [] : [...this.#stoppables]
  }

  /**
   * Cancels it, once: the first reason stays. What waits in it throws the reason, now and whenever
   * it waits again.
   */
  stop(reason: unknown): void {
    if (this.#stopped) return
    this.#stopped = true
    everStopped = true
    this.#reason = reason
    this.#controller?.abort(reason)
    for (const stoppable of this.held) stoppable.stop(reason)
  }
}
