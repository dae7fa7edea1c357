/**
 * The quiet guard: figures that were taken while others kept the cores busy say little, so it looks
 * before anything is measured, waits a while for the others, and says what it found.
 */
import { runtime } from '../runtime/runtime.ts'
import { machineBusyMs, quietCores } from './machine-load.ts'
import { treeCpuMs } from './process-tree.ts'

/** What the machine was like before the measurement. */
export interface Quiet {
  /** Cores that others kept busy, at the last look. */
  readonly foreignCores: number
  readonly waitedMs: number
  readonly quiet: boolean
}

/**
 * The counters of the system move in steps of 10 ms for each core, so a shorter look would see
 * steps only.
 */
const lookMs = 250

/** Cores that others keep busy, looked at for a quarter of a second. */
export async function foreignCoresNow(pids: () => readonly number[] = () => []): Promise<number> {
  const begun = runtime().now()
  const busyBefore = machineBusyMs()
  const ownBefore = treeCpuMs(pids()) ?? 0
  await new Promise<void>(resolve => runtime().setTimer(lookMs, resolve))
  const ownMs = (treeCpuMs(pids()) ?? 0) - ownBefore
  return Math.max(0, machineBusyMs() - busyBefore - ownMs) / (runtime().now() - begun)
}

/**
 * Waits until others leave the cores alone, at most about `waitMs`. It always looks once; what it
 * found is the answer, never an error: whether noisy figures are worth having is for the caller to
 * say.
 */
export async function awaitQuiet(
  waitMs: number,
  look: () => Promise<number> = foreignCoresNow,
): Promise<Quiet> {
  const begun = runtime().now()
  for (;;) {
    const foreignCores = await look()
    const waitedMs = runtime().now() - begun
    const quiet = foreignCores <= quietCores
    if (quiet || waitedMs >= waitMs) return { foreignCores, waitedMs, quiet }
  }
}
