/**
 * `measure` and `compare`: how long work takes, with how much of the machine.
 *
 *     quiet guard ─▶ first run of each (not timed) ─▶ A B, B A, A B, … ─▶ Measurement of each, ratio of each to the first
 */
import { checkCount, checkMs, checkOptions, optionNames, shown } from '../checks.ts'
import { NoisyMachineError, OptionError } from '../errors.ts'
import type { Executor, Input } from '../executor/executor.ts'
import { machine } from '../pool/machine.ts'
import { runtime } from '../runtime/runtime.ts'
import { type AnyFunction, nameOf, type Task } from '../task/task.ts'
import { type Decision, decide, type Estimate, estimateRatio } from './estimate.ts'
import { interleaved } from './interleave.ts'
import { type LoopFigures, watchLoop } from './loop-watch.ts'
import { quietCores } from './machine-load.ts'
import { measureRun, type RunMeasure } from './measure-run.ts'
import { type Measurement, measurementOf } from './measurement.ts'
import { awaitQuiet, type Quiet } from './quiet.ts'

/** What `measure` may be told. */
export interface MeasureOptions {
  /** How many runs are timed. Default: six to twenty-five, about as many as `budgetMs` holds. */
  readonly runs?: number
  /** About how long all runs together may take; three are made in any case. Default 3,000 ms. */
  readonly budgetMs?: number
  /**
   * How long to wait for others to leave the cores alone before the first run. Default 1,000 ms.
   */
  readonly waitMs?: number
  /**
   * When they don't: `'mark'` measures and says so in `disturbed` (default), `'refuse'` rejects
   * with NoisyMachineError.
   */
  readonly whenNoisy?: 'mark' | 'refuse'
  /** The executor that the function uses, so that its worker processes count. Default: none. */
  readonly on?: Executor
  /** Shown in the measurement. Default: the function's name. */
  readonly name?: string
}

/** A task over inputs on an executor: what one run does. */
export interface TaskWork<F extends AnyFunction> {
  readonly task: Task<F>
  readonly inputs: readonly Input<F>[]
  readonly on: Executor
}

/**
 * What can be measured: a function without arguments, which may return a promise, or a task on an
 * executor.
 */
export type Work = (() => unknown) | AnyTaskWork

interface AnyTaskWork {
  readonly task: Task
  readonly inputs: readonly unknown[]
  readonly on: Executor
}

/** One side of a comparison. */
export interface Compared extends Measurement {
  /** How many times as fast as the first side, run by run; above 1 is faster. 1 for the first. */
  readonly speedUp: Estimate
  /** What `speedUp` says. Nothing is called faster unless its interval excludes 1. */
  readonly verdict: 'the base' | 'faster' | 'slower' | 'not faster' | 'undecided'
}

const names = optionNames<MeasureOptions>({
  runs: true,
  budgetMs: true,
  waitMs: true,
  whenNoisy: true,
  on: true,
  name: true,
})

/**
 * Runs the work several times and tells how long it took: wall time with its interval, the CPU time
 * of the whole tree of threads and processes, how many cores were busy, with whose work, and how
 * much memory it took. The first run warms up and is not among the others. Runs follow one another,
 * so a run may use what an earlier one left.
 *
 * What the work throws rejects.
 * @throws OptionError
 * @throws NoisyMachineError if others keep the cores busy, and `whenNoisy` is `'refuse'`
 * @example
 *     const { wallMs, coresBusy } = await measure({ task: countPrimes, inputs, on: pool })
 */
export async function measure<F extends AnyFunction>(
  work: (() => unknown) | TaskWork<F>,
  options: MeasureOptions = {},
): Promise<Measurement> {
  const checked = checkMeasureOptions('measure(work, …)', options)
  const side = sideOf('measure(work, …)', work as Work, checked)
  const [measurement] = await measureSides([side], checked)
  return measurement as Measurement
}

/**
 * Measures several ways to do the same work side by side: A B C, then C B A, and so on, so that
 * whatever disturbs one disturbs all. The first is the base of the speed-ups.
 *
 * What any of them throws rejects.
 * @throws OptionError, NoisyMachineError
 * @example
 * const { loop, pool } = await compare({ loop: () => work(data), pool: { task, inputs, on: pool }
 * }) if (pool.verdict === 'faster') console.log(`${pool.speedUp.median} times as fast`)
 */
export async function compare<K extends string>(
  works: Readonly<Record<K, Work>>,
  options: Omit<MeasureOptions, 'name'> = {},
): Promise<Record<K, Compared>> {
  const checked = checkMeasureOptions('compare(works, …)', options)
  const given = typeof works === 'object' && works !== null ? (Object.entries(works) as [K, Work][]) : []
  if (given.length === 0)
    throw new OptionError(
      'compare(works, …) takes an object of functions or tasks, as { loop: () => …, pool: { task, inputs, on } }.',
    )
  const sides = given.map(([name, work]) => sideOf(`compare({ ${name} })`, work, { ...checked, name }))
  const measured = await measureSides(sides, checked)
  const base = measured[0]?.wallSamplesMs ?? []
  const compared = measured.map((measurement, at): Compared => {
    const speedUp = at === 0 ? one : estimateRatio(base, measurement.wallSamplesMs)
    return { ...measurement, speedUp, verdict: at === 0 ? 'the base' : verdicts[decide(speedUp)] }
  })
  return Object.fromEntries(compared.map(side => [side.name, side])) as Record<K, Compared>
}

