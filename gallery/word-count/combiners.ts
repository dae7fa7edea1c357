/**
 * What a combiner is worth: the same words counted on every model, with the counts of each piece
 * taken where the piece is, and without.
 *
 *     with        text ─▶ pieces ─map─▶ counts of the piece ─shuffle─▶ sums
 *     without     text ─▶ pieces ─map─▶ every single word   ─shuffle─▶ counts
 *
 *     node gallery/word-count/combiners.ts [--words 2000000] [--workers 2] [--rounds 5]
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { serialize } from 'node:v8'
import { coroutines, type Executor, processes, threads } from '../../src/index.ts'
import { countFrom } from '../count-from.ts'
import { fingerprint } from '../fingerprint.ts'
import { type TriedWay, tryWays, type Way } from '../ways.ts'
import { addCombined, combinePiece, countDealt, dealPiece } from './tasks.ts'
import { addCounts, countWords, piecesOf, shuffled, type WordCounts } from './words.ts'
import { spelled, vocabulary, zipfText } from './zipf.ts'

const pieces = 64
const reducers = 4

/**
 * The counts of 2,000,000 words of Zipf's, made by another program: the fingerprint of all, and the
 * first three.
 */
const known = { words: 2_000_000, print: '53d1cacae00507ff', first: [220_650, 110_045, 73_031] }

export interface TriedCombiner extends TriedWay {
  readonly model: string
  /** Undefined of the plain loop, which has no map and no shuffle. */
  readonly combines: boolean | undefined
  /** Bytes of arguments and results that cross to workers and back, as Node serializes them. */
  readonly crossingBytes: number
}

export interface Tried {
  readonly tried: readonly TriedCombiner[]
  readonly counts: WordCounts
}

/** @throws Error if a way counts otherwise than the plain loop, or than is known */
export async function runCombiners(
  words: number,
  { workers, rounds }: { readonly workers: number; readonly rounds: number },
): Promise<Tried> {
  const text = zipfText(words)
  const expected = countWords(text)
  checkKnown(expected, words)
  await using loop = coroutines()
  await using pool = threads({ workers })
  await using crew = processes({ workers })
  const crossing = { true: crossingOf(text, true), false: crossingOf(text, false) }
  const plain: Way<WordCounts> = { name: 'plain loop', prepare: () => () => countWords(text) }
  const ways = [loop, pool, crew].flatMap(executor =>
    [false, true].map(combines => ({
      ...{ model: executor.model, combines },
      crossingBytes: executor === loop ? 0 : crossing[`${combines}`],
      way: {
        name: `${executor.model}, ${combines ? 'a combiner' : 'every word'}`,
        prepare: () => () => countOn(executor, text, combines),
      },
    })),
  )
  const timed = await tryWays([plain, ...ways.map(({ way }) => way)], rounds, (counts, way) => {
    if (!isSame(counts, expected)) throw new Error(`${way} counts otherwise than the plain loop.`)
  })
  const facts = [{ model: 'plain loop', combines: undefined, crossingBytes: 0 }, ...ways]
  const tried = timed.map((one, at) => {
    const { model, combines, crossingBytes } = facts[at] as (typeof facts)[number]
    return { ...one, model, combines, crossingBytes }
  })
  return { tried, counts: expected }
}

async function countOn(on: Executor, text: string, combines: boolean): Promise<WordCounts> {
  const inputs = piecesOf(text, pieces).map(piece => [piece, reducers] as const)
  const sums = combines
    ? await on.map(addCombined, shuffled(await on.map(combinePiece, inputs), reducers))
    : await on.map(countDealt, shuffled(await on.map(dealPiece, inputs), reducers))
  return addCounts(sums)
}

/**
 * All that would cross: what goes out to the maps and comes back, then the same of the reducers.
 */
function crossingOf(text: string, combines: boolean): number {
  const inputs = piecesOf(text, pieces)
  const bytes = (values: readonly unknown[]) =>
    values.reduce((sum: number, value) => sum + serialize(value).length, 0)
  if (combines) {
    const mapped = inputs.map(piece => combinePiece(piece, reducers))
    const parts = shuffled(mapped, reducers)
    return bytes(inputs) + bytes(mapped) + bytes(parts) + bytes(parts.map(part => addCombined(part)))
  }
  const mapped = inputs.map(piece => dealPiece(piece, reducers))
  const parts = shuffled(mapped, reducers)
  return bytes(inputs) + bytes(mapped) + bytes(parts) + bytes(parts.map(part => countDealt(part)))
}

function isSame(counts: WordCounts, expected: WordCounts): boolean {
  return counts.size === expected.size && [...expected].every(([word, count]) => counts.get(word) === count)
}

function checkKnown(counts: WordCounts, words: number): void {
  if (words !== known.words) return
  const all = Int32Array.from({ length: vocabulary }, (_, number) => counts.get(spelled(number)) ?? 0)
  if (fingerprint(all) !== known.print || known.first.some((count, at) => all[at] !== count))
    throw new Error('The plain loop counts otherwise than is known of these words.')
}

/** The ways as lines of a table. */
export function combinersTable(tried: readonly TriedCombiner[]): string {
  const first = tried[0]?.workMs ?? Number.NaN
  const rows = tried.map(({ model, combines, crossingBytes, workMs }) => [
    model,
    combines === undefined ? '' : combines ? 'yes' : 'no',
    `${(crossingBytes / 1e6).toFixed(1)} MB`,
    `${workMs.toFixed(0)} ms`,
    `${(first / workMs).toFixed(2)}×`,
  ])
  const head = ['model', 'combiner', 'crossing', 'time', 'the loop']
  const widths = head.map((title, at) =>
    Math.max(title.length, ...rows.map(row => (row[at] as string).length)),
  )
  return [head, ...rows]
    .map(row =>
      row
        .map((cell, at) => (at < 2 ? cell.padEnd(widths[at] as number) : cell.padStart(widths[at] as number)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** What the figures say, whatever they are. */
export function combinersLearnt(tried: readonly TriedCombiner[]): string {
  return ['threads', 'processes']
    .map(model => {
      const [every, combined] = [false, true].map(combines =>
        tried.find(one => one.model === model && one.combines === combines),
      ) as [TriedCombiner, TriedCombiner]
      const bytes = every.crossingBytes / combined.crossingBytes
      const times = every.workMs / combined.workMs
      return `On ${model} a combiner has ${bytes.toFixed(1)} times less cross, and takes ${times >= 1 ? `${times.toFixed(2)} times less time` : `${(1 / times).toFixed(2)} times the time`}.`
    })
    .join(' ')
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      words: { type: 'string', default: String(known.words) },
      workers: { type: 'string', default: String(Math.max(2, availableParallelism())) },
      rounds: { type: 'string', default: '5' },
    },
  })
  const words = countFrom('--words', values.words)
  const { tried, counts } = await runCombiners(words, {
    workers: countFrom('--workers', values.workers),
    rounds: countFrom('--rounds', values.rounds),
  })
  console.log(
    `${words.toLocaleString('en-US')} words, ${counts.size.toLocaleString('en-US')} of them different\n`,
  )
  console.log(`${combinersTable(tried)}\n\n${combinersLearnt(tried)}`)
}
