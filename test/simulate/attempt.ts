/**
 * What a played program has asked for: each call, map or stream, why it may fail, and what became
 * of it.
 */
import assert from 'node:assert/strict'
import {
  AbortError,
  ClosedError,
  QueueFullError,
  RetryError,
  SpawnError,
  TimeoutError,
  WorkerError,
  WorkerStartError,
  WorkerStartTimeoutError,
} from '../../src/errors.ts'

export interface Attempt {
  readonly what: string
  /** Tells its task who it is; those of nested calls and of inputs are made of it. */
  readonly id: number
  cancelled: boolean
  limited: boolean
  /** It may begin so often. */
  mostBegins: number
  /** The task throws a RangeError, of which it may be repeated. */
  refuses: boolean
  outcome: 'open' | 'done' | Error
}

/** What is true of the program around a call. */
export interface Surroundings {
  /** The queue is so short that it may be full. */
  readonly mayBeFull: boolean
  readonly isClosing: boolean
  /** Somebody could not start, or ended before it was asked to. */
  readonly someDied: boolean
  /** Somebody was ended, for whatever reason. */
  readonly someEnded: boolean
}

export class Attempts {
  readonly all: Attempt[] = []
  /** Settles when the attempt has; rejects if the outcome is not as it must be. */
  readonly ends: Promise<void>[] = []
  readonly #around: Surroundings
  readonly #note: (what: string) => void

  constructor(around: Surroundings, note: (what: string) => void) {
    this.#around = around
    this.#note = note
  }

  begin(what: string): Attempt {
    const id = (this.all.length + 1) * 1_000
    const attempt: Attempt = {
      what,
      id,
      cancelled: false,
      limited: false,
      mostBegins: 1,
      refuses: false,
      outcome: 'open',
    }
    this.all.push(attempt)
    this.#note(`call ${id}: ${what}`)
    return attempt
  }

  /** The attempt has this outcome, which must have the value if it has one. */
  settles(attempt: Attempt, outcome: PromiseLike<unknown>, expected: unknown): void {
    const { id, what } = attempt
    const settled = Promise.resolve(outcome).then(
      value => {
        this.#note(`call ${id} is done`)
        attempt.outcome = 'done'
        assert.deepEqual(value, expected, `the value of call ${id} (${what})`)
        assert.ok(!attempt.refuses || attempt.mostBegins > 1, `call ${id} (${what}) throws`)
      },
      (error: Error) => {
        this.#note(`call ${id} fails: ${error.name}: ${error.message.split('\n')[0]}`)
        attempt.outcome = error
        if (!this.#isExcused(attempt, error)) throw new Error(`call ${id} (${what}) failed`, { cause: error })
      },
    )
    this.also(settled)
  }

  /** The program waits for this too. */
  also(end: Promise<void>): void {
    end.catch(() => {}) // Whoever waits for the program hears of it.
    this.ends.push(end)
  }

  get open(): readonly Attempt[] {
    return this.all.filter(({ outcome }) => outcome === 'open')
  }

  /** Those that a worker took along: each death takes one call from outside at the most. */
  get takenAlong(): readonly Attempt[] {
    return this.all.filter(({ outcome }) => outcome instanceof WorkerError && !isOfStart(outcome))
  }

  /** What the pool must have counted, if each attempt was one job; else undefined. */
  get counts(): { done: number; failed: number; cancelled: number } | undefined {
    if (this.all.some(({ what }) => !singleJobs.has(what))) return undefined
    const counts = { done: 0, failed: 0, cancelled: 0 }
    for (const { outcome } of this.all) counts[countedAs(outcome)] += 1
    return counts
  }

  #isExcused(attempt: Attempt, error: unknown): boolean {
    const { mayBeFull, isClosing, someDied, someEnded } = this.#around
    if (error instanceof RetryError)
      return attempt.mostBegins > 1 && this.#isExcused({ ...attempt, mostBegins: 1 }, error.cause)
    if (error instanceof TimeoutError) return attempt.limited
    if (error instanceof QueueFullError) return mayBeFull
    if (error instanceof ClosedError) return isClosing
    if (error instanceof AbortError || (error as Error).name === 'AbortError') return attempt.cancelled
    if (error instanceof WorkerError) return isOfStart(error) ? someDied : someEnded
    return attempt.refuses && error instanceof RangeError
  }
}

function isOfStart(error: Error): boolean {
  return (
    error instanceof WorkerStartError ||
    error instanceof WorkerStartTimeoutError ||
    error instanceof SpawnError
  )
}

const singleJobs = new Set([
  'double',
  'bulky',
  'later',
  'stubborn',
  'refuses',
  'fills',
  'takes',
  'leaves',
  'sends',
  'dies',
  'adds',
  'tells',
])

function countedAs(outcome: Attempt['outcome']): 'done' | 'failed' | 'cancelled' {
  if (!(outcome instanceof Error)) return 'done'
  return outcome instanceof TimeoutError || outcome.name === 'AbortError' || outcome instanceof ClosedError
    ? 'cancelled'
    : 'failed'
}
