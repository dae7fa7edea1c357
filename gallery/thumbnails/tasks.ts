/**
 * What workers do for thumbnails: a path goes out, the size of the thumbnail comes back; the
 * pictures never travel.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Receiver, type Sender, task } from '../../src/index.ts'
import { decodePng, encodePng } from '../png/codec.ts'
import { shrink } from './shrink.ts'

/** How one file ended: as `48 × 64`, or with what is wrong with it. */
export interface Made {
  readonly file: string
  readonly size?: string
  readonly refused?: string
}

/** Where thumbnails go, and how large they are. */
export interface Wish {
  readonly out: string
  readonly side: number
}

/**
 * Reads a PNG file, and writes its thumbnail under the same name. A file that is not a picture is
 * an answer, not a failure of the run.
 */
export const makeThumbnail = task(import.meta, function makeThumbnail(path: string, wish: Wish): Made {
  const file = basename(path)
  try {
    const small = shrink(decodePng(readFileSync(path)), wish.side)
    writeFileSync(join(wish.out, file), encodePng(small))
    return { file, size: `${small.width} × ${small.height}` }
  } catch (error) {
    return { file, refused: (error as Error).message }
  }
})

/** Takes paths from a channel as it becomes free, until the channel is closed. */
export const makeThumbnailsOf = task(
  import.meta,
  async (paths: Receiver<string>, made: Sender<Made>, wish: Wish): Promise<void> => {
    for await (const path of paths) await made.send(makeThumbnail(path, wish))
  },
)
