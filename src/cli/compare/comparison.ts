/** What a race has shown: a row of figures for each model. */
import type { Model } from '../../index.ts'
import { type Estimate, estimate, estimateRatio } from '../../measure/estimate.ts'
import { isDisturbed } from '../../measure/machine-load.ts'
import type { RunMeasure } from '../../measure/measure-run.ts'
import { type Contender, plainLoop } from './contender.ts'
import type { Checked } from './subject.ts'

export interface Comparison {
  /** The plain loop first, then the models as they were asked for. */
  readonly rows: readonly Row[]
  readonly rounds: number
  /** Cores that others kept busy during the runs. */
  readonly foreignCores: number | undefined
  /** Cores that processes kept busy which the work talks to, as a server of its own. */
  readonly companionCores: number | undefined
  /** Whether others' work was in the way of any model. */
  readonly disturbed: boolean
  /** The model that tells so, where all runs together do not. */
  readonly disturbedModel?: DisturbedModel | undefined
}

/** A model in whose runs others were in the way, and the cores that they kept busy then. */
export interface DisturbedModel {
  readonly model: Row['model']
  readonly foreignCores: number
}

/** One model's line in the table. */
export interface Row {
  readonly model: Model | typeof plainLoop
  /** Tasks that could run at the same time; 1 for the plain loop. */
  readonly workers: number
  /** Undefined when no run gave an answer. */
  readonly answer: Checked | undefined
  readonly failure: unknown
  /** Undefined when it, or the plain loop, failed. */
  readonly figures: Figures | undefined
}

export interface Figures {
  readonly wallMs: Estimate
  readonly wallSamplesMs: readonly number[]
  /**
   * Median CPU time of the whole tree of processes; undefined where the system does not tell it.
   */
  readonly cpuMs: number | undefined
  /** CPU time ÷ wall time, all runs together. */
  readonly coresBusy: number | undefined
  readonly foreignCores: number | undefined
  /** The plain loop's time ÷ this one's, round by round; above 1 is faster. */
  readonly speedUp: Estimate
  /** Peak resident memory of the whole tree of processes, in the first run. */
  readonly peakBytes: number | undefined
}

/** Draws the figures up; `cores` is how many the machine has. */
export function comparisonOf(contenders: readonly Contender[], cores: number): Comparison {
  const plain = contenders[0]?.wallMs ?? []
  const rows = contenders.map((contender): Row => {
    const { model, workers, runs, answer, failure } = contender
    const measured = failure === undefined && runs.length > 0 && plain.length === runs.length
    return { model, workers, answer, failure, figures: measured ? figuresOf(contender, plain) : undefined }
  })
  const all = contenders.flatMap(({ runs }) => runs)
  const overall = { coresBusy: inCores(all, 'cpuMs'), foreignCores: inCores(all, 'foreignMs') }
  const companionCores = inCores(all, 'companionsMs')
  const disturbedModel = wasDisturbed(overall, cores) ? undefined : mostDisturbed(rows, cores)
  return {
    rows,
    rounds: plain.length,
    foreignCores: overall.foreignCores,
    companionCores,
    disturbed: wasDisturbed(overall, cores) || disturbedModel !== undefined,
    disturbedModel,
  }
}

/** `on threads`, `of the plain loop`. */
export function ofModel({ model }: DisturbedModel): string {
  return model === plainLoop ? 'of the plain loop' : `on ${model}`
}

function mostDisturbed(rows: readonly Row[], cores: number): DisturbedModel | undefined {
  const [worst] = rows
    .filter(({ figures }) => figures !== undefined && wasDisturbed(figures, cores))
    .map(({ model, figures }) => ({ model, foreignCores: figures?.foreignCores ?? 0 }))
    .toSorted((a, b) => b.foreignCores - a.foreignCores)
  return worst
}

function figuresOf({ runs, wallMs, peakBytes }: Contender, plain: readonly number[]): Figures {
  const cpu = runs.map(({ cpuMs }) => cpuMs).filter(ms => ms !== undefined)
  const wall = estimate(wallMs)
  return {
    wallMs: wall,
    wallSamplesMs: wallMs,
    cpuMs: cpu.length === runs.length && wall.median >= shortestForCpuMs ? estimate(cpu).median : undefined,
    coresBusy: inCores(runs, 'cpuMs'),
    foreignCores: inCores(runs, 'foreignMs'),
    speedUp: estimateRatio(plain, wallMs),
    peakBytes,
  }
}

/** Below this, a run's CPU time is mostly that of reading the counters. */
const shortestForCpuMs = 10

/**
 * CPU time over wall time, of all runs together: the system counts in ticks of 10 ms, so one run
 * may be too short for it, and when all of them are, nothing can be said.
 */
function inCores(
  runs: readonly RunMeasure[],
  part: 'cpuMs' | 'foreignMs' | 'companionsMs',
): number | undefined {
  let partMs = 0
  let wallMs = 0
  for (const run of runs) {
    const ms = run[part]
    if (ms === undefined) return undefined
    partMs += ms
    wallMs += run.wallMs
  }
  return wallMs < shortestForLoadMs ? undefined : partMs / wallMs
}

const shortestForLoadMs = 200

function wasDisturbed(
  { coresBusy, foreignCores }: Pick<Figures, 'coresBusy' | 'foreignCores'>,
  cores: number,
): boolean {
  return (
    coresBusy !== undefined &&
    foreignCores !== undefined &&
    isDisturbed({ ownCores: coresBusy, foreignCores, cores })
  )
}
