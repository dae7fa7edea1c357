/**
 * Where the time of W workers went: of W × wall time, what was the work, and what was lost to what.
 *
 *     W × wall = the work, as one worker does it
 *              + copying + garbage + memory (the same work takes more CPU when all cores are busy)
 *              + lock (stands still within a call) + cores (ready, and others run)
 *              + main thread | tail | waiting (idle: its work is not made yet, there is none left, it is on its way)
 */
import { sum } from './statistics.ts'
import type { WorkerUse } from './worker-use.ts'

export const lossNames = [
  'main thread',
  'copying',
  'garbage',
  'tail',
  'lock',
  'memory',
  'cores',
  'waiting',
] as const
/** What the time of workers may be lost to. */
export type LossName = (typeof lossNames)[number]

/** Shares of the workers' time, of 1. */
export type Losses = Readonly<Record<LossName, number>>

/** One run, as its threads saw it. */
export interface UseOfRun {
  readonly wallMs: number
  readonly workers: readonly WorkerUse[]
  /** Of the thread that hands out the work. */
  readonly main: WorkerUse
}

/** Above this share of the wall time the main thread is the bound. */
const mainIsBusy = 0.8

/**
 * Undefined where Node does not tell a thread's CPU time. `single` is a run with one worker;
 * `copyMs` all workers' part of copying.
 */
export function lossesOf(run: UseOfRun, single: UseOfRun, copyMs: number): Losses | undefined {
  const cpuMs = cpuOf(run)
  const singleCpuMs = cpuOf(single)
  const mainCpuMs = run.main.cpuMs
  if (cpuMs === undefined || singleCpuMs === undefined || mainCpuMs === undefined) return undefined
  const wholeMs = run.workers.length * run.wallMs
  const gcMs = total(run, 'gcMs')
  const activeMs = total(run, 'activeMs')
  const delayMs = total(run, 'delayMs')
  const workMs = Math.max(0, singleCpuMs - total(single, 'gcMs') - copyMs)
  const copyingMs = Math.min(copyMs, Math.max(0, cpuMs - gcMs - workMs))
  const idleMs = Math.max(0, wholeMs - activeMs)
  const longestMs = Math.max(...run.workers.map(use => use.activeMs))
  const tailMs = Math.min(idleMs, sum(run.workers.map(use => longestMs - use.activeMs)))
  const isMain = mainCpuMs / run.wallMs > mainIsBusy
  const share = (ms: number) => Math.max(0, ms) / wholeMs
  return within({
    'main thread': isMain ? share(idleMs - tailMs) : 0,
    copying: share(copyingMs),
    garbage: share(gcMs),
    tail: share(tailMs),
    lock: share(activeMs - cpuMs - delayMs),
    memory: share(cpuMs - gcMs - workMs - copyingMs),
    cores: share(delayMs),
    waiting: isMain ? 0 : share(idleMs - tailMs),
  })
}

/**
 * Clocks of several threads don't agree to the last ms: together the parts are no more than the
 * whole.
 */
function within(losses: Losses): Losses {
  const all = Math.max(1, sum(Object.values(losses)))
  return Object.fromEntries(lossNames.map(name => [name, losses[name] / all])) as Losses
}

function cpuOf({ workers }: UseOfRun): number | undefined {
  let found = 0
  for (const { cpuMs } of workers) {
    if (cpuMs === undefined) return undefined
    found += cpuMs
  }
  return found
}

function total({ workers }: UseOfRun, part: 'gcMs' | 'activeMs' | 'delayMs'): number {
  return sum(workers.map(use => use[part]))
}

/** The largest loss that is worth a word. */
export function culpritOf(losses: Losses): LossName | undefined {
  const worst = lossNames.toSorted((a, b) => losses[b] - losses[a])[0] as LossName
  return losses[worst] >= 0.02 ? worst : undefined
}
