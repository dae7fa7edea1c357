/**
 * Takes the figures of calibration.ts on this machine: about 3 s, on a quiet one. What is taken
 * while others are busy would poison every later verdict, so the guard comes first.
 */

import { coroutines } from '../coroutines/coroutines.ts'
import { NoisyMachineError } from '../errors.ts'
import type { Executor } from '../executor/executor.ts'
import { quietCores } from '../measure/machine-load.ts'
import { awaitQuiet } from '../measure/quiet.ts'
import { median } from '../measure/statistics.ts'
import { machine } from '../pool/machine.ts'
import { processes } from '../processes/processes.ts'
import { runtime } from '../runtime/runtime.ts'
import { move } from '../task/transfer.ts'
import { threads } from '../threads/threads.ts'
import { type Calibration, calibrationKey, calibrationSchema, type WorkerFigures } from './calibration.ts'
import { compute, give, rssBytes, sizeOf } from './calibration-tasks.ts'
import { referenceMs } from './drift.ts'

/** What `calibrate` may be told. */
export interface CalibrateOptions {
  /** How long to wait for a quiet machine. Default 2,000 ms. */
  readonly waitMs?: number
  /** Measure on a noisy machine, too; the figures say so in `foreignCores`. Default false. */
  readonly force?: boolean
}

const mebibyte = 2 ** 20

/**
 * Measures what workers charge on this machine.
 * @throws NoisyMachineError if others keep the cores busy, unless `force`
 */
export async function calibrate({
  waitMs = 2_000,
  force = false,
}: CalibrateOptions = {}): Promise<Calibration> {
  const { foreignCores, quiet, waitedMs } = await awaitQuiet(waitMs)
  if (!quiet && !force) throw new NoisyMachineError(foreignCores, quietCores, waitedMs)
  const { cores } = machine()
  const threadFigures = await figuresOf(workers => threads({ workers }), cores)
  const processFigures = await figuresOf(workers => processes({ workers }), cores)
  return {
    schema: calibrationSchema,
    key: calibrationKey(),
    measured: true,
    foreignCores,
    threads: threadFigures,
    processes: processFigures,
    loopCallMs: await loopCallMs(),
    referenceMs: referenceMs(),
    moveMs: await handedMs(() => move(new Uint8Array(mebibyte))),
    shareMs: await handedMs(() => new Uint8Array(new SharedArrayBuffer(mebibyte))),
    speedUp: await speedUps(cores),
  }
}

async function figuresOf(open: (workers: number) => Executor, cores: number): Promise<WorkerFigures> {
  const started = async (workers: number) => {
    const begun = runtime().now()
    const pool = open(workers)
    try {
      await pool.runOnEach(give, 0)
      return runtime().now() - begun
    } finally {
      await pool.close({ graceMs: 0 })
    }
  }
  const startsMs: number[] = []
  const startsTogetherMs: number[] = []
  for (let round = 0; round < 3; round += 1) {
    startsMs.push(await started(1))
    startsTogetherMs.push(cores === 1 ? (startsMs.at(-1) as number) : await started(cores))
  }
  const [startMs, startTogetherMs] = [median(startsMs), median(startsTogetherMs)]
  const before = process.memoryUsage.rss()
  const pool = open(1)
  try {
    await pool.run(give, 0)
    const { pids } = pool.stats()
    const idleBytes =
      pids.length > 0 ? await pool.run(rssBytes) : Math.max(0, process.memoryUsage.rss() - before)
    for (let warm = 0; warm < 200; warm += 1) await pool.run(give, warm)
    const roundTripMs = await each(100, () => pool.run(give, 1))
    const many = new Array<number>(20_000).fill(1)
    await pool.map(give, many)
    const callMs = (await each(3, () => pool.map(give, many))) / many.length
    const bytes = new Uint8Array(mebibyte)
    await pool.run(give, bytes)
    const copied = await each(8, () => pool.run(give, bytes))
    const copyMsPerMiB = Math.max(0, copied - roundTripMs)
    return { startMs, startTogetherMs, roundTripMs, callMs, copyMsPerMiB, idleBytes }
  } finally {
    await pool.close({ graceMs: 0 })
  }
}

async function loopCallMs(): Promise<number> {
  await using loop = coroutines()
  const many = new Array<number>(20_000).fill(1)
  await loop.map(give, many)
  return (await each(3, () => loop.map(give, many))) / many.length
}

/** A buffer there, and nothing back. */
async function handedMs(make: () => Uint8Array): Promise<number> {
  const pool = threads({ workers: 1 })
  try {
    const buffers = Array.from({ length: 9 }, make)
    const next = () => pool.run(sizeOf, buffers.pop() as Uint8Array)
    await next()
    return await each(8, next)
  } finally {
    await pool.close({ graceMs: 0 })
  }
}

/** How much more several threads compute than one, each for the same time. */
async function speedUps(cores: number): Promise<number[]> {
  const steps = 3_000_000
  const pool = threads({ workers: cores })
  try {
    await pool.map(compute, new Array<number>(cores * 2).fill(steps), { chunk: 1 })
    const aloneMs = await each(3, () => pool.run(compute, steps))
    const speedUp = [1]
    for (let workers = 2; workers <= cores; workers += 1) {
      const ms = await each(3, () =>
        Promise.all(Array.from({ length: workers }, () => pool.run(compute, steps))),
      )
      speedUp.push(Math.max(1, (workers * aloneMs) / ms))
    }
    return speedUp
  } finally {
    await pool.close({ graceMs: 0 })
  }
}

async function each(times: number, body: () => PromiseLike<unknown>): Promise<number> {
  const tookMs: number[] = []
  for (let at = 0; at < times; at += 1) {
    const begun = runtime().now()
    await body()
    tookMs.push(runtime().now() - begun)
  }
  return median(tookMs)
}
