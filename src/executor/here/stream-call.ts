/**
 * A generator task on the side where it runs: it goes on while it has credit, and ends when its
 * consumer has left.
 *
 *     ┌─▶ no credit: flush, wait for a pull
 *     │   credit:    next(), in the call's context ─▶ a value ─▶ Outlet, which is flushed in time
 *     └───────────────────────────────────────────┘ └▶ done: the return value · thrown: that
 *     leave ─▶ return(), in the call's context: its `finally` runs
 *
 * It works the same on a worker and on the caller's own loop; only the Outlet differs.
 */
import { InvalidTaskError } from '../../errors.ts'
import { longestStretchMs } from '../../policy.ts'
import { runtime } from '../../runtime/runtime.ts'
import { type CallContext, keepContext, withContext } from '../../task/context.ts'
import { checkStep } from '../../task/step.ts'
import { nameOf, type Task } from '../../task/task.ts'
import { isThenable } from '../../task/thenable.ts'

/** Where the values go. */
export interface Outlet {
  /**
   * Takes the next value; returns how much of `credit` it takes. Throws if the value can't cross.
   */
  yielded(value: unknown, credit: number): number
  /** Sends what it has gathered. */
  flush(): void
  /** The generator is being returned: nobody wants more. */
  returning(): void
}

/**
 * How long a value waits for others to travel with; longer only if the generator suddenly takes
 * longer.
 */
const longestHeldMs = 0.5
/** The most values that travel together. */
const mostTogether = 256
/**
 * So many values in a row must have come fast before others wait to travel with them: what a
 * generator yields just before it computes for long, or for ever, has left.
 */
const provenFast = 8

/** Taken when this module is loaded: a task may replace the global one. */
const { Promise: PlatformPromise } = globalThis

/** Calls its argument as part of the call that the generator belongs to. */
type Within = <T>(body: () => T) => T

type Values = Iterator<unknown, unknown, undefined> | AsyncIterator<unknown, unknown, undefined>

export class StreamCall {
  readonly #outlet: Outlet
  #credit: number
  #leaving = false
  /** Ends the wait for credit. */
  #fed: (() => void) | undefined
  /** Ends the wait for a value that is on its way. */
  #interrupt: (() => void) | undefined
  /** How many values the outlet may hold back, since when, and how many may gather. */
  #held = 0
  #heldSinceMs = 0
  #together = 1
  /** How many values in a row came fast. */
  #fast = 0
  #flushing = false

  constructor(credit: number, outlet: Outlet) {
    this.#credit = credit
    this.#outlet = outlet
  }

  /** Gives the generator more credit. */
  pull(count: number): void {
    this.#credit += count
    this.#fed?.()
  }

  /** The consumer has left: the generator is returned as soon as possible, or never begun. */
  leave(): void {
    this.#leaving = true
    this.#fed?.()
    this.#interrupt?.()
  }

