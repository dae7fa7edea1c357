/**
 * `atonce trace file#task --input …`: runs a task over its inputs, writes what happened when and
 * where as a file for Perfetto, and says what time was lost to.
 *
 *     channels of trace.ts ─▶ Recorder ─▶ lanes ─▶ events ─▶ trace.json (trace/report.ts)
 *                                 ├─▶ lost: what the workers' time went to
 *                                 └─▶ path: what the last outcome waited for
 */
import { performance } from 'node:perf_hooks'
import type { Executor } from '../index.ts'
import { checkedInputs } from './call.ts'
import { type ExitCode, exitCodes, UsageError } from './ending.ts'
import { counted } from './figures.ts'
import { type InputOptions, type Inputs, openInputs } from './inputs.ts'
import { limited } from './limited.ts'
import { closeExecutors } from './models.ts'
import { onModel, type Where } from './on-model.ts'
import { openOutput } from './output.ts'
import { startProgress } from './progress.ts'
import { checkReportFiles, type ReportFiles } from './report-file.ts'
import { explained } from './run.ts'
import { loadTarget, type Target } from './target.ts'
import type { LoopUse } from './trace/lost.ts'
import { type Recording, recordHere } from './trace/recorder.ts'
import { headlineOf, reportTrace, type Traced } from './trace/report.ts'
import { traceProgram } from './trace-program.ts'

export interface TraceOptions extends InputOptions, ReportFiles, Where {
  readonly output: string
  readonly keep: number
  readonly timeout?: number
  readonly json?: boolean
  /** Of a program that runs, instead of a task; and how long to listen to it, in ms. */
  readonly pid?: string
  readonly for: number
}

/** A task, or a program that runs. */
export async function trace(target: string | undefined, options: TraceOptions): Promise<ExitCode> {
  const { pid, input, workers } = options
  if (pid === undefined) {
    if (target !== undefined) return await traceTask(target, options)
    throw new UsageError(
      'atonce trace takes a task, as ./primes.ts#countPrimes, or --pid with the number of a program that runs.',
    )
  }
  const ofTask = target ?? (input.length > 0 ? '--input' : workers === undefined ? undefined : '--workers')
  if (ofTask === undefined) return await traceProgram({ ...options, pid })
  throw new UsageError(`atonce trace --pid listens to a program that runs; leave out ${ofTask}.`)
}

/** A run, as it was recorded. */
interface TracedRun {
  readonly recording: Recording
  readonly workers: number
  readonly loop: LoopUse
  /** Results that there were; and why there are no more, if a call failed. */
  readonly results: number
  readonly failure: unknown
}

/** The file is written too when a call fails; then the command fails. */
async function traceTask(targetText: string, options: TraceOptions): Promise<ExitCode> {
  const target = await loadTarget(targetText)
  const inputs = await openInputs(options.input, options.as)
  await checkReportFiles(options)
  const file = await openOutput(options.output, 65_536)
  try {
    const traced = await onModel(
      options,
      (pool, signal) => record(pool, target, inputs, options, signal),
      work => limited(target.label, options, work),
    )
    await reportTrace(asTraced(target, traced, options), file, options)
    if (traced.failure !== undefined) throw traced.failure
  } finally {
    await file.discard()
  }
  return exitCodes.ok
}

async function record(
  pool: Executor,
  { task, label }: Target,
  { items, count }: Inputs,
  { keep, timeout }: TraceOptions,
  signal: AbortSignal,
): Promise<TracedRun> {
  const progress = startProgress(label)
  let results = 0
  let failure: unknown
  const recorder = recordHere(keep)
  const before = performance.eventLoopUtilization()
  try {
    const checked = checkedInputs(label, task, items) as AsyncIterable<never>
    const onProgress = (settled: number) => progress.show(settled, count)
    const limits = { signal, ...(timeout === undefined ? {} : { timeoutMs: timeout }) }
    for await (const _ of pool.with(limits).map(task, checked, { onProgress })) results += 1
  } catch (error) {
    if (signal.aborted) throw error
    failure = explained(error, { label, task }, results, count)
  } finally {
    progress.stop()
  }
  const loop = performance.eventLoopUtilization(before)
  const recording = recorder.stop()
  if (failure !== undefined) await closeExecutors([pool], { atOnce: true })
  return { recording, workers: pool.workers, loop, results, failure }
}

function asTraced({ label }: Target, run: TracedRun, { on }: TraceOptions): Traced {
  const { recording, loop, results } = run
  return {
    ...{ recording, loop, workers: on === 'coroutines' ? undefined : run.workers },
    program: { pid: process.pid, name: 'atonce trace', title: `atonce trace ${label}` },
    about: { target: label, on, results },
    headline: headlineOf(`${label} on ${on}: ${counted(results, 'result')}`, recording),
    next: `npx atonce scale ${label} --input …`,
  }
}
