/**
 * What the benchmark asks of everybody who runs: to start some workers and run named work on them,
 * or to do something on one event loop.
 */
import type { Place } from '../../gallery/site/get.ts'
import type { Findings } from '../../gallery/site/site.ts'
import type { WorkName } from './work.ts'

/** A contender, as `rivals/<name>.ts` exports it. */
export interface Rival {
  start(workers: number): Pool | Promise<Pool>
}

/**
 * Running workers. What a library does not offer is left out, and counts neither for nor against
 * it.
 */
export interface Pool {
  /** One call of a function of work.ts. */
  run(work: WorkName, argument: unknown): unknown
  /** The library's own call for many inputs; results in input order. */
  map?(work: WorkName, inputs: readonly unknown[]): PromiseLike<unknown[]>
  /** `bump` on a copy: resolves to a copy of the far array; the argument stays as it was. */
  copy?(array: Float64Array<ArrayBuffer>): PromiseLike<Float64Array<ArrayBuffer>>
  /** `bump` on the array itself, moved there and back; the argument is empty afterwards. */
  move?(array: Float64Array<ArrayBuffer>): PromiseLike<Float64Array<ArrayBuffer>>
  /** `bump` in shared memory; resolves to the first element. */
  share?(array: Float64Array<SharedArrayBuffer>): PromiseLike<number>
  /**
   * Numbers from 0 up, one by one, through a channel of the given capacity; resolves to their sum.
   */
  readonly channel?: {
    /** They are sent here, and received by a worker. */
    to(items: number, capacity: number): PromiseLike<number>
    /** They are sent by a worker, and received here. */
    from(items: number, capacity: number): PromiseLike<number>
  }
  /** The most calls that the library holds at once without losing one. Default: no limit. */
  readonly mostPending?: number
}

/**
 * A contender on one event loop, as `rivals/<name>.ts` exports it: a body for each case that it has
 * code for.
 */
export interface LoopRival {
  /**
   * Makes so many calls of `fn` at once, of which `concurrency` run at a time; resolves when all
   * have ended.
   */
  limit?(fn: () => Promise<void>, calls: number, concurrency: number): PromiseLike<unknown>
  /** `same` (loop-work.ts) of each input, `concurrency` at a time; results in input order. */
  map?(inputs: readonly number[], concurrency: number): PromiseLike<number[]>
  /** Starts so many calls of `fn` beside each other; resolves when all have ended. */
  join?(fn: () => Promise<void>, children: number): PromiseLike<unknown>
  /**
   * Numbers from 0 up, one by one, from a sender that awaits each send to a receiver; resolves to
   * their sum.
   */
  pass?(items: number, capacity: number): PromiseLike<number>
  /**
   * Visits all that can be reached from `start` and may be visited, so many requests to a host at a
   * time.
   */
  crawl?(start: string, place: Place, perHost: number): PromiseLike<Findings>
}

/** A contender, known without loading it. */
export interface RivalEntry {
  readonly name: string
  /**
   * `loop`: the plain loop. `atonce`: ours. `hand-written`: worker code as one would write it for
   * the task at hand. `library`: one of npm's. `python`: what Python brings along.
   */
  readonly kind: 'loop' | 'atonce' | 'hand-written' | 'library' | 'python'
  readonly model: 'loop' | 'coroutines' | 'threads' | 'processes'
  /** What its row stands for, where the name does not say it. */
  readonly about?: string
  /** The module under rivals/; Python's have none. */
  readonly url?: string
  /**
   * Of a contender on one event loop: what it has code for. Others have workers, and play the cases
   * that ask for them.
   */
  readonly brings?: readonly (keyof LoopRival)[]
}