  /**
   * Runs the generator to its end; to be called once. Resolves with its return value, undefined if
   * it was left.
   * @throws what the task threw, what its `finally` threw when it was left, or why a value can't
   *   cross
   * @throws InvalidTaskError if the task returned nothing that can be iterated over
   */
  async run(task: Task, args: readonly unknown[], context: CallContext): Promise<unknown> {
    if (this.#leaving) return undefined
    const [within, returned] = withContext(context, () => [keepContext(), task(...args) as unknown] as const)
    const iterable = isThenable(returned) ? await returned : returned
    const [values, awaitsEach] = within(() => open(iterable, task))
    try {
      return await this.#work(values, awaitsEach, within)
    } finally {
      this.#flush() // What was yielded goes ahead of the end.
    }
  }

  async #work(values: Values, awaitsEach: boolean, within: Within): Promise<unknown> {
    const advance = () => values.next()
    let turnMs = runtime().now()
    let lastMs = turnMs
    while (!this.#leaving) {
      if (this.#credit <= 0) {
        await this.#starve()
        lastMs = runtime().now()
        continue
      }
      const step = within(advance)
      const result = (isThenable(step) ? await this.#arrival(step) : step) as IteratorResult<unknown, unknown>
      if (this.#leaving) break
      checkStep(result)
      if (result.done) return result.value
      try {
        const { value } = result
        this.#give(awaitsEach && isThenable(value) ? await this.#arrival(value) : value, lastMs)
      } catch (error) {
        await this.#close(values, within)
        throw error
      }
      const nowMs = runtime().now()
      this.#flushInTime(nowMs, nowMs - lastMs)
      lastMs = nowMs
      if (nowMs - turnMs > longestStretchMs) {
        this.#flush()
        await runtime().yieldToLoop()
        turnMs = lastMs = runtime().now()
      }
    }
    return this.#end(values, within)
  }

  #give(value: unknown, sinceMs: number): void {
    if (this.#leaving) return
    if (this.#held === 0) this.#heldSinceMs = sinceMs
    this.#held += 1
    this.#credit -= this.#outlet.yielded(value, this.#credit)
  }

  /** Nobody wants more; what `return()` throws is the call's failure. */
  async #end(values: Values, within: Within): Promise<undefined> {
    this.#outlet.returning()
    const ending = within(() => values.return?.())
    if (isThenable(ending)) await ending
  }

  /**
   * A value could not be sent. That is the call's failure, whatever the generator does when it is
   * returned.
   */
  async #close(values: Values, within: Within): Promise<void> {
    try {
      const ending = within(() => values.return?.())
      if (isThenable(ending)) await ending
    } catch {}
  }

  // ── waiting ── not parked: nobody but `leave` ends these waits, or the generator would not be returned.

  #starve(): Promise<void> {
    this.#flush()
    return new PlatformPromise(resolve => {
      this.#fed = resolve
    })
  }

  /** What a promise brings, or undefined once the stream was left. */
  #arrival(coming: PromiseLike<unknown>): Promise<unknown> {
    this.#flushSoon()
    return new PlatformPromise((resolve, reject) => {
      this.#interrupt = () => resolve(undefined)
      coming.then(resolve, reject)
    })
  }

  // ── sending ──

  #flush(): void {
    this.#held = 0
    this.#outlet.flush()
  }

  /**
   * Values that a generator yields without waiting travel together. While it waits, the values that
   * are there leave.
   */
  #flushSoon(): void {
    if (this.#held === 0 || this.#flushing) return
    this.#flushing = true
    void runtime()
      .yieldToLoop()
      .then(() => {
        this.#flushing = false
        this.#flush()
      })
  }

  /** Few values travel together while they come slowly, more and more while they come fast. */
  #flushInTime(nowMs: number, stepMs: number): void {
    if (stepMs >= longestHeldMs) {
      this.#fast = 0
      this.#together = Math.max(1, this.#together >> 2)
      this.#flush()
    } else if (this.#fast < provenFast) {
      this.#fast += 1
      this.#flush()
    } else if (this.#held >= this.#together || nowMs - this.#heldSinceMs >= longestHeldMs) {
      this.#together = Math.min(mostTogether, 2 * this.#together)
      this.#flush()
    }
  }
}

/**
 * The iterator of what a task has returned, and whether the promises that it yields are waited for,
 * as `for await` does.
 */
function open(iterable: unknown, task: Task): readonly [Values, boolean] {
  if (typeof iterable === 'object' && iterable !== null) {
    const { [Symbol.asyncIterator]: async, [Symbol.iterator]: sync } = iterable as Partial<
      AsyncIterable<unknown> & Iterable<unknown>
    >
    if (typeof async === 'function') return [async.call(iterable) as Values, false]
    if (typeof sync === 'function') return [sync.call(iterable) as Values, true]
  }
  const name = nameOf(task)
  const what = iterable === null ? 'null' : typeof iterable === 'object' ? 'an object' : typeof iterable
  throw new InvalidTaskError(
    `stream(${name}) takes a task that returns a generator (function*, async function*) or another object to iterate over; ${name} returned ${what}. Call it with run(${name}, …).`,
  )
}
