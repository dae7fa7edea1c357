/**
 * One run, measured: how long, with how much CPU of the whole tree, on how busy a machine, with how
 * much memory.
 */
import { runtime, type Timer } from '../runtime/runtime.ts'
import { machineBusyMs } from './machine-load.ts'
import { peakMemoryBytes, processesCpuMs, resetPeakMemory, treeCpu } from './process-tree.ts'

/** What one run took. */
export interface RunMeasure {
  readonly wallMs: number
  /** CPU time of the whole tree of processes; undefined where the system does not tell it. */
  readonly cpuMs: number | undefined
  /** The parts of `cpuMs`: in the programs themselves, and in the system on their behalf. */
  readonly userMs: number | undefined
  readonly systemMs: number | undefined
  /**
   * CPU time of everybody else in the meantime, to about 10 ms for each core; undefined where
   * `cpuMs` is.
   */
  readonly foreignMs: number | undefined
  /**
   * CPU time of the processes that the run talks to, which is in neither of the two; undefined
   * where `cpuMs` is.
   */
  readonly companionsMs: number | undefined
  /** Peak resident memory of the whole tree; sampled every 20 ms where the system keeps no peak. */
  readonly peakBytes: number | undefined
}

/**
 * Runs `body` once. `pids` names the worker processes that belong to it; it is asked before and
 * after, for workers come and go. `companions` names processes that it talks to and that are not
 * what is measured, as a server of its own. What `body` throws is thrown.
 */
export async function measureRun<T>(
  body: () => T | Promise<T>,
  pids: () => readonly number[] = () => [],
  companions: () => readonly number[] = () => [],
): Promise<{ answer: T; measure: RunMeasure }> {
  const memory = watchMemory(pids)
  try {
    const busyBefore = machineBusyMs()
    const cpuBefore = treeCpu(pids())
    const companionsBefore = processesCpuMs(companions())
    const begun = runtime().now()
    const answer = await body()
    const wallMs = runtime().now() - begun
    const cpuAfter = treeCpu(pids())
    const busyMs = machineBusyMs() - busyBefore
    const told = cpuBefore !== undefined && cpuAfter !== undefined
    const userMs = told ? cpuAfter.userMs - cpuBefore.userMs : undefined
    const systemMs = told ? cpuAfter.systemMs - cpuBefore.systemMs : undefined
    const cpuMs = userMs === undefined || systemMs === undefined ? undefined : userMs + systemMs
    const companionsMs = cpuMs === undefined ? undefined : processesCpuMs(companions()) - companionsBefore
    const foreignMs = cpuMs === undefined ? undefined : Math.max(0, busyMs - cpuMs - (companionsMs ?? 0))
    const peakBytes = memory.peak()
    return { answer, measure: { wallMs, cpuMs, userMs, systemMs, foreignMs, companionsMs, peakBytes } }
  } finally {
    memory.stop()
  }
}

const samplingMs = 20

/**
 * Follows memory from here on: by the system's own peak, or by sampling this process while its loop
 * is free.
 */
function watchMemory(pids: () => readonly number[]): { peak(): number | undefined; stop(): void } {
  if (resetPeakMemory(pids())) return { peak: () => peakMemoryBytes(pids()), stop() {} }
  let highest = 0
  let timer: Timer | undefined
  const sample = () => {
    highest = Math.max(highest, process.memoryUsage.rss())
    timer = runtime().setTimer(samplingMs, sample)
    timer.unref()
  }
  sample()
  return {
    peak() {
      highest = Math.max(highest, process.memoryUsage.rss())
      return pids().length === 0 ? highest : undefined
    },
    stop: () => timer?.cancel(),
  }
}
