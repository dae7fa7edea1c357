/** What scaling has shown, in words: one sentence, what stands beside it, and the next command. */
import type { Losses, LossName, ScalePoint, Scaling } from '../../measure.ts'
import { duration, factor, factorWithin } from '../figures.ts'

/** What each loss means, and what to do about it. */
const meanings: Readonly<Record<LossName, { readonly is: string; readonly cure: string }>> = {
  'main thread': {
    is: 'the main thread, which makes and hands out the work and is busy all the time',
    cure: 'Give each call more to do, read inputs in the workers, or pass what is shared instead of copied.',
  },
  copying: {
    is: 'copying arguments and results',
    cure: 'Pass move(buffer), or what lies on a SharedArrayBuffer.',
  },
  garbage: {
    is: 'collecting garbage in the workers',
    cure: 'Allocate less in the task: reuse what it fills.',
  },
  tail: {
    is: 'the tail: at the end some workers have nothing left to do',
    cure: 'Make the longest items shorter, or let them come first.',
  },
  lock: {
    is: 'standing still within calls: locks, or files that are read synchronously',
    cure: 'Hold locks for less long; see who waits: npx atonce ps',
  },
  memory: {
    is: 'memory and shared units of the processor: the same work takes more CPU time when all cores are busy',
    cure: 'Work on smaller pieces, that stay in the cache.',
  },
  cores: {
    is: 'too few free cores: workers are ready and others run',
    cure: 'Use no more workers than cores that are free.',
  },
  waiting: {
    is: 'waiting: for the next item to come, or within the task',
    cure: 'If the task waits, let each worker run several calls: threads({ callsPerWorker: 16 }).',
  },
}

export function sentenceOf({ points, best, loopMs, disturbed }: Scaling): string {
  const found = points.find(({ workers }) => workers === best) as ScalePoint
  const most = points.at(-1)?.workers ?? 1
  const doubt = disturbed ? ' Others were busy meanwhile, so this says little.' : ''
  const loop = ratioToLoop(found, loopMs.median)
  if (best === 1)
    return most === 1
      ? `One worker was measured: ${factor(loopMs.median / found.wallMs.median)} as fast as a plain loop.${doubt}`
      : `One worker is enough: no other number up to ${most} is shown to be faster; it is ${factor(loopMs.median / found.wallMs.median)} as fast as a plain loop.${doubt}`
  return `${best} workers are best: ${factorWithin(found.speedUp)} as fast as one, ${percent(found.efficiency)} of the ideal${loop}.${doubt}`
}

function ratioToLoop({ wallMs }: ScalePoint, loopMs: number): string {
  return `, and ${factor(loopMs / wallMs.median)} as fast as a plain loop`
}

/** What is lost most, and what to do; undefined where nothing is worth a word. */
export function culpritSentence({ points, culprit }: Scaling): string | undefined {
  const last = points.at(-1)
  if (last === undefined || culprit === undefined || last.losses === undefined) return undefined
  const { is, cure } = meanings[culprit]
  return `With ${last.workers} workers most is lost to ${is} (${percent(last.losses[culprit])} of their time). ${cure}`
}

/** The fitted laws, each in a line. */
export function lawsOf({ amdahl, usl, points }: Scaling): string[] {
  const most = points.at(-1)?.workers ?? 1
  const lines: string[] = []
  if (amdahl !== undefined) {
    const { serial, most: reach } = amdahl
    const ceiling =
      serial.median < 0.001 ? 'no ceiling in sight' : `at most ${factor(reach.median)} with any number`
    lines.push(
      `Amdahl: ${percent(serial.median, 1)} [${percent(serial.low, 1)}–${percent(serial.high, 1)}] is serial, so ${ceiling}.`,
    )
  }
  if (usl !== undefined) {
    const { contention, coherency, peak } = usl
    const end =
      peak === undefined
        ? 'no peak in what was measured'
        : peak.median > 2 * most
          ? `its peak lies beyond twice what was measured (${2 * most})`
          : `it peaks at ${Math.round(peak.median)} workers [${Math.round(peak.low)}–${Math.round(peak.high)}]`
    lines.push(
      `USL: contention ${percent(contention.median, 1)} [${percent(contention.low, 1)}–${percent(contention.high, 1)}], coherency ${percent(coherency.median, 2)} [${percent(coherency.low, 2)}–${percent(coherency.high, 2)}]; ${end}.`,
    )
  } else if (points.length < 6)
    lines.push('USL: not fitted, which takes six numbers of workers (--workers 1..8).')
  return lines
}

/** `tail 5 %, copying 2 %`: what is worth a word, the largest first. */
export function lostTo(losses: Losses | undefined): string {
  if (losses === undefined) return '–'
  const worth = (Object.entries(losses) as [LossName, number][])
    .filter(([, share]) => share >= 0.02)
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, 3)
  return worth.length === 0 ? 'nothing' : worth.map(([name, share]) => `${name} ${percent(share)}`).join(', ')
}

export function rowOf({ workers, wallMs, speedUp, efficiency, karpFlatt, losses }: ScalePoint): string[] {
  return [
    `${workers}`,
    duration(wallMs.median),
    workers === 1 ? '1' : factorWithin(speedUp),
    percent(efficiency),
    karpFlatt === undefined ? '–' : percent(karpFlatt, 1),
    lostTo(losses),
  ]
}

export const titles: readonly string[] = [
  'workers',
  'wall, median',
  'speed-up [95 %]',
  'efficiency',
  'serial (Karp–Flatt)',
  'lost to',
]

export function nextCommand(label: string, best: number): string {
  return best === 1
    ? `npx atonce advise ${label} --input …`
    : `npx atonce run ${label} --input … --on threads --workers ${best}`
}

export function percent(share: number, digits = 0): string {
  return `${(100 * share).toFixed(digits)} %`
}
