/**
 * `atonce timeit file#export`, `atonce timeit '<expression>'`: what one call of a short function
 * takes.
 */

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'
import { type Timing, timeit as timeCalls } from '../measure.ts'
import { calledBy } from './early-exit.ts'
import { CommandError, type ExitCode, exitCodes, framesOf, summaryOf, UsageError } from './ending.ts'
import { duration, durationWithin } from './figures.ts'
import { jsonDocument } from './json.ts'
import { type Limit, limited } from './limited.ts'
import { print } from './print.ts'
import { doubtful, emphasis, quiet } from './style.ts'

/** Below this a figure needs nanoseconds. */
const oneMicrosecondMs = 0.001

export async function timeit(text: string, options: Limit): Promise<ExitCode> {
  const call = await callOf(text)
  let timing: Timing
  try {
    timing = await calledBy('The code', () => limited(text, options, () => timeCalls(call)))
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(exitCodes.failed, `${text} failed: ${summaryOf(error)}`, {
      cause: error,
      detail: framesOf(error),
    })
  }
  const { callMs, firstMs, blocks, callsPerBlock, outliers, before, maybeOptimizedAway } = timing
  const sentence = `One call takes ${shown(timing)}; the first one took ${duration(firstMs)}.`
  const next = 'npx atonce compare ./your-module.ts#task --input …'
  if (options.json)
    await print(`${jsonDocument({ schema: 'atonce.timeit/1', what: text, ...timing, sentence, next })}\n`)
  else {
    const odd = outliers.mild + outliers.severe
    const lines = [
      emphasis(sentence),
      quiet(
        `${blocks} blocks of ${callsPerBlock} calls; least ${nanoseconds(callMs.least)}; ${odd} outliers, all counted; others: ${before.foreignCores.toFixed(2)} cores`,
      ),
      ...(before.quiet ? [] : [doubtful('! Others keep the cores busy, so the figure is a rough one.')]),
      ...(maybeOptimizedAway
        ? [doubtful('! It takes no longer than an empty call: return something that depends on the work.')]
        : []),
      quiet(`Next: ${next}`),
    ]
    await print(`${lines.join('\n')}\n`)
  }
  return exitCodes.ok
}

function shown({ callMs }: Timing): string {
  if (callMs.median >= oneMicrosecondMs) return durationWithin(callMs)
  return `${nanoseconds(callMs.median)} [${nanoseconds(callMs.low)}–${nanoseconds(callMs.high)}]`
}

function nanoseconds(ms: number): string {
  return ms >= oneMicrosecondMs ? duration(ms) : `${(ms * 1e6).toPrecision(3)} ns`
}

/** `./file.ts#name` is an exported function without arguments; anything else is an expression. */
async function callOf(text: string): Promise<() => unknown> {
  const [, file, name] = /^(\.{0,2}[\w./\\-]+\.[cm]?[jt]s)#([\w$]+)$/.exec(text) ?? []
  if (file === undefined || name === undefined) return expression(text)
  let exported: Record<string, unknown>
  try {
    exported = await calledBy(file, () => import(pathToFileURL(resolve(file)).href))
  } catch (error) {
    throw new UsageError(`${file} can't be imported: ${summaryOf(error)}`, { cause: error })
  }
  const found = exported[name]
  if (typeof found === 'function') return () => found()
  throw new UsageError(`${file} exports no function ${name}. It exports ${Object.keys(exported).join(', ')}.`)
}

function expression(text: string): () => unknown {
  try {
    return new Function(`return (${text})`) as () => unknown
  } catch (cause) {
    throw new UsageError(`${text} is neither file.ts#export nor an expression: ${whyNone(text)}`, { cause })
  }
}

/** Without what stands around it in our function, of which the user has written nothing. */
function whyNone(text: string): string {
  try {
    new Script(text)
    return 'it is a statement. Make a function of it and call that: (() => { …; return … })()'
  } catch (error) {
    return /\bawait\b/.test(text)
      ? 'it awaits. Leave out await: a promise that it gives is awaited.'
      : summaryOf(error)
  }
}
