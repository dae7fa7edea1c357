/** `atonce run file#task --input …`: a task over its inputs on one model, one result a line. */
import type { Executor } from '../index.ts'
import { TimeoutError } from '../index.ts'
import { runtime } from '../runtime/runtime.ts'
import { checkedInputs } from './call.ts'
import { CommandError, type ExitCode, exitCodes, framesOf, summaryOf } from './ending.ts'
import { counted, duration } from './figures.ts'
import { type InputOptions, type Inputs, openInputs } from './inputs.ts'
import { jsonLine, resultJson, whyNoJson } from './json.ts'
import { type HardLimit, occupying } from './occupied.ts'
import { onModel, type Where } from './on-model.ts'
import { type Output, openOutput, standardOutput } from './output.ts'
import { noProgress, startProgress } from './progress.ts'
import { resultStream } from './result-stream.ts'
import { loadTarget, type Target } from './target.ts'

export interface RunOptions extends InputOptions, Where {
  readonly timeout?: number
  readonly json?: boolean
  readonly output?: string
}

/** Results are written in the order of the inputs, each as soon as those before it are there. */
export async function run(targetText: string, options: RunOptions): Promise<ExitCode> {
  const target = await loadTarget(targetText)
  const inputs = await openInputs(options.input, options.as)
  const blocking = options.on === 'coroutines'
  const output =
    options.output === undefined
      ? standardOutput()
      : await openOutput(options.output, blocking ? Number.POSITIVE_INFINITY : 65_536)
  await onModel(
    options,
    (pool, signal) => runAll(pool, target, inputs, options, output, signal),
    work => occupying(work, limitOf(target, options)),
  )
  return exitCodes.ok
}

function limitOf({ label }: Target, { timeout, json }: RunOptions): HardLimit | undefined {
  return timeout === undefined
    ? undefined
    : { timeoutMs: timeout, label, asJson: json === true, cure: ' Use --on threads.' }
}

async function runAll(
  pool: Executor,
  target: Target,
  inputs: Inputs,
  options: RunOptions,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const progress = streamsToTerminal(options) ? noProgress : startProgress(target.label)
  let done = 0
  // A write may be waiting for a reader that never reads.
  signal.addEventListener('abort', () => void output.discard(), { once: true })
  try {
    const limited = pool.with({
      signal,
      ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout }),
    })
    const results = limited.map(
      target.task,
      checkedInputs(target.label, target.task, inputs.items) as AsyncIterable<never>,
      {
        onProgress: settled => progress.show(settled, inputs.count),
      },
    )
    const begun = runtime().now()
    const kept: string[] = []
    for await (const result of results) {
      done += 1
      const line = resultLine(target, result, placeOf(done, inputs.count))
      if (options.json) kept.push(line)
      else await output.write(`${line}\n`)
    }
    if (options.json) await output.write(`${envelope(target, pool, kept, runtime().now() - begun)}\n`)
    await output.commit()
  } catch (error) {
    throw explained(error, target, done, inputs.count)
  } finally {
    progress.stop()
    await output.discard()
  }
}

/** Results that scroll by are progress enough, and a bar between them would only tear them. */
function streamsToTerminal({ output, json }: RunOptions): boolean {
  return output === undefined && !json && resultStream().isTTY === true
}

/** The results are JSON already. */
function envelope(target: Target, pool: Executor, results: readonly string[], wallMs: number): string {
  const head = jsonLine({
    schema: 'atonce.run/1',
    target: target.label,
    on: pool.model,
    workers: pool.workers,
    inputs: results.length,
    wallMs,
    sentence: `${counted(results.length, 'result')} of ${target.label} on ${pool.model} in ${duration(wallMs)}.`,
    next: `npx atonce compare ${target.label} --input …`,
  })
  return `${head.slice(0, -1)},"results":[${results.join(',')}]}`
}

/** @throws CommandError if it has no JSON */
function resultLine({ label }: Target, result: unknown, place: string): string {
  try {
    return resultJson(result)
  } catch (error) {
    const why = whyNoJson(result) ?? summaryOf(error)
    const message = `The result of ${label} on ${place} can't be written as JSON: ${why}.`
    throw new CommandError(exitCodes.failed, message, { cause: error })
  }
}

/** `input 3 of 10`. */
function placeOf(number: number, count: number | undefined): string {
  return `input ${number}${count === undefined ? '' : ` of ${count}`}`
}

/**
 * A failure comes at its place in the order, so the number of results before it tells the input.
 */
export function explained(error: unknown, target: Target, done: number, count: number | undefined): unknown {
  if (error instanceof CommandError) return error
  if (error instanceof TimeoutError) {
    return new CommandError(
      exitCodes.timeout,
      `${target.label} did not finish within ${error.timeoutMs} ms (--timeout); ${done === 0 ? 'no result was' : done === 1 ? '1 result was' : `${done} results were`} ready.`,
    )
  }
  const message = `${target.label} failed on ${placeOf(done + 1, count)}: ${summaryOf(error)}`
  return new CommandError(exitCodes.failed, message, { cause: error, detail: framesOf(error) })
}
