/** The choice in words: one sentence, why, and what to look out for. */
import type { Estimate } from '../measure/estimate.ts'
import { type Decided, noisyCores } from './decide.ts'
import { isNativeWork, type Prediction } from './predict.ts'
import { type Profile, waitShare } from './profile.ts'

/** `threads × 8, moving buffers`. */
export function wayInWords({ way, workers, concurrency }: Prediction): string {
  if (way === 'plain loop') return 'a plain loop'
  if (way === 'coroutines') return `coroutines, ${concurrency} at a time`
  if (way === 'threads × coroutines') return `threads × ${workers}, ${concurrency} calls at a time on each`
  if (way === 'threads, moving') return `threads × ${workers}, moving buffers (not copying)`
  if (way === 'threads, sharing') return `threads × ${workers}, on shared buffers`
  return `${way} × ${workers}`
}

export function sentenceOf(
  { chosen, confidence, percent }: Decided,
  predictions: readonly Prediction[],
): string {
  const loop = predictions.find(({ way }) => way === 'plain loop')
  const doubt = confidence === 'undecided' ? `undecided (${percent} %)` : `${confidence} (${percent} %)`
  if (loop === undefined || chosen === loop)
    return `Use a plain loop: ${inTime(chosen.ms)}, and nothing else is worth leaving it; ${doubt}.`
  return `Use ${wayInWords(chosen)}: ${inTime(chosen.ms)} where a plain loop takes ${inTime(loop.ms)}, ${(loop.ms.median / chosen.ms.median).toFixed(1)} times as fast; ${doubt}.`
}

export function reasonsFor(
  { chosen }: Decided,
  predictions: readonly Prediction[],
  profile: Profile,
  cores: number,
): string[] {
  const { wallMs, cpuMs, crossing, longestOverMean, probe, firstMs, foreignCores } = profile
  const reasons: string[] = []
  const waiting = waitShare(profile)
  if (!profile.returnsPromise)
    reasons.push(
      `An item takes ${inMs(wallMs)}, all of it JavaScript on one core; it never waits, so coroutines can't help.`,
    )
  else if (isHere(chosen) && isNativeWork(profile))
    reasons.push(
      `Most of an item's work is native and runs on libuv's threads already; more JavaScript threads add nothing to it.`,
    )
  else
    reasons.push(
      waiting > 0.5
        ? `${percentOf(waiting)} of an item's ${inMs(wallMs)} is waiting, which calls that run side by side overlap.`
        : `An item takes ${inMs(wallMs)}, of which ${inMs(cpuMs)} compute.`,
    )
  const best = probe.find(({ concurrency }) => concurrency === chosen.concurrency) ?? probe.at(-1)
  if (best !== undefined)
    reasons.push(
      `With ${best.concurrency} at a time one more item costs ${inMs(best.perItemMs)} instead of ${inMs(wallMs)}.`,
    )
  const copying = crossing.hereMs + crossing.thereMs
  if (crossing.refused === undefined && copying > 0.05 * wallMs && copying > 0.001)
    reasons.push(
      `Copying ${inBytes(crossing.bytes)} there and back costs ${inMs(copying)} an item, ${percentOf(copying / Math.max(wallMs, 1e-9))} of the work itself.`,
    )
  if (longestOverMean > 5)
    reasons.push(
      `The longest item took ${longestOverMean.toFixed(0)} times the mean, so items travel one by one.`,
    )
  if (firstMs > 20 * wallMs && firstMs > 1)
    reasons.push(
      `The first call took ${inMs(firstMs)}: it compiled, or loaded something; each worker pays that once.`,
    )
  const loop = predictions.find(({ way }) => way === 'plain loop')
  if (chosen === loop && loop.ms.median < 5)
    reasons.push(`All of it takes ${inMs(loop.ms.median)}: less than one worker needs to start.`)
  else if (isHere(chosen) && foreignCores > noisyCores)
    reasons.push(
      `Others keep ${foreignCores.toFixed(2)} of ${cores} cores busy, so workers had little left to gain; on a quiet machine they may have more.`,
    )
  for (const { way, vetoed } of predictions)
    if (vetoed !== undefined && way === 'threads')
      reasons.push(`Not on threads: ${vetoed.replace(/[.]?$/, '.')}`)
  return reasons
}

