/** A live tree as text. */
import type { Age } from '../runtime/birth.ts'
import { harmless } from './harmless.ts'
import type { LiveNode, LiveTree, LiveWait, Within } from './tree.ts'

/**
 * One line for each node, indented by lines that show what is inside of what; empty if nothing
 * lives.
 */
export function treeLines(tree: Omit<LiveTree, 'version'>): string[] {
  const { calls, scopes, others, executors, actors = [], limiters, channels } = tree
  return [...calls, ...scopes, ...others, ...executors, ...actors, ...limiters, ...channels].flatMap(node => [
    lineOf(node),
    ...linesBelow(node.inside, ''),
  ])
}

function linesBelow(nodes: readonly LiveNode[], indent: string): string[] {
  return nodes.flatMap((node, index) => {
    const last = index === nodes.length - 1
    return [
      `${indent}${last ? '└─ ' : '├─ '}${lineOf(node)}`,
      ...linesBelow(node.inside, `${indent}${last ? '   ' : '│  '}`),
    ]
  })
}

/** `scope crawl: running for 12 s, its body waits for 50 ms to pass (3.0 s)`. */
function lineOf({ kind, name, state, detail, age, count = 1, within, waitsFor }: LiveNode): string {
  if (kind === 'more') return `… and ${count.toLocaleString('en-US')} more`
  const title = kind === 'waiting' || kind === 'worker' || kind === 'call' ? name : `${kind} ${name}`
  const alike = count === 1 ? '' : ` ×${count.toLocaleString('en-US')}`
  const since = age === undefined ? '' : ` for ${ageText(age)}`
  const said = [
    ...(kind === 'waiting' && state === 'waiting' ? [] : [`${state}${since}`]),
    ...(detail === undefined ? [] : [detail]),
    ...(within === undefined ? [] : withinText(within)),
    ...(waitsFor.length === 0 ? [] : [waitsText(kind, waitsFor, age)]),
  ]
  return oneLine(`${title}${alike}: ${said.join(', ')}`)
}

/** Nothing, of a worker that was looked into and could be. */
function withinText({ blocked, why, stack }: Within): string[] {
  return [
    ...(blocked ? [`in synchronous code${placeText(stack)}`] : []),
    ...(why === undefined ? [] : [`not looked into: ${why}`]),
  ]
}

/**
 * ` at spin (/work/main.ts:9:57)`: the innermost frame that has a place, and those of the platform
 * above it.
 */
export function placeText(stack: readonly string[] = []): string {
  const last = stack.findIndex(frame => /:\d+:\d+/.test(frame))
  return stack
    .slice(0, last + 1)
    .map(frame => ` ${frame.replace(' (<anonymous>)', '')}`)
    .join('')
}

/** The age of a wait is left out where it is as old as the one that waits. */
function waitsText(kind: LiveNode['kind'], waits: readonly LiveWait[], around: Age | undefined): string {
  const shownAround = around === undefined ? '' : ageText(around)
  const all = waits.map(({ reason, age }) => {
    const shown = age === undefined ? '' : ageText(age)
    return shown === '' || shown === shownAround ? reason : `${reason} (${shown})`
  })
  return `${kind === 'scope' ? 'its body waits' : 'waits'} for ${all.join(' and ')}`
}

/** `3.2 s`, `at least 4 min`. */
function ageText({ ms, atLeast }: Age): string {
  return `${atLeast ? 'at least ' : ''}${durationText(ms)}`
}

export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`
  return `${Math.floor(ms / 3_600_000)} h ${Math.floor((ms % 3_600_000) / 60_000)} min`
}

function oneLine(text: string): string {
  const plain = harmless(text)
  return plain.length > 400 ? `${plain.slice(0, 399)}…` : plain
}
