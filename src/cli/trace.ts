/**
 * `atonce trace file#task --input …`: runs a task over its inputs, writes what happened when and
 * where as a file for Perfetto, and says what time was lost to.
 *
 *     channels of trace.ts ─▶ Recorder ─▶ lanes ─▶ events ─▶ trace.json
 *                                 ├─▶ lost: what the workers' time went to
 *                                 └─▶ path: what the last outcome waited for
 */
import { performance } from 'node:perf_hooks'
import type { Model } from '../index.ts'
import { harmless } from '../live/harmless.ts'
import { checkedInputs } from './call.ts'
import { type ExitCode, exitCodes } from './ending.ts'
import { counted, duration } from './figures.ts'
import { type FileForm, type Inputs, openInputs } from './inputs.ts'
import { interruptible } from './interruption.ts'
import { jsonDocument } from './json.ts'
import { closeExecutors, openExecutor } from './models.ts'
import { occupying } from './occupied.ts'
import { type Output, openOutput } from './output.ts'
import { print } from './print.ts'
import { startProgress } from './progress.ts'
import { explained } from './run.ts'
import { good, quiet } from './style.ts'
import { surroundings, surroundingsLine } from './surroundings.ts'
import { loadTarget, type Target } from './target.ts'
import { traceEvents, traceText } from './trace/events.ts'
import { layOut } from './trace/lanes.ts'
import { type LoopUse, workerTime } from './trace/lost.ts'
import { criticalPath } from './trace/path.ts'
import { Recorder, type Recording } from './trace/recorder.ts'
import { keptSentence, lostLines, pathLines, placesIn, sentenceOf } from './trace/words.ts'

export interface TraceOptions {
  readonly input: readonly string[]
  readonly as?: FileForm
  readonly on: Model
  readonly workers?: number
  readonly output: string
  readonly keep: number
  readonly json?: boolean
}

/** A run, as it was recorded. */
interface Traced {
  readonly recording: Recording
  readonly workers: number
  readonly loop: LoopUse
  /** Results that there were; and why there are no more, if a call failed. */
  readonly results: number
  readonly failure: unknown
}

/** The file is written too when a call fails; then the command fails. */
export async function trace(targetText: string, options: TraceOptions): Promise<ExitCode> {
  const target = await loadTarget(targetText)
  const inputs = await openInputs(options.input, options.as)
  const file = await openOutput(options.output, 65_536)
  try {
    const never = new AbortController().signal
    const work = (signal: AbortSignal) => record(target, inputs, options, signal)
    const traced = await (options.on === 'coroutines' ? occupying(() => work(never)) : interruptible(work))
    await report(target, traced, options, file)
    if (traced.failure !== undefined) throw traced.failure
  } finally {
    await file.discard()
  }
  return exitCodes.ok
}

async function record(
  { task, label }: Target,
  { items, count }: Inputs,
  { on, workers, keep }: TraceOptions,
  signal: AbortSignal,
): Promise<Traced> {
  const pool = openExecutor(on, workers)
  const progress = startProgress(label)
  let results = 0
  let failure: unknown
  const recorder = new Recorder(keep)
  const before = performance.eventLoopUtilization()
  try {
    const checked = checkedInputs(label, task, items) as AsyncIterable<never>
    const onProgress = (settled: number) => progress.show(settled, count)
    for await (const _ of pool.with({ signal }).map(task, checked, { onProgress })) results += 1
  } catch (error) {
    if (signal.aborted) throw error
    failure = explained(error, { label, task }, results, count)
  } finally {
    progress.stop()
    if (signal.aborted) await closeExecutors([pool], { atOnce: true })
  }
  const loop = performance.eventLoopUtilization(before)
  const recording = recorder.stop()
  await closeExecutors([pool], { atOnce: failure !== undefined })
  return { recording, workers: pool.workers, loop, results, failure }
}

async function report(target: Target, traced: Traced, options: TraceOptions, file: Output): Promise<void> {
  const { label, task } = target
  const { recording, loop, results } = traced
  const onLoop = options.on === 'coroutines'
  const workers = onLoop ? 1 : traced.workers
  const time = workerTime(recording, { workers, onLoop, loop })
  const layout = layOut(recording)
  const path = criticalPath(recording, layout)
  const { seen, calls, each, queueMs, retries } = recording
  // A call whose maker was not kept, or has no room in its slice, is drawn without its arrow.
  const arrowsLeftOut = layout.calls.filter(({ ran, made }) => ran !== undefined && made === undefined).length
  const totals = { seen, kept: calls.length, arrowsLeftOut, ...each, retries, queueMs, workers, ...time }
  for (const text of traceText(traceEvents(recording, layout, `atonce trace ${label}`), totals))
    await file.write(text)
  await file.commit()
  const wallMs = recording.endedMs - recording.beganMs
  const here = surroundings()
  const sentence = sentenceOf(time, onLoop ? undefined : workers)
  const next = `npx atonce scale ${label} --input …`
  if (options.json) {
    const about = { machine: here, target: label, on: options.on, file: options.output, results, wallMs }
    const document = { schema: 'atonce.trace/1', ...about, ...totals, criticalPath: path, sentence, next }
    return await print(`${jsonDocument(document)}\n`)
  }
  const places = placesIn(
    task,
    calls.map(call => call.task),
  )
  const dropped = calls.length === seen ? '' : ', of the calls that were kept'
  const lines = [
    quiet(surroundingsLine(here)),
    quiet(`${harmless(label)} on ${options.on}: ${counted(results, 'result')} in ${duration(wallMs)}`),
    `${keptSentence(recording)} → ${options.output} (open it at ui.perfetto.dev, or chrome://tracing)`,
    ...(arrowsLeftOut === 0
      ? []
      : [`${counted(arrowsLeftOut, 'arrow')} had no place in the call that made it.`]),
    good(sentence),
    ...(time.lost.length === 0 ? [] : ['Lost time, of workers × time:', ...lostLines(time)]),
    `The longest path to the last result${dropped}:`,
    ...pathLines(path, places).map(harmless),
    quiet(`Next: ${next}`),
  ]
  await print(`${lines.join('\n')}\n`)
}
