/**
 * `scale`: what more workers bring to a task, and what they lose it to.
 *
 *     quiet guard ─▶ one pool for each number of workers, warm ─▶ rounds: 1 2 4, 4 2 1, … ─▶ fits, losses, the best number
 */
import { checkCount, checkMs, checkOptions, optionNames } from '../checks.ts'
import { OptionError } from '../errors.ts'
import type { Executor, Input } from '../executor/executor.ts'
import { takesItems } from '../executor/map/packed.ts'
import { machine } from '../pool/machine.ts'
import { runtime } from '../runtime/runtime.ts'
import { type AnyFunction, assertTask, nameOf, type Task } from '../task/task.ts'
import { threads } from '../threads/threads.ts'
import { decide, type Estimate, estimate, estimateRatio } from './estimate.ts'
import { interleaved } from './interleave.ts'
import { isDisturbed, machineBusyMs } from './machine-load.ts'
import { treeCpuMs } from './process-tree.ts'
import { awaitQuiet, type Quiet } from './quiet.ts'
import { type Amdahl, fitAmdahl, fitUsl, karpFlatt, type Usl } from './scaling-fit.ts'
import { culpritOf, type Losses, type LossName, lossesOf, type UseOfRun } from './scaling-losses.ts'
import { median } from './statistics.ts'
import { usualNumbers } from './usual-numbers.ts'
import { beginUse, endUse, UseWatch, type WorkerUse } from './worker-use.ts'

/** What `scale` may be told. */
export interface ScaleOptions<F extends AnyFunction> {
  /** What each round runs: all of them, with each number of workers. */
  readonly inputs: readonly Input<F>[]
  /** Which numbers of workers. Default: 1, 2, 3, 4, 6, 8, 12, … up to the machine's cores. */
  readonly workers?: readonly number[]
  /** How many rounds are timed. Default: five to fifteen, about as many as `budgetMs` holds. */
  readonly rounds?: number
  /** About how long all rounds may take; three are made in any case. Default 10,000 ms. */
  readonly budgetMs?: number
  /** How long to wait for others to leave the cores alone. Default 1,000 ms. */
  readonly waitMs?: number
  /** Is told of every run that is done. Default: nobody is told. */
  readonly onProgress?: (done: number, total: number, what: string) => void
}

/** What a number of workers have shown. */
export interface ScalePoint {
  readonly workers: number
  readonly wallMs: Estimate
  readonly samplesMs: readonly number[]
  /** The time of one worker over this one's, round by round. */
  readonly speedUp: Estimate
  /** The speed-up over the number of workers. */
  readonly efficiency: number
  /**
   * The serial part by Karp and Flatt; undefined for one worker. Where it grows with them, more
   * than a serial part is lost.
   */
  readonly karpFlatt: number | undefined
  /** Undefined where Node does not tell a thread's CPU time (22). */
  readonly losses: Losses | undefined
  readonly culprit: LossName | undefined
}

/** How much faster a task is with more workers, and what their time is lost to. */
export interface Scaling {
  readonly task: string
  readonly items: number
  readonly rounds: number
  /** The same calls in a loop, on one thread. */
  readonly loopMs: Estimate
  readonly points: readonly ScalePoint[]
  /**
   * The fewest workers that are within 5 % of the least time of those that are shown to be faster
   * than one.
   */
  readonly best: number
  /** What most is lost to with the most workers that were measured. */
  readonly culprit: LossName | undefined
  readonly amdahl: Amdahl | undefined
  /** From six numbers of workers on. */
  readonly usl: Usl | undefined
  readonly before: Quiet
  readonly foreignCores: number
  readonly disturbed: boolean
}

const names = optionNames<ScaleOptions<any>>({
  inputs: true,
  workers: true,
  rounds: true,
  budgetMs: true,
  waitMs: true,
  onProgress: true,
})

const nearBest = 1.05
const mostThreads = 256

