/**
 * `atonce trace --pid N`: records for some seconds what a program that runs asks of its executors.
 * The program is as it was before and after.
 */
import { basename } from 'node:path'
import type { LiveTree } from '../live/tree.ts'
import { type ExitCode, exitCodes } from './ending.ts'
import { counted } from './figures.ts'
import { interruptible } from './interruption.ts'
import { openOutput } from './output.ts'
import type { Asked } from './ps/conversation.ts'
import { openProgram } from './ps/open.ts'
import { whatRuns } from './ps/questions.ts'
import { checkedTrees, parsePid } from './ps.ts'
import { checkReportFiles, type ReportFiles } from './report-file.ts'
import { type Elsewhere, recordElsewhere } from './trace/elsewhere.ts'
import type { Recording } from './trace/recorder.ts'
import { headlineOf, reportTrace } from './trace/report.ts'

export interface TraceProgramOptions extends ReportFiles {
  readonly pid: string
  readonly for: number
  readonly output: string
  readonly keep: number
  readonly json?: boolean
}

export async function traceProgram(options: TraceProgramOptions): Promise<ExitCode> {
  const pid = parsePid(options.pid, 'trace --pid')
  await checkReportFiles(options)
  const file = await openOutput(options.output, 65_536)
  try {
    const { trees, traced } = await interruptible(signal => recordIn(pid, options, signal))
    const { recording, loop, name } = traced
    const program = basename(name) || 'node'
    const { done, failed, cancelled } = recording.each
    const ended = counted(done + failed + cancelled, 'call')
    await reportTrace(
      {
        ...{ recording, loop, workers: workersIn(trees, recording) },
        program: { pid, name: program, title: `${program}, pid ${pid}` },
        about: { pid, script: name },
        headline: headlineOf(`${program}, pid ${pid}: ${ended} ended`, recording),
        next: `npx atonce ps ${pid}`,
      },
      file,
      options,
    )
  } finally {
    await file.discard()
  }
  return exitCodes.ok
}

async function recordIn(
  pid: number,
  { for: forMs, keep }: TraceProgramOptions,
  signal: AbortSignal,
): Promise<{ trees: readonly LiveTree[]; traced: Elsewhere }> {
  const program = await openProgram(pid, {}, signal)
  try {
    checkedTrees(pid, await treesOf(program), 'trace --pid')
    const traced = await recordElsewhere(program, { keep, forMs }, signal)
    return { trees: (await treesOf(program)) ?? [], traced }
  } finally {
    await program.close()
  }
}

async function treesOf(program: Asked): Promise<readonly LiveTree[] | undefined> {
  return ((await program.evaluate(whatRuns)) as { readonly trees?: readonly LiveTree[] }).trees
}

/** Of the executors whose calls were seen: all there are, or those that worked if more. */
function workersIn(trees: readonly LiveTree[], { workers }: Recording): number | undefined {
  const seen = workers.filter(({ worker, crash }) => worker !== undefined && crash === undefined)
  if (seen.length === 0) return undefined
  const names = new Set(seen.map(({ executor }) => executor))
  const there = trees
    .flatMap(({ executors }) => executors)
    .filter(({ name }) => names.has(name))
    .flatMap(({ inside }) => inside.filter(({ kind }) => kind === 'worker'))
  return Math.max(seen.length, there.length)
}