/** Why `auto()` did not look closer at what is left of a map. */
export function reasonsToStay({ callsLeft, waits, hereMs, threadsMs, times }: Staying): string[] {
  const itemMs = inMs(hereMs / Math.max(1, callsLeft))
  return [
    `An item takes ${itemMs} here, ${waits ? 'side by side' : 'with the call around it'}; with ${callsLeft} left that is ${inMs(hereMs)}.`,
    `Threads would take ${inMs(threadsMs)} at best, their start included${times === 1 ? '' : `, ${times === 2 ? '' : 'a '}${inOrder(times)} of it, for as many have come ${times} times`}.`,
  ]
}

/** What is left of a map. */
export interface Staying {
  readonly callsLeft: number
  readonly waits: boolean
  readonly hereMs: number
  readonly threadsMs: number
  /** How often as much has come. */
  readonly times: number
}

function inOrder(times: number): string {
  return ['half', 'third', 'quarter', 'fifth', 'sixth', 'seventh'][times - 2] ?? 'small part'
}

export function cautionsFor(
  { chosen, confidence }: Decided,
  profile: Profile,
  calibrated: boolean,
): string[] {
  const cautions: string[] = []
  if (chosen.way === 'threads, moving')
    cautions.push('What is moved can’t be used by the caller afterwards: pass move(buffer), or share it.')
  if (chosen.way === 'threads, sharing')
    cautions.push('Put the buffers on a SharedArrayBuffer; both sides then see each other’s writes.')
  if (isHere(chosen) && isNativeWork(profile))
    cautions.push('The lever for native work is UV_THREADPOOL_SIZE (4 unless it is set before the start).')
  if (profile.foreignCores > noisyCores)
    cautions.push(
      `Others kept ${profile.foreignCores.toFixed(2)} cores busy during the trial, so nothing is called sure.`,
    )
  const tried = profile.probe.at(-1)?.concurrency
  if (profile.mayGainMore && chosen.way === 'coroutines' && tried !== undefined)
    cautions.push(
      `No more than ${tried} at a time could be tried, for want of inputs or time${tried < chosen.concurrency ? `; ${chosen.concurrency} were not` : ''}: so nothing is called sure.`,
    )
  if (!calibrated)
    cautions.push('This machine is not calibrated, so what workers charge is assumed: npx atonce calibrate')
  if (confidence === 'undecided')
    cautions.push('Two ways are too near to each other to tell; measure them: npx atonce compare')
  if (chosen.blockedMs > 10 && isHere(chosen))
    cautions.push(`This thread is busy for ${inMs(chosen.blockedMs)}: in a server say keepLoopFree.`)
  return cautions
}

/**
 * `trend` is what later inputs of a sample took over earlier ones: those that were not given may go
 * on so.
 */
export function trendCautions(trend: number | undefined): string[] {
  if (trend === undefined) return []
  const [times, what] = trend > 1 ? [trend, 'more'] : [1 / trend, 'less']
  return [
    `Later inputs of the sample take ${what}: its second half ${times.toFixed(1)} times as ${trend > 1 ? 'much' : 'little'} as its first. If the others go on so, the times are wrong: sample from all over them.`,
  ]
}

/** On this event loop: what is said for staying here would contradict another verdict. */
function isHere({ way }: Prediction): boolean {
  return way === 'plain loop' || way === 'coroutines'
}

function inTime({ median, low, high }: Estimate): string {
  return `${inMs(median)} [${inMs(low)}–${inMs(high)}]`
}

export function inMs(ms: number): string {
  if (!Number.isFinite(ms)) return 'never'
  if (ms >= 1_000) return `${(ms / 1_000).toPrecision(3)} s`
  if (ms >= 1) return `${ms.toPrecision(3)} ms`
  return ms >= 0.001 ? `${(ms * 1_000).toPrecision(3)} µs` : `${(ms * 1e6).toPrecision(3)} ns`
}

function inBytes(bytes: number): string {
  if (bytes >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(1)} MiB`
  return bytes >= 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${bytes.toFixed(0)} bytes`
}

function percentOf(share: number): string {
  return share > 10 ? 'many times' : `${Math.round(100 * share)} %`
}