const one: Estimate = { median: 1, low: 1, high: 1 }

const verdicts: Readonly<Record<Decision, Compared['verdict']>> = {
  above: 'faster',
  below: 'slower',
  'not above': 'not faster',
  undecided: 'undecided',
}

interface Side {
  readonly name: string
  readonly run: () => unknown
  readonly pids: () => readonly number[]
}

function sideOf(what: string, work: Work, { name, on }: MeasureOptions): Side {
  if (typeof work === 'function')
    return { name: name ?? (work.name === '' ? 'work' : work.name), run: work, pids: pidsOf(on) }
  if (typeof work === 'object' && work !== null && typeof work.task === 'function' && work.on !== undefined) {
    const { task, inputs, on: executor } = work
    const run = async () => await executor.map(task, inputs as never[])
    return { name: name ?? nameOf(task), run, pids: pidsOf(executor) }
  }
  throw new OptionError(
    `${what} takes a function without arguments, or { task, inputs, on: executor }; it got ${work === null ? 'null' : typeof work}.`,
  )
}

function pidsOf(executor: Executor | undefined): () => readonly number[] {
  return () => executor?.stats().pids ?? []
}

async function measureSides(sides: readonly Side[], options: Checked): Promise<Measurement[]> {
  const before = await guard(options)
  const firstMs: number[] = []
  for (const { run, pids } of sides) firstMs.push((await measureRun(run, pids)).measure.wallMs)
  const runs: RunMeasure[][] = sides.map(() => [])
  const loops: LoopFigures[][] = sides.map(() => [])
  const schedule = new Schedule(options)
  for (let round = 0; schedule.wants(round); round += 1) {
    for (const { contender } of interleaved(sides.length, { from: round, to: round + 1 })) {
      const { run, pids } = sides[contender] as Side
      const ended = watchLoop()
      try {
        runs[contender]?.push((await measureRun(run, pids)).measure)
      } finally {
        loops[contender]?.push(await ended())
      }
    }
  }
  const { cores } = machine()
  return sides.map(({ name }, at) =>
    measurementOf({
      name,
      firstMs: firstMs[at] as number,
      runs: runs[at] as RunMeasure[],
      before,
      loop: together(loops[at] as LoopFigures[]),
      cores,
    }),
  )
}

async function guard({ waitMs, whenNoisy }: Checked): Promise<Quiet> {
  const before = await awaitQuiet(waitMs)
  if (!before.quiet && whenNoisy === 'refuse')
    throw new NoisyMachineError(before.foreignCores, quietCores, before.waitedMs)
  return before
}

function together(parts: readonly LoopFigures[]): LoopFigures {
  return {
    gcMs: parts.reduce((total, { gcMs }) => total + gcMs, 0),
    longestDelayMs: Math.max(...parts.map(({ longestDelayMs }) => longestDelayMs)),
    delayP99Ms: Math.max(...parts.map(({ delayP99Ms }) => delayP99Ms)),
  }
}

const fewestRounds = 6
const mostRounds = 25

/**
 * As many rounds as were asked for; else six to twenty-five in the time there is, and no fewer than
 * three.
 */
class Schedule {
  readonly #options: Checked
  readonly #begunMs = runtime().now()

  constructor(options: Checked) {
    this.#options = options
  }

  wants(round: number): boolean {
    const { runs, budgetMs } = this.#options
    if (runs !== undefined) return round < runs
    if (round < 3) return true
    const passedMs = runtime().now() - this.#begunMs
    const limitMs = round < fewestRounds ? budgetMs : budgetMs * (1 - 1 / round)
    return round < mostRounds && passedMs < limitMs
  }
}

interface Checked extends MeasureOptions {
  readonly budgetMs: number
  readonly waitMs: number
  readonly whenNoisy: 'mark' | 'refuse'
}

function checkMeasureOptions(what: string, given: MeasureOptions): Checked {
  const options = checkOptions(what, given, names)
  const { runs, budgetMs = 3_000, waitMs = 1_000, whenNoisy = 'mark' } = options
  if (runs !== undefined) checkCount(`${what.slice(0, -1)} { runs })`, runs)
  checkMs(`${what.slice(0, -1)} { budgetMs })`, budgetMs)
  checkMs(`${what.slice(0, -1)} { waitMs })`, waitMs)
  if (whenNoisy !== 'mark' && whenNoisy !== 'refuse')
    throw new OptionError(`${what} takes whenNoisy: 'mark' or 'refuse'; it got ${shown(whenNoisy)}.`)
  return { ...options, budgetMs, waitMs, whenNoisy }
}
