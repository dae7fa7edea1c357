/**
 * How often a supervisor has restarted its children, and how long it waits before the next restart:
 * for each child by itself, or for all together, as its strategy is.
 */
import type { Runtime } from '../runtime/seam.ts'
import type { Child } from './child.ts'
import { Pauses } from './pauses.ts'
import type { Policy } from './settings.ts'

export class Restarts {
  readonly #policy: Policy
  readonly #runtime: Runtime
  readonly #eachByItself: boolean
  /** When children were restarted, where they count together. */
  readonly #together: number[] = []
  readonly #pauses = new WeakMap<object, Pauses>()

  constructor(policy: Policy, runtime: Runtime) {
    this.#policy = policy
    this.#runtime = runtime
    this.#eachByItself = policy.strategy === 'one_for_one' || policy.strategy === 'pool'
  }

  /** Counts one more restart; whether that is more than may be. */
  tooMany(child: Child): boolean {
    const { maxRestarts, withinMs } = this.#policy
    const restarts = this.#eachByItself ? child.restarts : this.#together
    const nowMs = this.#runtime.now()
    restarts.push(nowMs)
    while ((restarts[0] as number) < nowMs - withinMs) restarts.shift()
    return restarts.length > maxRestarts
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
}
