/**
 * `atonce compare <file#task | workload>…`: the same work as a plain loop and on every model,
 * measured side by side.
 */
import { dirname, join } from 'node:path'
import type { SizeName } from '../../gallery/workload.ts'
import type { Model } from '../index.ts'
import { harmless } from '../live/harmless.ts'
import { machine } from '../pool/machine.ts'
import { taskAndInputs } from './call.ts'
import { comparisonOf } from './compare/comparison.ts'
import { documentOf } from './compare/document.ts'
import { askChooser, learntFrom } from './compare/learnt.ts'
import { race } from './compare/race.ts'
import type { Result } from './compare/result.ts'
import { screenOf } from './compare/screen.ts'
import type { Subject } from './compare/subject.ts'
import { taskSubject } from './compare/task-subject.ts'
import { verdictOf } from './compare/verdict.ts'
import { type ExitCode, exitCodes, shortened, UsageError } from './ending.ts'
import type { InputOptions } from './inputs.ts'
import { jsonDocument } from './json.ts'
import { limited } from './limited.ts'
import { mostRepeated, occasion, quoted } from './occasion.ts'
import { writeWhole } from './output.ts'
import { pngOf } from './picture.ts'
import { print } from './print.ts'
import { startProgress } from './progress.ts'
import { checkReport } from './report-file.ts'
import { quiet } from './style.ts'
import { surroundings, surroundingsLine } from './surroundings.ts'
import { looksLikeModule } from './target.ts'

export interface CompareOptions extends InputOptions {
  readonly size?: SizeName
  readonly on: readonly Model[]
  readonly workers?: number
  readonly runs?: number
  readonly timeout?: number
  readonly json?: boolean
  readonly report?: string
  readonly acceptUndecided?: boolean
}

/** What one target may take, unless the number of runs was given. */
const budgetMs = 10_000

/** Everything that was typed is checked before anything is measured. */
export async function compare(targets: readonly string[], options: CompareOptions): Promise<ExitCode> {
  const subjects = await subjectsOf(targets, options)
  if (options.report !== undefined) await checkReport(options.report)
  const here = surroundings()
  const begun = occasion()
  if (!options.json) await print(`${quiet(surroundingsLine(here))}\n`)
  const results: Result[] = []
  await limited(targets.join(' '), options, async () => {
    for (const subject of subjects) {
      const result = await compareOne(subject, options)
      results.push(result)
      if (!options.json) await print(`\n${screenOf(result)}`)
    }
  })
  if (options.report !== undefined) {
    const { reportOf } = await import('./report/report.ts') // Late: the plotting library takes long to load.
    await writeWhole(options.report, reportOf(results, here, begun))
  }
  if (options.json) await print(`${jsonDocument(documentOf(results, here))}\n`)
  else if (options.report !== undefined) await print(`\nReport: ${options.report}\n`)
  return endingOf(results, options)
}

async function subjectsOf(targets: readonly string[], options: CompareOptions): Promise<Subject[]> {
  const modules = targets.filter(looksLikeModule)
  if (modules.length === 0 && options.input.length > 0)
    throw new UsageError(
      '--input is for a task of your own; a workload of the gallery makes its own: --size S, M, L or workshop.',
    )
  if (modules.length === targets.length && options.size !== undefined)
    throw new UsageError('--size is for workloads of the gallery; a task of your own takes --input.')
  const subjects: Subject[] = []
  for (const text of targets)
    subjects.push(
      modules.includes(text) ? await ownSubject(text, options) : await gallerySubject(text, options),
    )
  return subjects
}

async function gallerySubject(name: string, { size }: CompareOptions): Promise<Subject> {
  const { findWorkload, workloadSubject } = await import('./compare/workload-subject.ts')
  return workloadSubject(findWorkload(name), size)
}

async function ownSubject(text: string, { input, as }: CompareOptions): Promise<Subject> {
  const { target, inputs } = await taskAndInputs(text, { input, ...(as === undefined ? {} : { as }) })
  const words = [
    ...input.map(source => `--input ${quoted(shortened(harmless(source), mostRepeated))}`),
    ...(as === undefined ? [] : [`--as ${as}`]),
  ]
  return taskSubject(target, inputs, words.join(' '))
}

async function compareOne(subject: Subject, options: CompareOptions): Promise<Result> {
  const progress = startProgress(subject.name)
  try {
    const { on: models, workers, runs } = options
    const contenders = await race(subject, { models, workers, runs, budgetMs, onProgress: progress.show })
    const comparison = comparisonOf(contenders, machine().cores)
    const verdict = verdictOf(subject, comparison)
    const picture = options.report === undefined ? undefined : subject.picture?.()
    const pictureFile =
      picture === undefined ? undefined : join(dirname(options.report ?? ''), `${subject.name}.png`)
    if (picture !== undefined && pictureFile !== undefined) await writeWhole(pictureFile, pngOf(picture))
    // What explains the verdict is not said where there is none, or where others were in the way.
    const decided = verdict.kind === 'faster' || verdict.kind === 'not faster'
    const explains = decided && !comparison.disturbed
    const chooser = explains ? await askChooser(subject, workers) : undefined
    const learnt = chooser === undefined ? undefined : learntFrom(comparison.rows, chooser)
    return { subject, comparison, verdict, learnt, chooser, picture, pictureFile }
  } finally {
    progress.stop()
  }
}

function endingOf(results: readonly Result[], { acceptUndecided }: CompareOptions): ExitCode {
  const kinds = results.map(({ verdict }) => verdict.kind)
  if (kinds.includes('wrong')) return exitCodes.failed
  return kinds.includes('undecided') && !acceptUndecided ? exitCodes.undecided : exitCodes.ok
}
