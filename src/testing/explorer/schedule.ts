/** Orders as text, to be played again, and as a table, to be read. */
import { OptionError } from '../../errors.ts'
import type { Operation } from './recorder.ts'
import { type Cells, shown, type World } from './world.ts'

/**
 * What happens next: a thread does its next operation, its wait ends or is given up, it dies, or
 * its death is noted.
 */
export interface Choice {
  readonly how: 'steps' | 'times out' | 'aborts' | 'dies' | 'noted'
  readonly thread: number
}

const letters = { steps: '', 'times out': 't', aborts: 'a', dies: 'd', noted: 'n' } as const

/**
 * As `x1:0*3.1.0t`: thread 0 does three operations, thread 1 one, the wait of thread 0 times out.
 */
export function writeSchedule(choices: readonly Choice[]): string {
  const parts: string[] = []
  for (let at = 0; at < choices.length; ) {
    const { how, thread } = choices[at] as Choice
    let end = at + 1
    while (choices[end]?.how === how && choices[end]?.thread === thread) end += 1
    parts.push(`${thread}${letters[how]}${end - at === 1 ? '' : `*${end - at}`}`)
    at = end
  }
  return `x1:${parts.join('.')}`
}

/** @throws OptionError */
export function readSchedule(schedule: string): Choice[] {
  if (!/^x1:(\d+[tadn]?(\*\d+)?(\.|$))*$/.test(schedule))
    throw new OptionError(
      `explore(…, { replay }) takes what a failure has printed, as 'x1:0*3.1.0t'; it got '${schedule}'.`,
    )
  return schedule
    .slice(3)
    .split('.')
    .filter(Boolean)
    .flatMap(part => {
      const [, thread, letter = '', times = '1'] = /^(\d+)([tadn]?)(?:\*(\d+))?$/.exec(
        part,
      ) as RegExpExecArray
      const how = Object.entries(letters).find(([, sign]) => sign === letter)?.[0] as Choice['how']
      return Array.from({ length: Number(times) }, () => ({ how, thread: Number(thread) }))
    })
}

/**
 * Names words by the order in which a trace comes to the memory that they are on: the same in each
 * run.
 */
class WordNames {
  readonly #buffers: ArrayBufferLike[] = []

  of({ words, at }: Operation): string {
    if (!this.#buffers.includes(words.buffer)) this.#buffers.push(words.buffer)
    return `m${this.#buffers.indexOf(words.buffer)}[${words.byteOffset / 4 + at}]`
  }
}

/** One line for each step: who, what, and what came of it; then who is left waiting. */
export function traceOf(
  way: readonly { readonly world: World; readonly choice: Choice }[],
  end: World,
  cells: Cells,
): string {
  const names = new WordNames()
  const lines = way.map(({ world, choice: { how, thread } }) => {
    const indent = '    '.repeat(thread)
    if (how !== 'steps') return `${indent}thread ${thread} ${how === 'noted' ? 'is known to be dead' : how}`
    const operation = world.operationOf(thread) as Operation
    const { answer } = world.step(thread, cells)
    return `${indent}thread ${thread}: ${callOf(operation, names.of(operation))} → ${shown(answer)}`
  })
  for (const [thread, { state }] of end.threads.entries()) {
    if (state === 'blocked')
      lines.push(`thread ${thread} waits for ${names.of(end.operationOf(thread) as Operation)}`)
  }
  return lines.join('\n')
}

function callOf({ kind, value, second }: Operation, name: string): string {
  if (kind === 'load') return `load ${name}`
  if (kind === 'compareExchange') return `compareExchange ${name}, ${shown(value)} ⇒ ${shown(second)}`
  return `${kind} ${name}, ${shown(value)}`
}
