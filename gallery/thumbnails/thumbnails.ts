/**
 * Thumbnails of a folder's PNG files, four ways, and two more where sharp is installed:
 * `node gallery/thumbnails/thumbnails.ts photos --out thumbnails --way map`.
 */
import { mkdirSync, readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { asCompleted, type Executor, threads } from '../../src/index.ts'
import { countFrom } from '../count-from.ts'
import { fedByQueue } from '../fed-by-queue.ts'
import { findSharp, withoutSharp } from '../sharp.ts'
import { sharpWays } from './by-sharp.ts'
import { type Made, makeThumbnail, makeThumbnailsOf, type Wish } from './tasks.ts'

/** Yields what became of each file, as the way comes to know it. */
type Way = (paths: readonly string[], wish: Wish, pool: Executor) => AsyncIterable<Made>

export const ways = {
  /** One after the other, on this thread. */
  async *serial(paths, wish) {
    for (const path of paths) yield makeThumbnail(path, wish)
  },

  /** In the order of the files. Several small files are one message. */
  async *map(paths, wish, pool) {
    yield* pool.map(
      makeThumbnail,
      paths.map((path): [string, Wish] => [path, wish]),
    )
  },

  /**
   * One call on each worker, all of which take paths from one channel: the workshop's threads and
   * their queue.
   */
  async *channel(paths, wish, pool) {
    yield* fedByQueue<string, Made>(pool, paths, (on, left, made) =>
      on.run(makeThumbnailsOf, left, made, wish),
    )
  },

  /** A call for each file, told of as it ends, the quickest first. */
  async *completed(paths, wish, pool) {
    const calls = paths.map(path => pool.run(makeThumbnail, path, wish))
    try {
      for await (const { future } of asCompleted(calls)) yield await future
    } finally {
      for (const call of calls) call.cancel() // Those that are left, if the loop was.
    }
  },
} satisfies Readonly<Record<string, Way>>

/** The PNG files of a folder, in the order of their names. */
export function picturesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isFile() && /\.png$/i.test(entry.name))
    .map(entry => join(folder, entry.name))
    .sort()
}

/**
 * Makes the folder for thumbnails. @throws Error if it is that of the pictures, which would be
 * written over
 */
export function prepareOut(folder: string, out: string): void {
  mkdirSync(out, { recursive: true })
  if (realpathSync(folder) !== realpathSync(out)) return
  throw new Error(
    `The thumbnails would replace the pictures of ${folder}. Name another folder: --out thumbnails.`,
  )
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string', default: 'thumbnails' },
      way: { type: 'string', default: 'map' },
      side: { type: 'string', default: '64' },
      workers: { type: 'string', default: '2' },
    },
  })
  const [folder] = positionals
  const sharp = await findSharp()
  const here: Readonly<Record<string, Way>> = { ...ways, ...(sharp === undefined ? {} : sharpWays(sharp)) }
  const way = Object.hasOwn(here, values.way) ? here[values.way] : undefined
  if (folder === undefined || way === undefined) {
    if (sharp === undefined) console.log(withoutSharp)
    throw new Error(
      `Name a folder with PNG files, and one of the ways ${Object.keys(here).join(', ')}: thumbnails.ts photos --way map.`,
    )
  }
  const wish = { out: values.out, side: countFrom('--side', values.side) }
  prepareOut(folder, wish.out)
  const [began, before] = [performance.now(), process.cpuUsage()]
  const count = { made: 0, refused: 0 }
  await using pool = threads({ workers: countFrom('--workers', values.workers) })
  for await (const { file, size, refused } of way(picturesIn(folder), wish, pool)) {
    count[refused === undefined ? 'made' : 'refused'] += 1
    console.log(`${file}: ${size ?? refused}`)
  }
  const { user, system } = process.cpuUsage(before)
  const [seconds, cpu] = [(performance.now() - began) / 1_000, (user + system) / 1_000_000]
  console.log(
    `${count.made} thumbnails in ${values.out}, ${count.refused} files refused, ${seconds.toFixed(2)} s, CPU ${cpu.toFixed(2)} s (${values.way})`,
  )
}
