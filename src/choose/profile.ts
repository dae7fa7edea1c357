/**
 * What a trial has shown of a function: what one item takes, and what of it could be done elsewhere
 * or meanwhile.
 */

/** Times in ms, of one item. */
export interface Profile {
  /** How many items were run. */
  readonly items: number
  /** The very first call: what it took includes compiling, and loading what it uses. */
  readonly firstMs: number
  /** Each item, or the mean of a block of items that are too short to time alone; warm. */
  readonly samplesMs: readonly number[]
  /** How many items each of these is the mean of. Default: one. */
  readonly itemsInSample?: readonly number[]
  readonly wallMs: number
  /** CPU time of the JavaScript thread. */
  readonly cpuMs: number
  /** CPU time of the whole process, with libuv's threads: native work shows as the difference. */
  readonly processCpuMs: number
  /**
   * CPU time of native code on threads of its own; undefined where the system does not tell it
   * apart from V8's threads, which compile and collect garbage.
   */
  readonly nativeCpuMs?: number | undefined
  /** What was lost while the code was cold: each worker loses it again. */
  readonly warmUpMs: number
  readonly returnsPromise: boolean
  /** The longest item over the mean one; 1 when all are alike. */
  readonly longestOverMean: number
  readonly crossing: Crossed
  /** What several at a time did, by their number; empty for what never waits. */
  readonly probe: readonly ProbePoint[]
  /** Whether more at a time may gain more: no more could be tried, and each step had gained. */
  readonly mayGainMore?: boolean
  readonly foreignCores: number
  /** How long all of the trial took. */
  readonly trialMs: number
}

/** What it costs to hand one item to a thread and to take its result back. */
export interface Crossed {
  /** Why it can't be handed over, if it can't: the path of the value, or that it has no module. */
  readonly refused: string | undefined
  /** This thread's part and the worker's part of copying, arguments and result together. */
  readonly hereMs: number
  readonly thereMs: number
  readonly bytes: number
  /** Bytes of plain buffers among them, which could be moved or shared. */
  readonly bufferBytes: number
}

/** The figures of several items at a time on this event loop. */
export interface ProbePoint {
  readonly concurrency: number
  /** Wall time ÷ items: what one more item costs. */
  readonly perItemMs: number
  /** From the start to the end of one item. */
  readonly latencyMs: number
  readonly cpuMs: number
  readonly processCpuMs: number
  readonly items: number
}

/** The part of an item in which its thread does nothing. */
export function waitShare({ wallMs, cpuMs }: Profile): number {
  return wallMs === 0 ? 0 : Math.max(0, Math.min(1, 1 - cpuMs / wallMs))
}

/** Calls at a time of `coroutines()` as it is. */
export const usualAtATime = 64
