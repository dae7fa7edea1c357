/**
 * What a loop runs before its first call, and after its last one: `initialize` and `teardown`, as
 * each worker of a pool does.
 *
 *     none ─ the first call comes ─▶ readying ─▶ ready ─ closed, and nothing is left ─▶ leaving ─▶ left
 *       ▲                               │
 *       └─ it threw: what waits fails ──┘
 */
import { type WorkerError, WorkerStartError, WorkerStartTimeoutError } from '../errors.ts'
import { createExecutor } from '../executor/executor.ts'
import { direct } from '../executor/here/direct.ts'
import type { OwnCall } from '../executor/own-call.ts'
import { timerIn } from '../runtime/limit.ts'
import { nameOf } from '../task/task.ts'

const { run } = createExecutor(direct)

export interface LoopOwnCalls {
  readonly initialize: OwnCall | undefined
  readonly teardown: OwnCall | undefined
  /** How long the first may take. */
  readonly startTimeoutMs: number
}

/** What they tell the loop. */
export interface OwnCallsOwner {
  readonly name: string
  /** Calls may begin. */
  readied(): void
  /** None of the calls that wait may begin, because of this. */
  notReadied(why: WorkerError): void
  /** The teardown has ended. */
  tornDown(): void
}

export class OwnCalls {
  readonly #owner: OwnCallsOwner
  readonly #calls: LoopOwnCalls
  #state: 'none' | 'readying' | 'ready' | 'leaving' | 'left' = 'none'

  constructor(owner: OwnCallsOwner, calls: LoopOwnCalls) {
    this.#owner = owner
    this.#calls = calls
  }

  /** Whether calls may begin now; if not, the owner is told when they may. */
  ready(): boolean {
    if (this.#state !== 'none') return this.#state !== 'readying'
    const { initialize } = this.#calls
    if (initialize === undefined) this.#state = 'ready'
    else void this.#makeReady(initialize)
    return this.#state === 'ready'
  }

  /** Whether nothing is left to be done; if something is, the owner is told when it is done. */
  left(): boolean {
    const { teardown } = this.#calls
    if (this.#state === 'ready' && teardown !== undefined) void this.#tearDown(teardown)
    return this.#state !== 'leaving'
  }

  async #makeReady({ task, args }: OwnCall): Promise<void> {
    this.#state = 'readying'
    const details = { worker: this.#owner.name, task: nameOf(task) }
    const what = `its initialize task, ${nameOf(task)},`
    const { startTimeoutMs } = this.#calls
    let tooLate: WorkerStartTimeoutError | undefined
    const readying = run(task, ...args)
    const timer = timerIn(startTimeoutMs, () => {
      tooLate = new WorkerStartTimeoutError(what, startTimeoutMs, details, 'initialize')
      readying.cancel(tooLate)
    })
    try {
      await readying
    } catch (cause) {
      this.#state = 'none'
      const why = `${what} threw ${String(cause)}`
      return this.#owner.notReadied(tooLate ?? new WorkerStartError(why, { ...details, cause }))
    } finally {
      timer?.cancel()
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
