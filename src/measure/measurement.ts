/** What several runs of the same work have shown. */
import { type Estimate, estimate } from './estimate.ts'
import type { LoopFigures } from './loop-watch.ts'
import { isDisturbed } from './machine-load.ts'
import type { RunMeasure } from './measure-run.ts'
import type { Quiet } from './quiet.ts'
import { medianDeviation, outliersOf, quantile } from './statistics.ts'

/** A duration with its doubt and its spread, in ms. */
export interface Duration extends Estimate {
  readonly least: number
  readonly most: number
  /** The median distance from the median. */
  readonly deviation: number
  /** Three of four runs took no longer. */
  readonly p75: number
  /** Told from 100 runs on; fewer hold no hundredth part. */
  readonly p99: number | undefined
}

/** Figures that the system does not tell are `undefined`, never a guess. */
export interface Measurement {
  readonly name: string
  readonly runs: number
  readonly wallMs: Duration
  /** Every run that was timed, in order; outliers are among them. */
  readonly wallSamplesMs: readonly number[]
  /**
   * The first run, which warms up and is not among the others; it holds the start of workers too.
   */
  readonly firstMs: number
  /**
   * CPU time of one run, of this process with its threads and of the worker processes: the mean of
   * all runs.
   */
  readonly cpuMs: number | undefined
  readonly userMs: number | undefined
  readonly systemMs: number | undefined
  /** CPU time ÷ wall time: below 1 somebody waited, above 1 cores worked side by side. */
  readonly coresBusy: number | undefined
  /** Cores that others kept busy meanwhile. */
  readonly foreignCores: number | undefined
  /** Whether others' work was in the way. */
  readonly disturbed: boolean
  /** What the quiet guard saw before. */
  readonly before: Quiet
  /** Of all runs together. */
  readonly loop: LoopFigures
  /** Peak resident memory of the whole tree of processes. */
  readonly peakBytes: number | undefined
  /** Runs that differ much from the rest (Tukey's fences). They are counted, and never dropped. */
  readonly outliers: { readonly mild: number; readonly severe: number }
}

export function measurementOf(taken: {
  readonly name: string
  readonly firstMs: number
  readonly runs: readonly RunMeasure[]
  readonly before: Quiet
  readonly loop: LoopFigures
  readonly cores: number
}): Measurement {
  const { name, firstMs, runs, before, loop, cores } = taken
  const wall = runs.map(({ wallMs }) => wallMs)
  const [cpuMs, userMs, systemMs] = (['cpuMs', 'userMs', 'systemMs'] as const).map(part => meanOf(runs, part))
  const coresBusy = perWall(runs, 'cpuMs')
  const foreignCores = perWall(runs, 'foreignMs')
  const peaks = runs.map(({ peakBytes }) => peakBytes).filter(bytes => bytes !== undefined)
  const told = coresBusy !== undefined && foreignCores !== undefined
  return {
    name,
    runs: runs.length,
    wallMs: durationOf(wall),
    wallSamplesMs: wall,
    firstMs,
    cpuMs,
    userMs,
    systemMs,
    coresBusy,
    foreignCores,
    disturbed: told && isDisturbed({ ownCores: coresBusy, foreignCores, cores }),
    before,
    loop,
    peakBytes: peaks.length === 0 ? undefined : Math.max(...peaks),
    outliers: outliersOf(wall),
  }
}

/** The samples, which are above 0, as one duration. */
export function durationOf(samples: readonly number[]): Duration {
  return {
    ...estimate(samples),
    least: Math.min(...samples),
    most: Math.max(...samples),
    deviation: medianDeviation(samples),
    p75: quantile(samples, 0.75),
    p99: samples.length >= 100 ? quantile(samples, 0.99) : undefined,
  }
}

function meanOf(runs: readonly RunMeasure[], part: 'cpuMs' | 'userMs' | 'systemMs'): number | undefined {
  const total = totalOf(runs, part)
  return total === undefined ? undefined : total / runs.length
}

function totalOf(
  runs: readonly RunMeasure[],
  part: 'cpuMs' | 'userMs' | 'systemMs' | 'foreignMs',
): number | undefined {
  let total = 0
  for (const run of runs) {
    const ms = run[part]
    if (ms === undefined) return undefined
    total += ms
  }
  return total
}

/** The system counts in ticks of 10 ms, so all runs together must take long enough to hold some. */
const shortestForLoadMs = 200

function perWall(runs: readonly RunMeasure[], part: 'cpuMs' | 'foreignMs'): number | undefined {
  const wallMs = runs.reduce((total, run) => total + run.wallMs, 0)
  const total = totalOf(runs, part)
  return total === undefined || wallMs < shortestForLoadMs ? undefined : total / wallMs
}

/** How the time was spent, in words: `1.9 cores busy`, `mostly waiting`. */
export function spentOn({ coresBusy }: Pick<Measurement, 'coresBusy'>): string {
  if (coresBusy === undefined) return 'too short to say how many cores were busy'
  if (coresBusy < 0.25)
    return `mostly waiting: the wall clock shows ${ratio(1 / coresBusy)} times the CPU time`
  if (coresBusy < 0.75) return `waiting for part of the time: ${coresBusy.toFixed(2)} cores busy`
  if (coresBusy < 1.15) return 'one core busy'
  return `${coresBusy.toFixed(1)} cores busy`
}

function ratio(value: number): string {
  return value > 1_000 ? 'more than 1,000' : value.toFixed(value < 10 ? 1 : 0)
}
