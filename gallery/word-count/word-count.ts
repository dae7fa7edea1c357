/**
 * The words of a folder's files, counted on three nodes of which one is killed midway: the same
 * answer.
 *
 *     text ─▶ pieces ─map─▶ counts, sorted by reducer ─shuffle─▶ all counts of a reducer ─reduce─▶ sums
 *
 *     node gallery/word-count/word-count.ts [folder] [--nodes 3] [--spare] [--picture stages.svg]
 *
 * The method: Jeffrey Dean and Sanjay Ghemawat, "MapReduce: Simplified Data Processing on Large
 * Clusters", 2004.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cluster } from '../../src/cluster.ts'
import type { Executor } from '../../src/index.ts'
import { startNodes } from '../nodes/nodes.ts'
import { stagesOf } from './stages.ts'
import { addUp, countPiece, type Run } from './tasks.ts'
import { addCounts, countWords, piecesOf } from './words.ts'

export interface Counted {
  readonly counts: ReadonlyMap<string, number>
  readonly runs: readonly Run[]
}

export interface CountOptions {
  readonly pieces?: number
  readonly reducers?: number
  /** The piece whose first taker is killed; none if it is left out. */
  readonly fatal?: number
}

/** The words of a text, counted on any executor. */
export async function countOn(
  on: Executor,
  text: string,
  { pieces = 24, reducers = 4, fatal }: CountOptions = {},
): Promise<Counted> {
  const inputs = piecesOf(text, pieces).map((piece, number) => ({
    ...{ number, text: piece, reducers },
    fatal: number === fatal,
  }))
  const mapped = await on.map(countPiece, inputs, { chunk: 1 })
  const shuffled = Array.from(
    { length: reducers },
    (_, reducer) => [reducer, mapped.map(({ parts }) => parts[reducer] ?? new Map())] as const,
  )
  const reduced = await on.map(addUp, shuffled, { chunk: 1 })
  return {
    counts: addCounts(reduced.map(({ sums }) => sums)),
    runs: [...mapped, ...reduced].map(({ run }) => run),
  }
}

/** The text of all Markdown, text and TypeScript files below a folder. */
export function textOf(folder: string): string {
  return globSync('**/*.{md,txt,ts}', { cwd: folder, exclude: ['**/node_modules/**'] })
    .sort()
    .map(name => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: {
      nodes: { type: 'string', default: '3' },
      spare: { type: 'boolean', default: false },
      picture: { type: 'string' },
    },
    allowPositionals: true,
  })
  const text = textOf(positionals[0] ?? '.')
  await using nodes = await startNodes({ count: Number(values.nodes) })
  await using jobs = cluster({ servers: nodes.servers, leaseMs: nodes.leaseMs })
  const { counts, runs } = await countOn(jobs, text, values.spare ? {} : { fatal: 8 })
  const expected = countWords(text)
  const isRight = counts.size === expected.size && [...expected].every(([word, n]) => counts.get(word) === n)
  const most = [...counts].sort(([, one], [, other]) => other - one).slice(0, 5)
  const again = runs.filter(({ attempt }) => attempt > 1).length
  console.log(`${counts.size} words, most often ${most.map(([word, n]) => `${word} ${n}`).join(', ')}`)
  console.log(
    `${runs.length} tasks, ${again} of them run again; the plain loop counts ${isRight ? 'the same' : 'OTHERWISE'}`,
  )
  if (values.picture !== undefined) {
    writeFileSync(values.picture, stagesOf(nodes.pids, runs, nodes.deaths))
  }
  if (!isRight) process.exitCode = 1
}
