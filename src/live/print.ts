/** A live tree as text. */
import type { Age } from '../runtime/birth.ts'
import type { LiveNode, LiveTree, LiveWait } from './tree.ts'

/** One line for each node, indented by lines that show what is inside of what; empty if nothing lives. */
export function treeLines({
  scopes,
  executors,
  others,
}: Pick<LiveTree, 'scopes' | 'executors' | 'others'>): string[] {
  return [...scopes, ...others, ...executors].flatMap(node => [lineOf(node), ...linesBelow(node.inside, '')])
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

/** `scope crawl: running for 12 s, waits for 50 ms to pass (3 s)`. */
function lineOf({ kind, name, state, detail, pid, age, count = 1, waitsFor }: LiveNode): string {
  if (kind === 'more') return `… and ${count.toLocaleString('en-US')} more`
  const title =
    kind === 'waiting' || kind === 'worker' || kind === 'call' ? oneLine(name) : `${kind} ${oneLine(name)}`
  const states = [
    `${state}${age === undefined ? '' : ` for ${ageText(age)}`}`,
    ...(detail === undefined ? [] : [oneLine(detail)]),
    ...waitsOf(kind, waitsFor),
  ]
  const alike = count === 1 ? '' : ` ×${count.toLocaleString('en-US')}`
  return `${title}${alike}${pid === undefined ? '' : ` (pid ${pid})`}: ${states.join(', ')}`
}

function waitsOf(kind: LiveNode['kind'], waits: readonly LiveWait[]): string[] {
  if (waits.length === 0) return []
  const verb = kind === 'scope' ? 'its body waits for' : kind === 'waiting' ? 'for' : 'waits for'
  const all = waits.map(
    ({ reason, age }) => `${oneLine(reason)}${age === undefined ? '' : ` (${ageText(age)})`}`,
  )
  return [`${verb} ${all.join(' and ')}`]
}

/** `3.2 s`, `at least 4 min`. */
function ageText({ ms, atLeast }: Age): string {
  return `${atLeast ? 'at least ' : ''}${durationText(ms)}`
}

function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`
  return `${Math.floor(ms / 3_600_000)} h ${Math.floor((ms % 3_600_000) / 60_000)} min`
}

/** Names are the user's, and may hold what would break the tree or drive the terminal. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
  return plain.length > 200 ? `${plain.slice(0, 199)}…` : plain
}
