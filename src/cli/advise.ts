/**
 * `atonce advise file#task --input …`: tries a task on some inputs and says which model to use for
 * all, and why.
 */
import { type Choice, choose } from '../choose.ts'
import { harmless } from '../live/harmless.ts'
import { adviceRows, titles } from './advise/words.ts'
import { taskAndInputs } from './call.ts'
import { type ExitCode, exitCodes } from './ending.ts'
import { duration } from './figures.ts'
import type { InputOptions } from './inputs.ts'
import { jsonDocument } from './json.ts'
import { limited } from './limited.ts'
import { occasion } from './occasion.ts'
import { print } from './print.ts'
import { checkReportFiles, type ReportFiles, writeReportFiles } from './report-file.ts'
import { doubtful, good, quiet } from './style.ts'
import { surroundings, surroundingsLine } from './surroundings.ts'
import { type Column, table } from './table.ts'

export interface AdviseOptions extends InputOptions, ReportFiles {
  readonly count?: number
  readonly workers?: number
  readonly pilot?: boolean
  readonly timeout?: number
  readonly json?: boolean
}

const columns: readonly Column[] = titles.map((title, at) => ({
  title,
  ...(at === 1 || at === 2 ? { align: 'right' as const } : {}),
  ...(at === 2 ? { drop: 1 } : {}),
}))

/** A trial runs for a second, or as long as one item takes. */
const usualTimeoutMs = 30_000

/** Exit code 3 where two ways are too near to each other to tell. */
export async function advise(targetText: string, options: AdviseOptions): Promise<ExitCode> {
  const { target, inputs } = await taskAndInputs(targetText, options)
  const { task, label } = target
  await checkReportFiles(options)
  const begun = occasion()
  const limit = { timeout: options.timeout ?? usualTimeoutMs, json: options.json === true }
  const choice = await limited(label, limit, () =>
    choose(task, {
      inputs: inputs as never[],
      ...(options.count === undefined ? {} : { count: options.count }),
      ...(options.workers === undefined ? {} : { workers: options.workers }),
      ...(options.pilot ? { repeatable: true } : {}),
      ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout }),
    }),
  )
  const here = surroundings()
  const next = nextCommand(label, choice)
  const written = await writeReportFiles(options, async () => {
    const { pictureOf, reportOf } = await import('./report/advise-report.ts')
    return { report: () => reportOf(label, choice, here, begun, next), picture: () => pictureOf(choice) }
  })
  if (options.json) {
    await print(
      `${jsonDocument({ schema: 'atonce.advise/1', machine: here, target: label, ...choice, next })}\n`,
    )
  } else {
    const paint = choice.confidence === 'sure' ? good : doubtful
    const { profile } = choice
    const lines = [
      quiet(surroundingsLine(here)),
      paint(harmless(choice.sentence)),
      quiet(
        `trial: ${profile.items} items, ${duration(profile.trialMs)}${choice.piloted ? ', and a pilot' : ''}`,
      ),
      ...choice.reasons.map(reason => harmless(`  ${reason}`)),
      table(columns, adviceRows(choice)),
      ...choice.cautions.map(caution => doubtful(harmless(`! ${caution}`))),
      ...written,
      quiet(`Next: ${next}`),
    ]
    await print(`${lines.join('\n')}\n`)
  }
  return choice.confidence === 'undecided' ? exitCodes.undecided : exitCodes.ok
}

function nextCommand(label: string, { way }: Choice): string {
  return way === 'plain loop' || way === 'coroutines'
    ? `npx atonce compare ${label} --input …`
    : `npx atonce run ${label} --input … --on ${way === 'processes' ? 'processes' : 'threads'}`
}
