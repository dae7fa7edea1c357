/** A comparison on the terminal: headline, table, verdict, next command. */

import { quietCores } from '../../measure/machine-load.ts'
import { summaryOf } from '../ending.ts'
import { cores, counted, cpuSeconds, durationWithin, factorWithin, megabytes } from '../figures.ts'
import { bad, doubtful, emphasis, good, quiet } from '../style.ts'
import { type Column, table } from '../table.ts'
import { type Comparison, ofModel, type Row } from './comparison.ts'
import { plainLoop } from './contender.ts'
import type { Result } from './result.ts'

const columns: readonly Column[] = [
  { title: 'model' },
  { title: 'wall [95 %]', align: 'right' },
  { title: 'CPU', align: 'right', drop: 1 },
  { title: 'cores', align: 'right', drop: 3 },
  { title: 'speed-up [95 %]', align: 'right' },
  { title: 'memory', align: 'right', drop: 2 },
  { title: '' },
]

export function screenOf({ subject, comparison, verdict, learnt, pictureFile }: Result): string {
  const paint = verdict.kind === 'faster' ? good : verdict.kind === 'wrong' ? bad : doubtful
  const lines = [
    emphasis(subject.title),
    quiet(conditions(comparison)),
    table(columns, comparison.rows.map(cells)),
    ...answers(comparison.rows),
    paint(verdict.sentence),
  ]
  if (learnt !== undefined) lines.push(`Learnt: ${learnt}`)
  if (pictureFile !== undefined) lines.push(`Picture: ${pictureFile}`)
  lines.push(quiet(`Next: ${verdict.next}`))
  return `${lines.join('\n')}\n`
}

/** `5 runs each, interleaved; quiet machine (others: 0.02 cores)`: with the figure that decides. */
export function conditions(comparison: Comparison): string {
  const { rounds, foreignCores, companionCores = 0, disturbed, disturbedModel } = comparison
  const runs = `${counted(rounds, 'run')} each, interleaved`
  if (foreignCores === undefined) return runs
  const server = companionCores === 0 ? '' : `, its server: ${cores(companionCores)}`
  const during =
    disturbedModel === undefined
      ? ''
      : `, ${cores(disturbedModel.foreignCores)} in the runs ${ofModel(disturbedModel)}`
  const machine = disturbed ? 'noisy machine' : foreignCores > quietCores ? 'cores to spare' : 'quiet machine'
  return `${runs}; ${machine} (others: ${cores(foreignCores)} cores${during}${server})`
}

/** `threads ×2`; the plain loop and coroutines share one core whatever their number. */
export function modelName({ model, workers, figures }: Row): string {
  return model === plainLoop || model === 'coroutines' || figures === undefined
    ? model
    : `${model} ×${workers}`
}

function cells(row: Row): string[] {
  const { figures, answer } = row
  if (figures === undefined) return [modelName(row), '–', '–', '–', '–', '–', bad('✗')]
  return [
    modelName(row),
    durationWithin(figures.wallMs),
    cpuSeconds(figures.cpuMs),
    cores(figures.coresBusy),
    row.model === plainLoop ? '1' : factorWithin(figures.speedUp),
    megabytes(figures.peakBytes),
    answer?.ok ? good('✓') : bad('✗'),
  ]
}

/** What the marks stand for: the answer, once, and each that is not that. */
function answers(rows: readonly Row[]): string[] {
  const right = rows.find(({ answer, failure }) => failure === undefined && answer?.ok)?.answer
  const wrong = rows
    .filter(({ answer, failure }) => failure !== undefined || answer?.ok === false)
    .map(row =>
      bad(`✗ ${row.model}: ${row.failure === undefined ? row.answer?.shows : summaryOf(row.failure)}`),
    )
  return [...(right === undefined ? [] : [`${good('✓')} ${right.shows}`]), ...wrong]
}
