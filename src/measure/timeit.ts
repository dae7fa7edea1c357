/**
 * `timeit`: how long one call of a short function takes.
 *
 * The clock is too coarse for one call of some nanoseconds, so calls are timed in blocks, which
 * double until one takes long enough (as criterion.rs and Python's timeit do). What is left is the
 * mean of a block; the spread is that of blocks.
 */
import { checkMs, checkOptions, optionNames } from '../checks.ts'
import { OptionError } from '../errors.ts'
import { runtime } from '../runtime/runtime.ts'
import { isThenable } from '../task/thenable.ts'
import { type Duration, durationOf } from './measurement.ts'
import { awaitQuiet, type Quiet } from './quiet.ts'
import { outliersOf } from './statistics.ts'

/** What `timeit` may be told. */
export interface TimeitOptions {
  /** About how long all of it may take. Default 1,000 ms. */
  readonly budgetMs?: number
  /** How long to wait for others to leave the cores alone. Default 1,000 ms. */
  readonly waitMs?: number
}

/** What one call takes. */
export interface Timing {
  /** Of one call, in ms: `median * 1e6` is nanoseconds. */
  readonly callMs: Duration
  /** How many calls one block holds, and how many blocks were timed. */
  readonly callsPerBlock: number
  readonly blocks: number
  /** The very first call, before anything was compiled: often hundreds of times as long. */
  readonly firstMs: number
  /** Blocks that differ much from the rest; counted, never dropped. */
  readonly outliers: { readonly mild: number; readonly severe: number }
  readonly before: Quiet
  /**
   * True where a call is as short as an empty one: the compiler may have seen that nobody uses its
   * result. Return a value that depends on the work.
   */
  readonly maybeOptimizedAway: boolean
}

const names = optionNames<TimeitOptions>({ budgetMs: true, waitMs: true })

/** A block that takes this long is a thousand times the clock's step. */
const shortestBlockMs = 0.2
const mostBlocks = 400
const fewestBlocks = 12
/** Two warm-up blocks that differ by less are taken for steady. */
const steady = 0.1

/**
 * Calls the function over and over and tells what one call takes, warm. One that returns a promise
 * is awaited each time.
 *
 * What it throws rejects.
 * @throws OptionError
 * @example
 *     const { callMs } = await timeit(() => JSON.parse(text))
 *     console.log(`${(callMs.median * 1e6).toFixed(0)} ns`)
 */
export async function timeit(call: () => unknown, options: TimeitOptions = {}): Promise<Timing> {
  if (typeof call !== 'function')
    throw new OptionError(`timeit(call, …) takes a function without arguments; it got ${typeof call}.`)
  const { budgetMs = 1_000, waitMs = 1_000 } = checkOptions('timeit(call, …)', options, names)
  checkMs('timeit(…, { budgetMs })', budgetMs)
  checkMs('timeit(…, { waitMs })', waitMs)
  const before = await awaitQuiet(waitMs)
  const begun = runtime().now()
  const first = call()
  const waits = isThenable(first)
  if (waits) await first
  const firstMs = runtime().now() - begun
  const block = waits ? awaitedBlock : plainBlock
  const callsPerBlock = await warmUp(block, call, budgetMs / 4)
  const samples: number[] = []
  while (
    samples.length < fewestBlocks ||
    (samples.length < mostBlocks && runtime().now() - begun < budgetMs)
  ) {
    samples.push((await block(call, callsPerBlock)) / callsPerBlock)
    if (runtime().now() - begun > 4 * budgetMs && samples.length >= 3) break
  }
  const callMs = durationOf(samples.map(ms => Math.max(ms, Number.EPSILON)))
  const emptyMs = waits ? 0 : emptyCallMs()
  return {
    callMs,
    callsPerBlock,
    blocks: samples.length,
    firstMs,
    outliers: outliersOf(samples),
    before,
    maybeOptimizedAway: callMs.median < 1.5 * emptyMs,
  }
}

/** Kept where the compiler can't see that nobody reads it. */
let kept: unknown

function plainBlock(call: () => unknown, calls: number): number {
  const begun = runtime().now()
  let last: unknown
  for (let at = 0; at < calls; at += 1) last = call()
  const ms = runtime().now() - begun
  kept = last
  return ms
}

async function awaitedBlock(call: () => unknown, calls: number): Promise<number> {
  const begun = runtime().now()
  for (let at = 0; at < calls; at += 1) kept = await call()
  return runtime().now() - begun
}

/**
 * Doubles the block until it is long enough, then repeats it until two take the same, or the time
 * is over.
 */
async function warmUp(block: typeof plainBlock | typeof awaitedBlock, call: () => unknown, limitMs: number) {
  const begun = runtime().now()
  let calls = 1
  let last = Number.POSITIVE_INFINITY
  for (;;) {
    const ms = await block(call, calls)
    if (ms < shortestBlockMs) {
      calls *= 2
      continue
    }
    if (Math.abs(ms - last) < steady * ms || runtime().now() - begun > limitMs) return calls
    last = ms
  }
}

function emptyCallMs(): number {
  const calls = 100_000
  plainBlock(() => kept, calls)
  return plainBlock(() => kept, calls) / calls
}
