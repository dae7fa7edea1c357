/** What a case of the benchmark is, and what one sample of it says. */
import type { LoopRival, Pool, RivalEntry } from './rival.ts'

/** One contender, once, in a process of its own. */
export interface Sample {
  /** The figure of the case, in its unit. */
  readonly value: number
  /** Times from call to answer. */
  readonly p50Us?: number
  readonly p99Us?: number
  /**
   * CPU time of the whole tree of processes for each call, or for the whole sample where the case
   * says so.
   */
  readonly cpuUs?: number
  /** Cores that we, and that others, kept busy while the sample was taken. */
  readonly ownCores?: number
  readonly foreignCores?: number
  /** What differs from what the case says, such as fewer items. */
  readonly note?: string
}

/** A contender can't play a case; this is not a failure. */
export class NotOffered extends Error {}

interface Described {
  /** The word on the command line. */
  readonly name: string
  /** What is measured, as a sentence without its end. */
  readonly title: string
  readonly unit: 'calls/s' | 'items/s' | 'ns' | 'µs' | 'ms' | 'MiB'
  readonly better: 'higher' | 'lower'
  /** What `cpuUs` is divided by. */
  readonly cpuPer: 'call' | 'child' | 'item' | 'run'
  /**
   * How many rounds are worth their time. An even number lets everybody go first as often as last.
   */
  readonly rounds: number
  /** How often everybody plays in a round, there and back. Default 1. */
  readonly turnsPerRound?: number
  /** Whether speed-ups over the plain loop are shown. */
  readonly speedUp?: boolean
}

interface OnWorkers extends Described {
  plays(rival: RivalEntry): boolean
}

/** Measured inside of the child process that holds the pool. */
export interface InsideCase extends OnWorkers {
  /**
   * Warms the pool of two workers up, measures for about `windowMs`, and checks the answers.
   * @throws NotOffered, and Error if an answer is wrong
   */
  measure(pool: Pool, windowMs: number): Promise<Sample>
}

/** Measured from outside, on whole processes. */
export interface OutsideCase extends OnWorkers {
  observe(rival: RivalEntry): Promise<Sample>
}

/** Measured inside of a child process that has no workers: what one event loop does. */
export interface LoopCase extends Described {
  /** Which of its bodies a contender is asked for. */
  readonly asks: keyof LoopRival
  /**
   * Warms up, measures for about `windowMs`, and checks the answers.
   * @throws Error if an answer is wrong
   */
  measure(rival: LoopRival, windowMs: number): Promise<Sample>
}

export type Case = InsideCase | OutsideCase | LoopCase

/** How many workers everybody gets. */
export const workers = 2

export function enters(rival: RivalEntry, played: Case): boolean {
  if ('asks' in played) return rival.brings?.includes(played.asks) ?? false
  return rival.brings === undefined && played.plays(rival)
}