/**
 * Runs the task over the inputs on threads, with one number of workers after the other, in turns;
 * tells the speed-up of each with its interval, what their time is lost to, the laws that it
 * follows, and which number is best. Every input runs many times.
 *
 * What the task throws rejects.
 * @throws OptionError
 * @example
 *   const { best, points, culprit } = await scale(render, { inputs: tiles, workers: [1, 2, 4, 8] })
 */
export async function scale<F extends AnyFunction>(
  task: Task<F>,
  options: ScaleOptions<F>,
): Promise<Scaling> {
  assertTask(task)
  const { inputs, numbers, rounds, budgetMs, waitMs, onProgress } = check(options)
  const before = await awaitQuiet(waitMs)
  const pools: Executor[] = []
  try {
    for (const workers of numbers) pools.push(threads({ workers, name: `scale ${workers}` }))
    const contenders: Contender[] = [
      new Contender(0, () => loop(task, inputs)),
      ...pools.map((pool, at) => new Contender(numbers[at] as number, () => onPool(pool, task, inputs))),
    ]
    let done = 0
    const turn = async (one: Contender, isTimed: boolean) => {
      const total = contenders.length * ((rounds ?? usualRounds) + 1)
      onProgress?.(
        done,
        Math.max(total, done + 1),
        one.workers === 0 ? 'plain loop' : `${one.workers} workers`,
      )
      await one.turn(isTimed)
      done += 1
    }
    for (const one of contenders) await turn(one, false)
    const begunMs = runtime().now()
    const [busyMs, ownMs] = [machineBusyMs(), treeCpuMs([]) ?? 0]
    const wants = (round: number) => {
      if (rounds !== undefined) return round < rounds
      return round < 3 || (round < mostRounds && runtime().now() - begunMs < budgetMs * (1 - 1 / (round + 1)))
    }
    for (let round = 0; wants(round); round += 1)
      for (const { contender } of interleaved(contenders.length, { from: round, to: round + 1 }))
        await turn(contenders[contender] as Contender, true)
    const wallMs = runtime().now() - begunMs
    const ownCores = ((treeCpuMs([]) ?? 0) - ownMs) / wallMs
    const foreignCores = Math.max(0, (machineBusyMs() - busyMs) / wallMs - ownCores)
    const results = await pools[0]?.map(task, inputs.slice(0, copied) as never[])
    return {
      task: nameOf(task),
      items: inputs.length,
      ...scalingOf(contenders, copyMs(inputs, results ?? [])),
      before,
      foreignCores,
      disturbed: isDisturbed({ ownCores, foreignCores, cores: machine().cores }),
    }
  } finally {
    await Promise.all(pools.map(pool => pool.close({ graceMs: 0 })))
  }
}

const usualRounds = 7
const mostRounds = 15

function scalingOf([loop, ...pools]: readonly Contender[], copyMs: number) {
  const single = pools[0] as Contender
  const points = pools.map((one): ScalePoint => {
    const speedUp = estimateRatio(single.samplesMs, one.samplesMs)
    const losses = lossesOf(one.middle, single.middle, copyMs)
    return {
      workers: one.workers,
      wallMs: estimate(one.samplesMs),
      samplesMs: one.samplesMs,
      speedUp,
      efficiency: speedUp.median / one.workers,
      karpFlatt: karpFlatt(speedUp.median, one.workers),
      losses,
      culprit: losses === undefined || one.workers === 1 ? undefined : culpritOf(losses),
    }
  })
  // Nothing is called better than one worker unless its interval excludes chance.
  const shown = points.filter(({ workers, speedUp }) => workers === 1 || decide(speedUp) === 'above')
  const leastMs = Math.min(...shown.map(({ wallMs }) => wallMs.median))
  const best = shown.find(({ wallMs }) => wallMs.median <= nearBest * leastMs) as ScalePoint
  return {
    rounds: single.samplesMs.length,
    loopMs: estimate((loop as Contender).samplesMs),
    points,
    best: best.workers,
    culprit: points.at(-1)?.culprit,
    amdahl: fitAmdahl(points),
    usl: fitUsl(points),
  }
}

