/**
 * What a comparison says, in one sentence and one command. It calls nothing faster unless the
 * interval excludes 1.
 */
import { decide } from '../../measure/estimate.ts'
import { summaryOf } from '../ending.ts'
import { cores, duration, factor, factorWithin } from '../figures.ts'
import { type Comparison, type Figures, ofModel, type Row } from './comparison.ts'
import { plainLoop } from './contender.ts'
import type { Subject } from './subject.ts'

export interface Verdict {
  /** `wrong`: a model failed or gave another answer; the others' figures still stand. */
  readonly kind: 'faster' | 'not faster' | 'undecided' | 'wrong'
  /**
   * The model to use: the fastest, or the plain loop when nothing beats it; undefined while
   * undecided.
   */
  readonly use: Row['model'] | undefined
  readonly sentence: string
  /** The next command to type. */
  readonly next: string
}

type Measured = Row & { readonly figures: Figures }

export function verdictOf(subject: Subject, comparison: Comparison): Verdict {
  const { rows } = comparison
  const plain = rows[0]
  if (plain?.failure !== undefined) {
    const sentence = `The task itself fails, on the plain loop: ${ended(summaryOf(plain.failure))}`
    return { kind: 'wrong', use: undefined, sentence, next: subject.commandToRun('coroutines') }
  }
  const speed = judgeSpeed(subject, comparison)
  const complaints = [...failures(rows), ...wrongAnswers(rows)]
  if (complaints.length === 0) return speed
  return {
    ...speed,
    kind: 'wrong',
    sentence: [...complaints, speed.sentence].filter(text => text !== '').join(' '),
  }
}

/** Models that failed alike share a sentence. */
function failures(rows: readonly Row[]): string[] {
  const failed = rows.filter(({ failure }) => failure !== undefined)
  const byReason = Map.groupBy(failed, ({ failure }) => summaryOf(failure))
  return [...byReason].map(
    ([reason, alike]) => `${capital(alike.map(({ model }) => model).join(' and '))} failed: ${ended(reason)}`,
  )
}

function wrongAnswers(rows: readonly Row[]): string[] {
  const wrong = rows.filter(({ answer }) => answer?.ok === false)
  if (wrong.some(({ model }) => model === plainLoop)) {
    return ["The plain loop gives another answer each time, so the answers of the models can't be checked."]
  }
  return wrong.map(
    ({ model, answer }) => `${capital(model)} gave a wrong answer: ${ended(answer?.shows ?? '')}`,
  )
}

function judgeSpeed(subject: Subject, comparison: Comparison): Verdict {
  const measureLonger = subject.commandToMeasure(Math.max(15, comparison.rounds * 3))
  const fastestFirst = comparison.rows
    .filter(
      (row): row is Measured =>
        row.model !== plainLoop && row.figures !== undefined && row.answer?.ok === true,
    )
    .toSorted((a, b) => b.figures.speedUp.median - a.figures.speedUp.median)
  const [fastest] = fastestFirst
  if (fastest === undefined) return { kind: 'wrong', use: undefined, sentence: '', next: measureLonger }

  const faster = fastestFirst.filter(row => decide(row.figures.speedUp) === 'above')
  const [winner] = faster
  if (winner !== undefined) {
    return {
      kind: 'faster',
      use: winner.model,
      sentence: `${gain(winner)}${runnersUp(winner, faster)}.${roughly(comparison)}`,
      next: subject.commandToRun(winner.model),
    }
  }
  const open = fastestFirst.find(row => decide(row.figures.speedUp) === 'undecided')
  if (open !== undefined) {
    return {
      kind: 'undecided',
      use: undefined,
      sentence: `Undecided: ${doubt(open)}. ${reasonFor(comparison)}`,
      next: measureLonger,
    }
  }
  if (comparison.disturbed) {
    return {
      kind: 'undecided',
      use: undefined,
      sentence: `Undecided: nothing was faster here and now. ${reasonFor(comparison)}`,
      next: measureLonger,
    }
  }
  const nearest = `${fastest.model}: ${factorWithin(fastest.figures.speedUp)}`
  const sentence = `Keep the plain loop: nothing is faster (the nearest, ${nearest}).${tooSmall(comparison)}`
  return { kind: 'not faster', use: plainLoop, sentence, next: measureLonger }
}

function gain({ model, figures }: Measured): string {
  return `${capital(model)} are ${factorWithin(figures.speedUp)} as fast as the plain loop`
}

/**
 * The interval holds all the same: what disturbed one run disturbed the one beside it. The figure
 * may be another on a quiet machine.
 */
function roughly(comparison: Comparison): string {
  return comparison.disturbed ? ` ${othersKept(comparison)}, so the figure is a rough one.` : ''
}

/** The figure that makes the machine a noisy one. */
function othersKept({ foreignCores, disturbedModel }: Comparison): string {
  return disturbedModel === undefined
    ? `Others kept ${cores(foreignCores)} cores busy meanwhile`
    : `Others kept ${cores(disturbedModel.foreignCores)} cores busy in the runs ${ofModel(disturbedModel)}`
}

/**
 * Others that are faster than the plain loop too; "as good" when their intervals overlap the
 * winner's.
 */
function runnersUp(winner: Measured, faster: readonly Measured[]): string {
  const others = faster.filter(row => row !== winner)
  if (others.length === 0) return ''
  return `; ${others.map(row => `${row.model} ${row.figures.speedUp.high >= winner.figures.speedUp.low ? 'about the same' : 'less'} (${factor(row.figures.speedUp.median)})`).join(', ')}`
}

/** Work that is over before it could be handed over. */
function tooSmall({ rows: [plain] }: Comparison): string {
  const ms = plain?.figures?.wallMs.median
  return ms === undefined || ms > smallWorkMs
    ? ''
    : ` One run takes ${duration(ms)}: handing it over costs more than that.`
}

const smallWorkMs = 5

function doubt({ model, figures }: Measured): string {
  if (figures.speedUp.high === Number.POSITIVE_INFINITY)
    return 'fewer than three runs tell nothing about their spread'
  return `${model} are somewhere from ${factor(figures.speedUp.low)} to ${factor(figures.speedUp.high)} as fast as the plain loop`
}

function reasonFor(comparison: Comparison): string {
  return comparison.disturbed
    ? `${othersKept(comparison)}; measure again when the machine is quiet.`
    : 'The runs differ too much to say more; measure longer, or give it more to do.'
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
}
