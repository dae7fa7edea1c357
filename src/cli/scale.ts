/** `atonce scale file#task --workers 1..8`: what more workers bring, and what they lose it to. */
import { OptionError } from '../index.ts'
import { harmless } from '../live/harmless.ts'
import { type Scaling, scale as take } from '../measure.ts'
import { taskAndInputs } from './call.ts'
import { CommandError, type ExitCode, exitCodes, framesOf, summaryOf, UsageError } from './ending.ts'
import { counted } from './figures.ts'
import type { InputOptions } from './inputs.ts'
import { jsonDocument } from './json.ts'
import { limited } from './limited.ts'
import { occasion } from './occasion.ts'
import { print } from './print.ts'
import { startProgress } from './progress.ts'
import { checkReportFiles, type ReportFiles, writeReportFiles } from './report-file.ts'
import { culpritSentence, lawsOf, nextCommand, rowOf, sentenceOf, titles } from './scale/words.ts'
import { doubtful, good, quiet } from './style.ts'
import { surroundings, surroundingsLine } from './surroundings.ts'
import { table } from './table.ts'

export interface ScaleOptions extends InputOptions, ReportFiles {
  readonly workers?: readonly number[]
  readonly runs?: number
  readonly timeout?: number
  readonly json?: boolean
  readonly acceptUndecided?: boolean
}

/** Exit code 3 where others were busy meanwhile. */
export async function scale(targetText: string, options: ScaleOptions): Promise<ExitCode> {
  const { target, inputs } = await taskAndInputs(targetText, options)
  const { task, label } = target
  if (inputs.length === 0) throw new UsageError(`atonce scale needs inputs: --input '[[0,1000],[1000,2000]]'`)
  await checkReportFiles(options)
  const [here, begun] = [surroundings(), occasion()]
  const progress = startProgress(label)
  let scaling: Scaling
  try {
    scaling = await limited(label, options, () =>
      take(task, {
        inputs: inputs as never[],
        onProgress: progress.show,
        ...(options.workers === undefined ? {} : { workers: options.workers }),
        ...(options.runs === undefined ? {} : { rounds: options.runs }),
      }),
    )
  } catch (error) {
    if (error instanceof OptionError || error instanceof CommandError) throw error
    const message = `${label} failed: ${summaryOf(error)}`
    throw new CommandError(exitCodes.failed, message, { cause: error, detail: framesOf(error) })
  } finally {
    progress.stop()
  }
  const [sentence, next] = [sentenceOf(scaling), nextCommand(label, scaling.best)]
  const written = await writeReportFiles(options, async () => {
    const { pictureOf, reportOf } = await import('./report/scale-report.ts')
    return { report: () => reportOf(label, scaling, here, begun, next), picture: () => pictureOf(scaling) }
  })
  if (options.json)
    await print(
      `${jsonDocument({ schema: 'atonce.scale/1', machine: here, target: label, ...scaling, sentence, next })}\n`,
    )
  else await print(screenOf(scaling, { sentence, next, label, written }))
  return scaling.disturbed && !options.acceptUndecided ? exitCodes.undecided : exitCodes.ok
}

function screenOf(
  scaling: Scaling,
  told: { sentence: string; next: string; label: string; written: readonly string[] },
): string {
  const { points, rounds, items, foreignCores, disturbed } = scaling
  const culprit = culpritSentence(scaling)
  const columns = titles.map((title, at) => ({
    title,
    ...(at === titles.length - 1 ? {} : { align: 'right' as const }),
    ...(at === 4 ? { drop: 1 } : {}),
  }))
  return `${[
    quiet(surroundingsLine(surroundings())),
    quiet(
      `${harmless(told.label)}, ${counted(items, 'input')}, ${rounds} rounds, others kept ${foreignCores.toFixed(2)} cores busy`,
    ),
    table(columns, points.map(rowOf)),
    (disturbed ? doubtful : good)(told.sentence),
    ...(culprit === undefined ? [] : [culprit]),
    ...lawsOf(scaling).map(line => quiet(line)),
    ...told.written,
    quiet(`Next: ${told.next}`),
  ].join('\n')}\n`
}
