/**
 * What a loop runs before its first call, and after its last one: `initialize` and `teardown`, as
 * each worker of a pool does.
 *
 *     none ─ the first call comes ─▶ readying ─▶ ready ─ closed, and nothing is left ─▶ leaving ─▶ left
 *       ▲                               │
 *       └─ it threw: what waits fails ──┘
 */
import { WorkerStartError } from '../errors.ts'
import { createExecutor } from '../executor/executor.ts'
import { direct } from '../executor/here/direct.ts'
import type { OwnCall } from '../executor/own-call.ts'
import { nameOf } from '../task/task.ts'

const { run } = createExecutor(direct)

/** What they tell the loop. */
export interface OwnCallsOwner {
  readonly name: string
  /** Calls may begin. */
  readied(): void
  /** None of the calls that wait may begin, because of this. */
  notReadied(why: WorkerStartError): void
  /** The teardown has ended. */
  tornDown(): void
}

export class OwnCalls {
  readonly #owner: OwnCallsOwner
  readonly #initialize: OwnCall | undefined
  readonly #teardown: OwnCall | undefined
  #state: 'none' | 'readying' | 'ready' | 'leaving' | 'left' = 'none'

  constructor(owner: OwnCallsOwner, initialize: OwnCall | undefined, teardown: OwnCall | undefined) {
    this.#owner = owner
    this.#initialize = initialize
    this.#teardown = teardown
  }

  /** Whether calls may begin now; if not, the owner is told when they may. */
  ready(): boolean {
    if (this.#state !== 'none') return this.#state !== 'readying'
    if (this.#initialize === undefined) this.#state = 'ready'
    else void this.#makeReady(this.#initialize)
    return this.#state === 'ready'
  }

  /** Whether nothing is left to be done; if something is, the owner is told when it is done. */
  left(): boolean {
    if (this.#state === 'ready' && this.#teardown !== undefined) void this.#tearDown(this.#teardown)
    return this.#state !== 'leaving'
  }

  async #makeReady({ task, args }: OwnCall): Promise<void> {
    this.#state = 'readying'
    try {
      await run(task, ...args)
    } catch (cause) {
      this.#state = 'none'
      const details = { worker: this.#owner.name, task: nameOf(task), cause }
      const why = `its initialize task, ${nameOf(task)}, threw ${String(cause)}`
      return this.#owner.notReadied(new WorkerStartError(why, details))
    }
    this.#state = 'ready'
    this.#owner.readied()
  }

  async #tearDown({ task, args }: OwnCall): Promise<void> {
    this.#state = 'leaving'
    try {
      await run(task, ...args)
    } catch (error) {
      process.emitWarning(`The teardown of ${this.#owner.name}, ${nameOf(task)}, threw ${String(error)}`, {
        type: 'AtonceWarning',
        code: 'ATONCE_TEARDOWN',
      })
    }
    this.#state = 'left'
    this.#owner.tornDown()
  }
}
