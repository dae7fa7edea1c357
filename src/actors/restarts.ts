/**
 * How often a supervisor has restarted its children, and how long it waits before the next restart:
 * for each child by itself, or for all together, as its strategy is.
 */
import type { Runtime, Timer } from '../runtime/seam.ts'
import type { Child } from './child.ts'
import { Pauses } from './pauses.ts'
import type { Policy } from './settings.ts'

export class Restarts {
  readonly #policy: Policy
  readonly #runtime: Runtime
  readonly #eachByItself: boolean
  /** When failures led to restarts, within the window: of a child, or of all of them together. */
  readonly #counted = new WeakMap<object, number[]>()
  readonly #pauses = new WeakMap<object, Pauses>()
  /** Of children that wait to be restarted. */
  readonly #timers = new Map<Child, Timer>()
  /** Who waits with one of them, by the strategy, to be started after it. */
  #held: ReadonlySet<Child> = new Set()

  constructor(policy: Policy, runtime: Runtime) {
    this.#policy = policy
    this.#runtime = runtime
    this.#eachByItself = policy.strategy === 'one_for_one' || policy.strategy === 'pool'
  }

  /** Counts one more restart; whether that is more than may be. */
  tooMany(child: Child): boolean {
    const { maxRestarts, withinMs } = this.#policy
    const of = this.#eachByItself ? child : this
    const nowMs = this.#runtime.now()
    const recent = this.#counted.get(of) ?? []
    this.#counted.set(of, recent)
    recent.push(nowMs)
    while ((recent[0] as number) < nowMs - withinMs) recent.shift()
    return recent.length > maxRestarts
  }

  /** Whose failures count with those of that child. */
  countsFor(child: Child, all: readonly Child[]): readonly Child[] {
    return this.#eachByItself ? [child] : all
  }

  /** How long to wait before the restart; undefined for not at all. */
  pauseOf(child: Child): number | undefined {
    const { backoff } = this.#policy
    if (backoff === undefined) return undefined
    const of = this.#eachByItself ? child : this
    let pauses = this.#pauses.get(of)
    if (pauses === undefined) {
      pauses = new Pauses(backoff)
      this.#pauses.set(of, pauses)
    }
    return pauses.next(this.#runtime.now(), this.#runtime.random())
  }

  /**
   * Calls `over` after the pause; then `isDue` says whether it still is: if a child that `affected`
   * depend on has failed meanwhile, they wait with that one.
   */
  pause(
    child: Child,
    delayMs: number,
    affected: readonly Child[],
    over: (isDue: () => boolean) => void,
  ): void {
    if (this.#timers.size > 0) for (const one of affected) this.#end(one)
    const timer = this.#runtime.setTimer(delayMs, () =>
      over(() => this.#timers.get(child) === timer && this.#end(child)),
    )
    this.#timers.set(child, timer)
    if (affected.length > 1) this.#held = new Set(affected.filter(one => one !== child))
  }

  /** Whether it is started again by the pause of another one. */
  holds(child: Child): boolean {
    return this.#held.has(child)
  }

  endPauses(): void {
    for (const timer of this.#timers.values()) timer.cancel()
  }

  #end(child: Child): boolean {
    const timer = this.#timers.get(child)
    if (timer === undefined) return false
    timer.cancel()
    this.#held = new Set()
    return this.#timers.delete(child)
  }
}
