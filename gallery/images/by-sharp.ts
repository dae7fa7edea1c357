/**
 * The same blur by sharp: its convolution rounds and repeats edges so that the bytes are the same.
 */
import { type Executor, move, task } from '../../src/index.ts'
import { needSharp, type Sharp } from '../sharp.ts'
import type { Way } from '../ways.ts'

interface Plane {
  readonly bytes: Uint8Array
  readonly width: number
  readonly height: number
}

const side = 5
const box = { width: side, height: side, kernel: new Array<number>(side ** 2).fill(1), scale: side ** 2 }

/** One plane, blurred on one of libuv's threads. */
export function sharpBlur(sharp: Sharp, { bytes, width, height }: Plane): Promise<Uint8Array> {
  const raw = { width, height, channels: 1 } as const
  return sharp(bytes, { raw }).convolve(box).toColourspace('b-w').raw().toBuffer()
}

/** The same on a worker, which loads sharp for itself; libuv's threads are the whole process's. */
export const blurBySharp = task(
  import.meta,
  async (bytes: Uint8Array, width: number, height: number): Promise<Uint8Array> =>
    sharpBlur(await needSharp(), { bytes, width, height }),
)

/** Without atonce one plane at a time, and all at once; then all at once by the pool's threads. */
export function sharpWays(
  sharp: Sharp,
  pool: Executor,
  planes: readonly Plane[],
): Way<readonly Uint8Array[]>[] {
  const oneByOne = async () => {
    const blurred: Uint8Array[] = []
    for (const plane of planes) blurred.push(await sharpBlur(sharp, plane))
    return blurred
  }
  return [
    { name: 'sharp, one by one', prepare: () => oneByOne },
    { name: 'sharp', prepare: () => () => Promise.all(planes.map(plane => sharpBlur(sharp, plane))) },
    {
      name: 'sharp on threads',
      prepare() {
        const leaving = planes.map(({ bytes, width, height }): [Uint8Array, number, number] => [
          move(bytes.slice()),
          width,
          height,
        ])
        return () => pool.map(blurBySharp, leaving)
      },
    },
  ]
}
