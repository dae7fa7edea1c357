/**
 * How long N items would take on each model: the cost model.
 *
 *     plain loop            N·w
 *     coroutines × k        max( N · wall per item at k, ⌈N/k⌉ · latency at k )
 *     threads × W           start + warm-up + max( N·(work + copying there)/S(W) + tail, N·(copying here + message) )
 *     threads × W, k each   start + warm-up + max( N·cpu/S(W), N·process cpu/S(cores), ⌈N/kW⌉·latency, N·(copying here + message) )
 *     processes × W         as threads, with what processes charge
 *
 * Each figure is drawn many times from its own spread, so that a prediction has an interval and a
 * choice its doubt.
 */
import type { Estimate } from '../measure/estimate.ts'
import { quantile } from '../measure/statistics.ts'
import { VirtualRuntime } from '../runtime/virtual.ts'
import { type Calibration, speedUpOf, startMsOf } from './calibration.ts'
import { type ProbePoint, type Profile, usualAtATime } from './profile.ts'

/** A way to run all items. */
export type Way =
  | 'plain loop'
  | 'coroutines'
  | 'threads'
  | 'threads, moving'
  | 'threads, sharing'
  | 'threads × coroutines'
  | 'processes'

/** Simplest first: of two ways that are about as fast, the earlier is chosen. */
export const ways: readonly Way[] = [
  'plain loop',
  'coroutines',
  'threads',
  'threads, moving',
  'threads, sharing',
  'threads × coroutines',
  'processes',
]

/** What one way of running all items would take. */
export interface Prediction {
  readonly way: Way
  readonly workers: number
  /** Calls at a time: on this loop, or on each worker. */
  readonly concurrency: number
  /** Items in one message. */
  readonly chunk: number
  /** Of all items. Infinite where it is forbidden. */
  readonly ms: Estimate
  /** How long this thread is busy, and answers nobody else. */
  readonly blockedMs: number
  /** Why it can't be used, if it can't. */
  readonly vetoed: string | undefined
  /** Each draw of the whole time, in the same order for every way. */
  readonly draws: readonly number[]
}

export interface Circumstances {
  readonly items: number
  readonly workers: number
  readonly cores: number
  readonly calibration: Calibration
  /** Workers run already, so no start is paid. */
  readonly warm?: boolean
  /** Over how many runs like this the start of workers is spread. Default 1. */
  readonly times?: number
  /** Ways that are not open, and why. */
  readonly vetoes: Partial<Record<Way, string>>
  /** The most calls at a time, if the caller says so. */
  readonly maxConcurrency?: number | undefined
}

const drawsEach = 200
/** So much work a message holds, as `map` makes them (executor/map/chunk.ts). */
const chunkMs = 2
/** Of the CPU time of an item that an idle loop was woken for, no more than this is the waking. */
const wakingMs = 0.2

/** One draw of everything that is uncertain; all ways are computed from the same draw. */
interface Draw {
  readonly wallMs: number
  /** Factors on what was measured once, and on what was calibrated. */
  readonly copy: number
  readonly calibrated: number
  readonly speedUp: number
  readonly probe: number
  /** From 0 to 1: how much of what untried numbers promise is true. */
  readonly more: number
}

/**
 * A prediction for each way; those without interest for the function (no wait, no buffer) are left
 * out.
 */
export function predict(profile: Profile, circumstances: Circumstances): Prediction[] {
  const draws = drawn(profile, circumstances.calibration)
  return ways
    .filter(way => isCandidate(way, profile))
    .map(way => predictionOf(way, profile, circumstances, draws))
}

function isCandidate(way: Way, { probe, crossing, returnsPromise }: Profile): boolean {
  if (way === 'coroutines') return returnsPromise
  // While this loop is idle most of the time, more calls at a time on it do the same without a
  // worker.
  if (way === 'threads × coroutines') return probe.some(({ cpuMs, perItemMs }) => cpuMs > perItemMs / 2)
  if (way === 'threads, moving' || way === 'threads, sharing')
    return crossing.bufferBytes > 64 * 1024 && crossing.bufferBytes > crossing.bytes / 2
  return true
}

