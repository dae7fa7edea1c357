/**
 * What a comparison teaches: what its figures say, model by model, and what `auto()` saw of the
 * items when it ran the same work and chose a model for it. No word of it is written beforehand for
 * a workload.
 */
import { auto } from '../../choose.ts'
import type { ExecutorStats } from '../../index.ts'
import { decide } from '../../measure/estimate.ts'
import type { Row } from './comparison.ts'
import type { Subject } from './subject.ts'

/** What `auto()` decided for a task, and why. */
export type ChooserNote = NonNullable<ExecutorStats['choices']>[number]

/**
 * Runs the work once more, on `auto()`. No notes if that fails: the models have told of their
 * failures already.
 */
export async function askChooser(
  subject: Subject,
  workers: number | undefined,
): Promise<readonly ChooserNote[]> {
  const executor = auto(workers === undefined ? {} : { workers })
  try {
    await subject.prepareOn(executor, () => {})()
    return executor.stats().choices ?? []
  } catch {
    return []
  } finally {
    await executor.close({ graceMs: 0 })
  }
}

/** The plain loop's row is not told; nor are models whose speed-up may be above 1 or not. */
export function learntFrom(rows: readonly Row[], notes: readonly ChooserNote[]): string | undefined {
  const told = [...figuresIn(rows), ...choicesIn(rows, notes.filter(isDecided).slice(0, mostTasks))]
  return told.length === 0 ? undefined : told.join(' ')
}

/**
 * The reasons of `auto()` explain what was measured. Where it took a model that was not among the
 * fastest, its reasons explain nothing, and that alone is said.
 */
function choicesIn(rows: readonly Row[], notes: readonly ChooserNote[]): string[] {
  const best = fastestIn(rows)
  const [first] = notes
  if (first === undefined || notes.some(({ way }) => best.some(model => way.includes(model))))
    return notes.map(reasonsIn)
  return [`auto() took ${first.way} for ${first.task}, which is not the fastest here.`]
}

/** Who beats the plain loop, and whose interval reaches up to the first one's; else the loop. */
function fastestIn([plain, ...rows]: readonly Row[]): string[] {
  const faster = rows
    .flatMap(({ model, figures, answer }) =>
      figures !== undefined && answer?.ok === true && decide(figures.speedUp) === 'above'
        ? [{ model, ...figures.speedUp }]
        : [],
    )
    .toSorted((a, b) => b.median - a.median)
  const [winner] = faster
  if (winner === undefined) return plain === undefined ? [] : [plain.model]
  return faster.filter(({ high }) => high >= winner.low).map(({ model }) => model)
}

const mostTasks = 2
const mostReasons = 3

function isDecided({ way, reasons }: ChooserNote): boolean {
  return way !== 'trial' && reasons.length > 0
}

function reasonsIn({ task, way, confidence, reasons }: ChooserNote): string {
  return [`auto() chose ${way} for ${task} (${confidence}).`, ...reasons.slice(0, mostReasons)].join(' ')
}

interface ModelFigures {
  readonly model: string
  readonly speedUp: number
  readonly faster: boolean
  readonly coresBusy: number | undefined
}

function figuresIn(rows: readonly Row[]): string[] {
  const known = rows
    .slice(1)
    .flatMap(({ model, figures, answer }): ModelFigures[] => {
      if (figures === undefined || answer?.ok !== true) return []
      const decision = decide(figures.speedUp)
      const { coresBusy, speedUp } = figures
      return decision === 'undecided'
        ? []
        : [{ model, speedUp: speedUp.median, faster: decision === 'above', coresBusy }]
    })
    .toSorted((a, b) => b.speedUp - a.speedUp)
  if (known.length === 0) return []
  const faster = known.filter(one => one.faster)
  const parts = [
    faster.length === 0 ? 'nothing beats the plain loop' : faster.map(gain).join(', '),
    ...known.filter(one => !one.faster).map(noGain),
    ...cpuPrice(known),
  ]
  const sentence = parts.join('; ')
  return [`${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`]
}

function gain(one: ModelFigures): string {
  return `${one.model} are ${factor(one)} as fast${inBrackets(busyCores(one))}`
}

/** Within a tenth below the plain loop counts as equal: less comes and goes with the machine. */
function noGain(one: ModelFigures): string {
  return one.speedUp >= 0.9
    ? `${one.model} gain nothing${inBrackets(busyCores(one))}`
    : `${one.model} lose${inBrackets(factor(one), busyCores(one))}`
}

/** More than one core of work, and what timers, garbage collection and messages take besides. */
const severalCores = 1.25
/** Models share the same busy cores and caches; a fifth more CPU time is more than chance. */
const moreCpuFrom = 1.2

/** Who spends the most CPU time on the same work, against who spends the least. */
function cpuPrice(known: readonly ModelFigures[]): string[] {
  // In units of the plain loop's wall time: cores busy × wall, and wall = 1 ÷ speed-up.
  const dearestFirst = known
    .filter(({ coresBusy = 0 }) => coresBusy > severalCores)
    .map(({ model, coresBusy = 0, speedUp }) => ({ model, spent: coresBusy / speedUp }))
    .toSorted((a, b) => b.spent - a.spent)
  const [dearest, cheapest] = [dearestFirst[0], dearestFirst.at(-1)]
  if (dearest === undefined || cheapest === undefined) return []
  const ratio = dearest.spent / cheapest.spent
  return ratio < moreCpuFrom
    ? []
    : [`${dearest.model} spend ${ratio.toFixed(1)}× the CPU time of ${cheapest.model}`]
}

function factor({ speedUp }: ModelFigures): string {
  return `${speedUp.toFixed(speedUp < 10 ? 2 : 1)}×`
}

function busyCores({ coresBusy }: ModelFigures): string | undefined {
  return coresBusy === undefined ? undefined : `${coresBusy.toFixed(1)} cores busy`
}

function inBrackets(...figures: (string | undefined)[]): string {
  const known = figures.filter(figure => figure !== undefined)
  return known.length === 0 ? '' : ` (${known.join(', ')})`
}
