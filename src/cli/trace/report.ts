/** A recording as the file, the document and the lines that both ways to trace give. */
import { harmless } from '../../live/harmless.ts'
import { counted, duration } from '../figures.ts'
import { jsonDocument } from '../json.ts'
import { occasion } from '../occasion.ts'
import type { Output } from '../output.ts'
import { print } from '../print.ts'
import { type ReportFiles, writeReportFiles } from '../report-file.ts'
import { good, quiet } from '../style.ts'
import { surroundings, surroundingsLine } from '../surroundings.ts'
import { type TracedProgram, traceEvents, traceText } from './events.ts'
import { layOut } from './lanes.ts'
import { type LoopUse, workerTime } from './lost.ts'
import { criticalPath, placedPath } from './path.ts'
import type { Recording } from './recorder.ts'
import { keptSentence, lostLines, pathLines, placesOf, sentenceOf } from './words.ts'

/** What was traced. */
export interface Traced {
  readonly recording: Recording
  readonly program: TracedProgram
  /** Undefined if the calls ran on the program's own event loop. */
  readonly workers: number | undefined
  readonly loop: LoopUse
  /** What the document tells of it beside all that every trace has. */
  readonly about: Readonly<Record<string, unknown>>
  /** What it was, in a line, and what to type next. */
  readonly headline: string
  readonly next: string
}

export async function reportTrace(
  traced: Traced,
  file: Output,
  { output, json = false, ...files }: ReportFiles & { readonly output: string; readonly json?: boolean },
): Promise<void> {
  const { recording, program, loop, about, headline, next } = traced
  const onLoop = traced.workers === undefined
  const workers = traced.workers ?? 1
  const time = workerTime(recording, { workers, onLoop, loop })
  const layout = layOut(recording)
  const placed = placedPath(recording, layout)
  const path = criticalPath(placed)
  const { seen, begunBefore, calls, each, queueMs, retries } = recording
  // A call whose maker was not kept, or has no room in its slice, is drawn without its arrow.
  const arrowsLeftOut = layout.calls.filter(({ ran, made }) => ran !== undefined && made === undefined).length
  const counts = { seen, begunBefore, kept: calls.length, arrowsLeftOut, ...each }
  const totals = { ...counts, retries, queueMs, workers, ...time }
  for (const text of traceText(traceEvents(recording, layout, program), totals)) await file.write(text)
  await file.commit()
  const wallMs = recording.endedMs - recording.beganMs
  const here = surroundings()
  const sentence = sentenceOf(time, traced.workers)
  const written = await writeReportFiles(files, async () => {
    const { pictureOf, reportOf } = await import('../report/trace-report.ts')
    const drawn = { recording, layout, placed, time }
    const told = { title: program.title, headline, sentence, next, output }
    return { report: () => reportOf(drawn, told, here, occasion()), picture: () => pictureOf(drawn) }
  })
  if (json) {
    const document = { schema: 'atonce.trace/1', machine: here, ...about, file: output, wallMs, ...totals }
    return await print(`${jsonDocument({ ...document, criticalPath: path, sentence, next })}\n`)
  }
  const dropped = calls.length === seen ? '' : ', of the calls that were kept'
  const lines = [
    quiet(surroundingsLine(here)),
    quiet(harmless(headline)),
    `${keptSentence(recording)} → ${output} (open it at ui.perfetto.dev, or chrome://tracing)`,
    ...(begunBefore === 0
      ? []
      : [`${counted(begunBefore, 'call')} had begun before the trace did: counted, not drawn.`]),
    ...(arrowsLeftOut === 0
      ? []
      : [`${counted(arrowsLeftOut, 'arrow')} had no place in the call that made it.`]),
    good(sentence),
    ...(time.lost.length === 0 ? [] : ['Lost time, of workers × time:', ...lostLines(time)]),
    `The longest path to the last result${dropped}:`,
    ...pathLines(path, placesOf(calls)).map(harmless),
    ...written,
    quiet(`Next: ${next}`),
  ]
  await print(`${lines.join('\n')}\n`)
}

/** What happened in so long, as a headline says it. */
export function headlineOf(what: string, { beganMs, endedMs }: Recording): string {
  return `${what} in ${duration(endedMs - beganMs)}`
}
