/** Some items, run here, one after the other or several at a time, with what they took. */

import { ThrownValueError } from '../errors.ts'
import { median, sum } from '../measure/statistics.ts'
import { threadCpu } from '../measure/thread-cpu.ts'
import { threadDelayMs } from '../measure/thread-delay.ts'
import { runtime } from '../runtime/runtime.ts'
import { isThenable } from '../task/thenable.ts'
import { describeThrown, isError } from '../thrown.ts'
import type { Sample } from './crossing.ts'

export interface Block {
  /** What each item returned; undefined where it failed. */
  readonly values: unknown[]
  /** What items threw, by their place. */
  readonly failures: ReadonlyMap<number, unknown> | undefined
  /** Without the time in which others had the core, if it was looked at. */
  readonly wallMs: number
  readonly cpuMs: number
  readonly processCpuMs: number
  /** What the items took that are long enough to be timed alone. */
  readonly itemsMs: readonly number[]
  readonly returnsPromise: boolean
  readonly samples: readonly Sample[]
}

type Call = (...args: readonly unknown[]) => unknown

/**
 * Items below this are timed together: the clock's step and its call would be a part of the figure.
 */
export const shortestAloneMs = 0.05
/** A block of more calls than this is one of short calls (trial.ts doubles it). */
export const mostTimedAlone = 16
/** How many calls are kept with arguments and results, to see what copying them costs. */
const samplesKept = 16

export interface TurnOptions {
  /** How many calls are kept with their arguments and results. */
  readonly kept?: number
  /** Takes the time off in which others had the core, which costs some 30 µs. Default true. */
  readonly alone?: boolean
  /**
   * Times each call, not only all together: of a call of 0.1 µs that would make 0.6. Default true.
   */
  readonly each?: boolean
}

/**
 * Runs the calls one after the other. It waits only if they do: then the answer is a promise.
 * `alone` takes the time off in which others had the core, which costs some 30 µs.
 */
export function runInTurn(
  call: Call,
  calls: readonly (readonly unknown[])[],
  { kept = samplesKept, alone = true, each = true }: TurnOptions = {},
): Block | Promise<Block> {
  const counter = new Counter(calls.length, kept, alone)
  for (let at = 0; at < calls.length; at += 1) {
    const args = calls[at] as readonly unknown[]
    const begun = each ? runtime().now() : 0
    try {
      const result = call(...args)
      if (isThenable(result)) {
        return restInTurn(call, calls, at, result, each ? begun : runtime().now(), counter)
      }
      if (each) counter.returned(at, args, result, begun)
      else counter.keep(at, args, result)
    } catch (error) {
      counter.threw(at, error)
    }
  }
  return counter.block(false)
}

async function restInTurn(
  call: Call,
  calls: readonly (readonly unknown[])[],
  at: number,
  pending: unknown,
  begun: number,
  counter: Counter,
): Promise<Block> {
  for (;;) {
    const args = calls[at] as readonly unknown[]
    try {
      counter.returned(at, args, await pending, begun)
    } catch (error) {
      counter.threw(at, error)
    }
    at += 1
    if (at === calls.length) return counter.block(true)
    begun = runtime().now()
    pending = called(call, calls[at] as readonly unknown[])
  }
}

/** Runs all calls at once. */
export async function runTogether(call: Call, calls: readonly (readonly unknown[])[]): Promise<Block> {
  const counter = new Counter(calls.length, 0, false)
  const each = async (args: readonly unknown[], at: number) => {
    const begun = runtime().now()
    try {
      counter.returned(at, args, await call(...args), begun)
    } catch (error) {
      counter.threw(at, error)
    }
  }
  await Promise.all(calls.map(each))
  return counter.block(true)
}

async function called(call: Call, args: readonly unknown[]): Promise<unknown> {
  return await call(...args)
}

class Counter {
  readonly #values: unknown[]
  readonly #kept: number
  readonly #samples: Sample[] = []
  readonly #itemsMs: number[] = []
  #failures: Map<number, unknown> | undefined
  readonly #begunMs: number
  readonly #thread: NodeJS.CpuUsage
  readonly #process: NodeJS.CpuUsage
  readonly #openedMs: number
  readonly #delayMs: number | undefined

  constructor(count: number, kept: number, alone: boolean) {
    this.#values = new Array(count).fill(undefined)
    this.#kept = kept
    this.#openedMs = runtime().now()
    this.#delayMs = alone ? threadDelayMs() : undefined
    this.#process = process.cpuUsage()
    this.#thread = threadCpu()
    this.#begunMs = runtime().now()
  }

  returned(at: number, args: readonly unknown[], result: unknown, begun: number): void {
    this.#itemsMs.push(runtime().now() - begun)
    this.keep(at, args, result)
  }

  keep(at: number, args: readonly unknown[], result: unknown): void {
    this.#values[at] = result
    if (this.#samples.length < this.#kept) this.#samples.push({ args, result })
  }

  threw(at: number, error: unknown): void {
    this.#failures ??= new Map()
    this.#failures.set(at, isError(error) ? error : new ThrownValueError(error, describeThrown(error)))
  }

  block(returnsPromise: boolean): Block {
    const tookMs = runtime().now() - this.#begunMs
    const wallMs = this.#delayMs === undefined ? tookMs : ownPart(tookMs, this.#openedMs, this.#delayMs)
    const thread = threadCpu(this.#thread)
    const whole = process.cpuUsage(this.#process)
    const values = this.#values
    return {
      values,
      failures: this.#failures,
      wallMs,
      cpuMs: (thread.user + thread.system) / 1_000,
      processCpuMs: (whole.user + whole.system) / 1_000,
      itemsMs: wallMs / values.length < shortestAloneMs ? [] : without(tookMs - wallMs, this.#itemsMs),
      returnsPromise,
      samples: this.#samples,
    }
  }
}

/**
 * What each item took without the time in which others had the core: it is taken off those that are
 * longer than most.
 */
export function without(heldUpMs: number, itemsMs: readonly number[]): readonly number[] {
  if (heldUpMs < 0.01 * sum(itemsMs)) return itemsMs
  const middle = itemsMs.length === 1 ? 0 : median(itemsMs)
  const longer = itemsMs.map(ms => Math.max(0, ms - middle))
  const part = Math.min(1, heldUpMs / Math.max(sum(longer), Number.MIN_VALUE))
  return itemsMs.map((ms, at) => ms - part * (longer[at] as number))
}

/**
 * What is left of `tookMs` without the time in which others had the core. The system counts from
 * before the clock was read until after it, so all that it counts lies between the first moment and
 * now; and the rest is no more than `tookMs`.
 */
export function ownPart(tookMs: number, openedMs: number, delayBeforeMs: number): number {
  const heldUpMs = threadDelayMs() - delayBeforeMs
  return Math.max(0.1 * tookMs, Math.min(tookMs, runtime().now() - openedMs - heldUpMs))
}
