/** What the benchmark asks of everybody who runs: start some workers, and run named work on them. */
import type { WorkName } from './work.ts'

/** A contender, as `rivals/<name>.ts` exports it. */
export interface Rival {
  start(workers: number): Pool | Promise<Pool>
}

/** Running workers. What a library does not offer is left out, and counts neither for nor against it. */
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
  /** The most calls that the library holds at once without losing one. Default: no limit. */
  readonly mostPending?: number
}

/** A contender, known without loading it. */
export interface RivalEntry {
  readonly name: string
  /**
   * `loop`: the plain loop. `atonce`: ours. `hand-written`: worker code as one would write it for the task at hand.
   * `pool`: a library. `python`: Python's own pools.
   */
  readonly kind: 'loop' | 'atonce' | 'hand-written' | 'pool' | 'python'
  readonly model: 'loop' | 'threads' | 'processes'
  /** What its row stands for, where the name does not say it. */
  readonly about?: string
  /** The module under rivals/; Python's pools have none. */
  readonly url?: string
}
