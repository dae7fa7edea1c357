/**
 * How calls that wait go on together on this loop: how fast they end, and what they leave of it.
 */
import { threadCpu } from '../measure/thread-cpu.ts'
import type { ProbePoint } from './profile.ts'

/** So many calls, over so many ms, are measured together. */
const fewestCalls = 8
const leastMs = 30

/** Calls of one task that overlap here, measured a window at a time. */
export class SideBySide {
  /** What the last window showed. */
  point: ProbePoint | undefined
  #window: { readonly fromMs: number; readonly cpuUs: number; calls: number } | undefined

  /** `calls` have ended, the longest of them after `latencyMs`; `running` are at work still. */
  learn(
    nowMs: number,
    { calls, latencyMs, running }: { calls: number; latencyMs: number; running: number },
  ): void {
    // Those that open a window began before it.
    this.#window ??= { fromMs: nowMs - latencyMs, cpuUs: usedUs(), calls: -calls }
    this.#window.calls += calls
    const { fromMs, cpuUs, calls: items } = this.#window
    if (items < fewestCalls || nowMs - fromMs < leastMs) return
    const cpuMs = (usedUs() - cpuUs) / 1_000 / items
    const perItemMs = (nowMs - fromMs) / items
    this.point = {
      concurrency: Math.max(2, running),
      perItemMs,
      latencyMs,
      cpuMs,
      processCpuMs: cpuMs,
      items,
    }
    this.#window = undefined
  }
}

/** CPU time of this thread so far, in µs. */
function usedUs(): number {
  const { user, system } = threadCpu()
  return user + system
}
