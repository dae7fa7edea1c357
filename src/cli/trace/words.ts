/** What `trace` says below the file that it has written. */
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { counted, duration } from '../figures.ts'
import type { WorkerTime } from './lost.ts'
import type { Step } from './path.ts'
import type { KeptCall, Recording } from './recorder.ts'

/** `20,000 of 183,422 calls and chunks kept, totals exact`. */
export function keptSentence({ calls, seen }: Pick<Recording, 'calls' | 'seen'>): string {
  const all = `${counted(seen, 'call')} or chunk${seen === 1 ? '' : 's'}`
  return calls.length === seen
    ? `${all}, all kept`
    : `${calls.length.toLocaleString('en-US')} of ${seen.toLocaleString('en-US')} calls or chunks kept, totals exact`
}

/** `workers`: undefined where the calls ran on this event loop. */
export function sentenceOf({ totalMs, runMs, lost }: WorkerTime, workers: number | undefined): string {
  const [most] = lost
  const who = workers === undefined ? 'This thread computed' : `${counted(workers, 'worker')} ran calls`
  const ran = `${who} ${percent(runMs / totalMs)} of the time`
  return most === undefined || runMs / totalMs > 0.95
    ? `${ran}: little is lost.`
    : `${ran}; most of the rest went to ${most.reason}.`
}

/** The three largest. */
export function lostLines({ lost }: WorkerTime): string[] {
  return lost
    .slice(0, 3)
    .map(
      ({ reason, ms, share, remedy }, at) =>
        `  ${at + 1}. ${duration(ms)} (${percent(share)}) ${reason}. Try: ${remedy}.`,
    )
}

/** The longest parts of the path in the order of time: how long, and what, with where it stands. */
export function pathRows(
  steps: readonly Step[],
  places: ReadonlyMap<string, string>,
): [time: string, what: string][] {
  const parts = partsOf(steps)
  const shown = new Set([...parts].sort((a, b) => b.ms - a.ms).slice(0, mostParts))
  const rest = parts.filter(part => !shown.has(part))
  const rows = parts
    .filter(part => shown.has(part))
    .map((part): [string, string] => [duration(part.ms), told(part, places)])
  const restMs = rest.reduce((sum, { ms }) => sum + ms, 0)
  return rest.length === 0
    ? rows
    : [...rows, [duration(restMs), `${counted(rest.length, 'shorter part')} between`]]
}

export function pathLines(steps: readonly Step[], places: ReadonlyMap<string, string>): string[] {
  return pathRows(steps, places).map(([time, what]) => `  ${time.padStart(8)}  ${what}`)
}

const mostParts = 8

/** What happened on one worker, one after the other. */
interface Part {
  readonly what: 'start-up' | 'calls' | 'this thread'
  readonly worker: string | undefined
  /** How often each task ran. */
  readonly tasks: Map<string, number>
  ms: number
  handingMs: number
}

function partsOf(steps: readonly Step[]): Part[] {
  const parts: Part[] = []
  for (const { what: step, worker, task, ms, calls } of steps) {
    const what = step === 'run' || step === 'handing over' ? 'calls' : step
    const last = parts.at(-1)
    const goesOn = last?.what === what && last.worker === worker
    const part: Part = goesOn ? last : { what, worker, tasks: new Map(), ms: 0, handingMs: 0 }
    if (!goesOn) parts.push(part)
    part.ms += ms
    if (step === 'handing over') part.handingMs += ms
    if (task !== undefined) part.tasks.set(task, (part.tasks.get(task) ?? 0) + calls)
  }
  return parts
}

function told({ what, worker, tasks, ms, handingMs }: Part, places: ReadonlyMap<string, string>): string {
  if (what !== 'calls') return worker === undefined ? what : `${what}, ${worker}`
  const names = [...tasks].map(([task, calls]) => {
    const place = places.get(task)
    return `${task}${calls > 1 ? ` ×${calls}` : ''}${place === undefined ? '' : ` (${place})`}`
  })
  if (names.length === 0) return `handing over, ${worker}`
  return `${names.join(', ')} on ${worker}${handingMs > ms / 20 ? `, ${duration(handingMs)} of it handing over` : ''}`
}

/** Where tasks stand, by name: `./primes.ts:12`; of several of one name, the first. */
export function placesOf(calls: Iterable<Pick<KeptCall, 'task' | 'module'>>): Map<string, string> {
  const names = new Map<string, string>()
  for (const { task, module } of calls) if (!names.has(task)) names.set(task, module)
  const sources = new Map([...new Set(names.values())].map(module => [module, sourceOf(module)]))
  const places = new Map<string, string>()
  for (const [name, module] of names) {
    const source = sources.get(module)
    if (source === undefined || !/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) continue
    const escaped = name.replaceAll('$', '\\$')
    const declared = new RegExp(
      `(?:\\bfunction\\s*\\*?\\s*|\\b(?:const|let|var)\\s+)${escaped}(?![\\w$])`,
      'u',
    )
    const at = source.text.search(declared)
    if (at !== -1) places.set(name, `${source.path}:${source.text.slice(0, at).split('\n').length}`)
  }
  return places
}

function sourceOf(module: string): { path: string; text: string } | undefined {
  try {
    const path = fileURLToPath(module)
    const here = relative(process.cwd(), path)
    return { path: here.startsWith('..') ? path : `./${here}`, text: readFileSync(path, 'utf8') }
  } catch {
    return undefined
  }
}

/** `45 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`
}