/** One number of workers, or the plain loop. */
class Contender {
  readonly workers: number
  readonly samplesMs: number[] = []
  readonly #runs: UseOfRun[] = []
  readonly #run: () => Promise<UseOfRun>

  constructor(workers: number, run: () => Promise<UseOfRun>) {
    this.workers = workers
    this.#run = run
  }

  async turn(isTimed: boolean): Promise<void> {
    const run = await this.#run()
    if (!isTimed) return
    this.samplesMs.push(run.wallMs)
    this.#runs.push(run)
  }

  /** The run whose time is the median one. */
  get middle(): UseOfRun {
    const middleMs = median(this.samplesMs)
    return this.#runs.toSorted(
      (a, b) => Math.abs(a.wallMs - middleMs) - Math.abs(b.wallMs - middleMs),
    )[0] as UseOfRun
  }
}

async function onPool<F extends AnyFunction>(
  pool: Executor,
  task: Task<F>,
  inputs: readonly Input<F>[],
): Promise<UseOfRun> {
  await pool.runOnEach(beginUse)
  const watch = new UseWatch()
  const begunMs = runtime().now()
  await pool.map(task, inputs as never[])
  const wallMs = runtime().now() - begunMs
  const main = watch.end()
  const workers = await pool.runOnEach(endUse)
  return { wallMs, main, workers: workers.filter(use => use !== undefined) as WorkerUse[] }
}

async function loop<F extends AnyFunction>(task: Task<F>, inputs: readonly Input<F>[]): Promise<UseOfRun> {
  const call = task as unknown as (...args: readonly unknown[]) => unknown
  const [items, results] = [takesItems(task), [] as unknown[]]
  const watch = new UseWatch()
  const begunMs = runtime().now()
  for (const input of inputs) {
    const result = items ? call(input) : call(...(input as readonly unknown[]))
    results.push(result instanceof Promise ? await result : result)
  }
  const wallMs = runtime().now() - begunMs
  return { wallMs, main: watch.end(), workers: [] }
}

const copied = 32

/** What copying all inputs and results costs the workers: their half, from that of some. */
function copyMs(inputs: readonly unknown[], results: readonly unknown[]): number {
  const some = inputs.slice(0, copied)
  if (some.length === 0) return 0
  const took = [1, 2, 3].map(() => {
    const begunMs = runtime().now()
    try {
      structuredClone([some, results])
    } catch {
      return 0 // What is moved, or a special of ours: the library sends it otherwise.
    }
    return runtime().now() - begunMs
  })
  return (Math.min(...took) / 2 / some.length) * inputs.length
}

function check<F extends AnyFunction>(given: ScaleOptions<F>) {
  const options = checkOptions('scale(task, …)', given, names)
  const {
    inputs,
    workers = usualNumbers(machine().cores),
    rounds,
    budgetMs = 10_000,
    waitMs = 1_000,
  } = options
  if (!Array.isArray(inputs) || inputs.length === 0)
    throw new OptionError('scale(task, …) needs inputs: { inputs: tiles, workers: [1, 2, 4] }.')
  if (!Array.isArray(workers) || workers.length === 0)
    throw new OptionError('scale(…, { workers }) takes a list of numbers, as [1, 2, 4, 8].')
  for (const number of workers) checkCount('scale(…, { workers })', number)
  const numbers = [...new Set([1, ...workers])].toSorted((a, b) => a - b)
  const all = numbers.reduce((total, number) => total + number, 0)
  if (all > mostThreads)
    throw new OptionError(
      `scale(…, { workers }) holds a pool for each number, ${all} threads together; it takes up to ${mostThreads}. Leave some out, as [1, 8, 64].`,
    )
  if (rounds !== undefined) checkCount('scale(…, { rounds })', rounds)
  checkMs('scale(…, { budgetMs })', budgetMs)
  checkMs('scale(…, { waitMs })', waitMs)
  return { inputs, numbers, rounds, budgetMs, waitMs, onProgress: options.onProgress }
}