function predictionOf(
  way: Way,
  profile: Profile,
  circumstances: Circumstances,
  draws: readonly Draw[],
): Prediction {
  const { items, workers, vetoes, maxConcurrency = Number.POSITIVE_INFINITY } = circumstances
  const here = way === 'plain loop' || way === 'coroutines'
  const vetoed = vetoes[way] ?? (here ? undefined : profile.crossing.refused)
  const point = bestPoint(profile, maxConcurrency)
  const concurrency = concurrencyOf(way, point, profile, circumstances)
  const used = here ? 1 : Math.max(1, Math.min(workers, Math.ceil(items / concurrency)))
  const chunk = here ? 1 : chunkOf(profile, items, used)
  const plan: Plan = { way, workers: used, concurrency, chunk, point }
  const times = draws.map(draw => timeOf(plan, profile, circumstances, draw))
  const ms =
    vetoed === undefined
      ? { median: quantile(times, 0.5), low: quantile(times, 0.025), high: quantile(times, 0.975) }
      : { median: Number.POSITIVE_INFINITY, low: Number.POSITIVE_INFINITY, high: Number.POSITIVE_INFINITY }
  const blockedMs = blockedBy(plan, profile, circumstances)
  return {
    way,
    workers: used,
    concurrency,
    chunk,
    ms,
    blockedMs,
    vetoed,
    draws: vetoed === undefined ? times : draws.map(() => Number.POSITIVE_INFINITY),
  }
}

/**
 * No bound is advised that was not seen to help: where no more could be tried, the usual one.
 */
function concurrencyOf(
  way: Way,
  point: ProbePoint | undefined,
  { mayGainMore }: Profile,
  { items, maxConcurrency = Number.POSITIVE_INFINITY }: Circumstances,
): number {
  if (way !== 'coroutines' && way !== 'threads × coroutines') return 1
  if (point === undefined) return 1
  if (way !== 'coroutines' || !mayGainMore) return point.concurrency
  return Math.max(point.concurrency, Math.min(usualAtATime, items, maxConcurrency))
}

interface Plan {
  readonly way: Way
  readonly workers: number
  readonly concurrency: number
  readonly chunk: number
  readonly point: ProbePoint | undefined
}

function timeOf(plan: Plan, profile: Profile, circumstances: Circumstances, draw: Draw): number {
  const { items } = circumstances
  const { way, point, concurrency } = plan
  if (way === 'plain loop') return items * draw.wallMs
  if (way === 'coroutines') {
    if (point === undefined) return items * (draw.wallMs + circumstances.calibration.loopCallMs)
    const rounds = Math.ceil(items / Math.min(concurrency, items))
    const k = Math.min(concurrency, items)
    const perItem =
      point.perItemMs * (Math.min(concurrency, point.concurrency) / Math.min(k, point.concurrency))
    return draw.probe * Math.max(items * perItem * untried(k, point, draw), rounds * point.latencyMs)
  }
  return onWorkers(plan, profile, circumstances, draw)
}

/**
 * What more at a time than were tried make of an item's cost: between nothing, and all that the
 * number promises. What the item computes is no less; but to wake an idle loop for one alone costs
 * more than for one of many.
 */
function untried(
  concurrency: number,
  { concurrency: tried, perItemMs, cpuMs }: ProbePoint,
  { more }: Draw,
): number {
  if (concurrency <= tried || perItemMs === 0) return 1
  const least = Math.max(tried / concurrency, Math.min(1, (cpuMs - wakingMs) / perItemMs))
  return least ** more
}

/** Work on W workers, beside what this thread must do for them. */
function onWorkers(plan: Plan, profile: Profile, circumstances: Circumstances, draw: Draw): number {
  const { items, calibration, cores, warm, times = 1 } = circumstances
  const { way, workers, chunk, point, concurrency } = plan
  const figures = way === 'processes' ? calibration.processes : calibration.threads
  const speedUp = effective(speedUpOf(calibration, workers) * draw.speedUp, profile, circumstances)
  const { hereMs, thereMs } = copyingOn(way, profile, calibration)
  const messageMs = (figures.callMs + figures.roundTripMs / 4 / chunk) * draw.calibrated
  const mainMs = items * (hereMs * draw.copy + messageMs)
  const startMs = warm ? 0 : startMsOf(figures, workers, cores) * draw.calibrated
  const beginMs = (startMs + profile.warmUpMs) / times
  if (way === 'threads × coroutines' && point !== undefined) {
    const rounds = Math.ceil(items / (concurrency * workers))
    return (
      beginMs +
      Math.max(
        (items * point.cpuMs * draw.probe) / speedUp,
        (items * point.processCpuMs * draw.probe) / speedUpOf(calibration, cores),
        rounds * point.latencyMs * draw.probe,
        mainMs,
      )
    )
  }
  const busyShare = draw.wallMs === 0 ? 1 : Math.min(1, profile.cpuMs / profile.wallMs)
  const computing = draw.wallMs * busyShare + thereMs * draw.copy
  const waiting = draw.wallMs * (1 - busyShare)
  // Seven items on two workers take as long as eight: somebody has the last one alone.
  const even = Math.ceil(items / workers) * workers
  const workMs = even * (computing / speedUp + waiting / workers)
  // At the end of a map items go one by one (executor/map/chunk.ts), so only what is longer than
  // the others hangs over.
  const tailMs = (draw.wallMs * (profile.longestOverMean - 1)) / 2
  return beginMs + Math.max(workMs + (workers > 1 ? tailMs : 0), mainMs)
}

