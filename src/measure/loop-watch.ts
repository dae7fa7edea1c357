/**
 * What happens to this thread's event loop meanwhile: how long it stands still, and how long V8
 * collects garbage.
 */
import { runtime, type Timer } from '../runtime/runtime.ts'
import { quantile } from './statistics.ts'

const { PerformanceObserver } = process.getBuiltinModule('node:perf_hooks')

/** What kept the main thread from its event loop. */
export interface LoopFigures {
  /** Garbage collection on this thread; that of workers is in their CPU time only. */
  readonly gcMs: number
  /**
   * How much later than asked a timer came, at most: so long nothing else could run on this thread.
   */
  readonly longestDelayMs: number
  /** The same, for 99 of 100 timers. */
  readonly delayP99Ms: number
}

const tickMs = 10

/**
 * Begins to watch; what it returns ends it, once the timer under way has come. It is tempting to
 * use Node's `monitorEventLoopDelay`, but that does not see a loop that stands still from the
 * beginning.
 */
export function watchLoop(): () => Promise<LoopFigures> {
  const late: number[] = []
  let gcMs = 0
  const collections = new PerformanceObserver(list => {
    for (const { duration } of list.getEntries()) gcMs += duration
  })
  collections.observe({ entryTypes: ['gc'] })
  let [timer, dueMs]: [Timer | undefined, number] = [undefined, 0]
  let came = () => {}
  const next = () => {
    dueMs = runtime().now() + tickMs
    timer = runtime().setTimer(tickMs, () => {
      late.push(Math.max(0, runtime().now() - dueMs))
      came()
      next()
    })
    timer.unref()
  }
  next()
  return async () => {
    await new Promise<void>(resolve => {
      came = resolve
      timer?.ref()
    })
    timer?.cancel()
    for (const { duration } of collections.takeRecords()) gcMs += duration
    collections.disconnect()
    return { gcMs, longestDelayMs: Math.max(...late), delayP99Ms: quantile(late, 0.99) }
  }
}
