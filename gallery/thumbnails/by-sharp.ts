/** Thumbnails by sharp: it decodes, shrinks and encodes in C, on libuv's threads. */
import { basename, join } from 'node:path'
import { asCompleted, type Executor, Limiter, task } from '../../src/index.ts'
import { needSharp, type Sharp } from '../sharp.ts'
import type { Made, Wish } from './tasks.ts'

/** As `makeThumbnail`, with sharp's own filter (Lanczos), so that pixels differ a little. */
export async function sharpThumbnail(sharp: Sharp, path: string, { out, side }: Wish): Promise<Made> {
  const file = basename(path)
  try {
    const small = sharp(path).resize(side, side, { fit: 'inside', withoutEnlargement: true })
    const { width, height } = await small.toFile(join(out, file))
    return { file, size: `${width} × ${height}` }
  } catch (error) {
    return { file, refused: (error as Error).message }
  }
}

/** The same on a worker, which loads sharp for itself; libuv's threads are the whole process's. */
export const makeThumbnailBySharp = task(
  import.meta,
  async (path: string, wish: Wish): Promise<Made> => sharpThumbnail(await needSharp(), path, wish),
)

/** More than libuv has threads, so that none waits for this one; a folder may hold thousands. */
const atATime = 16

export const sharpWays = (sharp: Sharp) => ({
  /** Without a pool: several are begun from this thread, and libuv's threads do the work. */
  async *sharp(paths: readonly string[], wish: Wish): AsyncGenerator<Made> {
    yield* new Limiter(atATime).map(paths, path => sharpThumbnail(sharp, path, wish))
  },

  /** The same begun on the pool's threads, to see what they add: libuv's threads stay as many. */
  async *'sharp-on-threads'(paths: readonly string[], wish: Wish, pool: Executor): AsyncGenerator<Made> {
    const calls = paths.map(path => pool.run(makeThumbnailBySharp, path, wish))
    try {
      for await (const { future } of asCompleted(calls)) yield await future
    } finally {
      for (const call of calls) call.cancel()
    }
  },
})