/** What others take of the cores is not ours. */
function effective(speedUp: number, { foreignCores }: Profile, { cores }: Circumstances): number {
  return Math.max(
    0.5,
    Math.min(speedUp, Math.max(1, cores - foreignCores) * (speedUp / Math.min(cores, Math.max(1, speedUp)))),
  )
}

function copyingOn(
  way: Way,
  { crossing }: Profile,
  calibration: Calibration,
): { hereMs: number; thereMs: number } {
  const { hereMs, thereMs, bytes, bufferBytes } = crossing
  if (way === 'processes') {
    const mebibytes = bytes / 2 ** 20
    const pipeMs = (mebibytes * calibration.processes.copyMsPerMiB) / 2
    return { hereMs: hereMs + pipeMs / 2, thereMs: thereMs + pipeMs / 2 }
  }
  if (way !== 'threads, moving' && way !== 'threads, sharing') return { hereMs, thereMs }
  const left = bytes === 0 ? 0 : Math.max(0, 1 - bufferBytes / bytes)
  const fixedMs = way === 'threads, moving' ? calibration.moveMs : calibration.shareMs
  return { hereMs: hereMs * left + fixedMs / 2, thereMs: thereMs * left + fixedMs / 2 }
}

function blockedBy(plan: Plan, profile: Profile, { items, calibration }: Circumstances): number {
  const { way, point } = plan
  if (way === 'plain loop') return items * profile.cpuMs
  if (way === 'coroutines') return items * (point?.cpuMs ?? profile.cpuMs)
  const { callMs } = way === 'processes' ? calibration.processes : calibration.threads
  return items * (copyingOn(way, profile, calibration).hereMs + callMs)
}

function chunkOf({ wallMs, longestOverMean }: Profile, items: number, workers: number): number {
  if (longestOverMean > 5) return 1
  const wanted = Math.max(1, Math.floor(chunkMs / Math.max(wallMs, 1e-6)))
  return Math.max(1, Math.min(wanted, Math.ceil(items / (8 * workers))))
}

/** The concurrency with the least time for one more item. */
function bestPoint({ probe }: Profile, most: number): ProbePoint | undefined {
  let best: ProbePoint | undefined
  for (const point of probe)
    if (point.concurrency <= most && (best === undefined || point.perItemMs < 0.95 * best.perItemMs))
      best = point
  return best
}

/** The same draws for the same profile: a choice must not change because it is asked for twice. */
function drawn(profile: Profile, { measured }: Calibration): Draw[] {
  const chance = new VirtualRuntime({ seed: 1 })
  const random = () => chance.random()
  const around = (spread: number) => Math.exp(spread * normal(random))
  const { samplesMs, itemsInSample, foreignCores } = profile
  const noise = 0.02 + 0.1 * Math.min(2, foreignCores)
  return Array.from({ length: drawsEach }, (_, nth) => {
    let [ms, items] = [0, 0]
    for (let at = 0; at < samplesMs.length; at += 1) {
      const drawn = Math.floor(random() * samplesMs.length)
      const count = itemsInSample?.[drawn] ?? 1
      ms += count * (samplesMs[drawn] as number)
      items += count
    }
    return {
      wallMs: (ms / Math.max(1, items)) * around(noise),
      copy: around(0.15 + noise),
      calibrated: around(measured ? 0.15 : 0.35),
      speedUp: around(measured ? 0.05 : 0.1),
      probe: around(0.08 + noise),
      more: nth / (drawsEach - 1),
    }
  })
}

/** Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/**
 * Whether most of the work is native and asynchronous: it uses libuv's threads already. Where the
 * system does not tell what they computed, it is what is left of the process's time at its least:
 * V8's own threads compile and collect beside the first items, and hardly beside later ones.
 */
export function isNativeWork(profile: Profile): boolean {
  const { returnsPromise, processCpuMs, cpuMs, wallMs, probe } = profile
  const nativeMs =
    profile.nativeCpuMs ?? Math.min(...[profile, ...probe].map(one => one.processCpuMs - one.cpuMs))
  const isMost = nativeMs > cpuMs && nativeMs > processCpuMs / 2
  return returnsPromise && isMost && nativeMs > Math.max(0.1, wallMs / 8)
}
