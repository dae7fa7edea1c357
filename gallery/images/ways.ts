/**
 * Pictures are blurred five ways, by how they reach the workers, and by sharp where it is there:
 * `node gallery/images/ways.ts photo.png --out blurred`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Executor, move, threads } from '../../src/index.ts'
import { type Kernel, kernel } from '../../src/kernels.ts'
import { SharedArray } from '../../src/sync.ts'
import { countFrom } from '../count-from.ts'
import { kernelFile } from '../kernel-file.ts'
import { encodePng, type PlanarPicture } from '../png/codec.ts'
import { findSharp, withoutSharp } from '../sharp.ts'
import { type TriedWay, tableOf, tryWays, type Way } from '../ways.ts'
import { blurPlane } from './box-blur.ts'
import { sharpWays } from './by-sharp.ts'
import { drawPicture, readPicture } from './pictures.ts'
import { blurAndCopy, blurAndMove, blurShared } from './tasks.ts'

interface Plane {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly width: number
  readonly height: number
}

export interface ImageWays {
  readonly tried: readonly TriedWay[]
  /** Why ways are left out, if some are. */
  readonly leftOut: string | undefined
  readonly blurred: readonly PlanarPicture[]
}

/**
 * Blurs every plane of the pictures each way, so many counted rounds.
 * @throws Error if a way gives one byte that differs from the plain loop's
 */
export async function runWays(
  pictures: readonly PlanarPicture[],
  workers: number,
  rounds: number,
): Promise<ImageWays> {
  const planes: Plane[] = pictures.flatMap(({ width, height, planes }) =>
    planes.map(bytes => ({ bytes, width, height })),
  )
  await using pool = threads({ workers })
  const own = await kernel(kernelFile('blur'))
  const sharp = await findSharp()
  const serial = () => planes.map(({ bytes, width, height }) => blurPlane(bytes, width, height))
  const ways: Way<readonly Uint8Array[]>[] = [
    { name: 'serial', prepare: () => serial },
    {
      name: 'copied',
      prepare: () => () =>
        pool.map(
          blurAndCopy,
          planes.map(({ bytes, width, height }) => [bytes, width, height]),
        ),
    },
    { name: 'moved', prepare: () => movedBlur(pool, planes) },
    { name: 'shared', prepare: () => sharedBlur(pool, planes) },
    kernelWay(pool, own, planes),
    ...(sharp === undefined ? [] : sharpWays(sharp, pool, planes)),
  ]
  const expected = serial()
  const tried = await tryWays(ways, rounds, (found, way) => {
    for (const [at, plane] of expected.entries())
      if (Buffer.compare(plane, found[at] as Uint8Array) !== 0)
        throw new Error(`Plane ${at} differs from the plain loop's: ${way}.`)
  })
  const leftOut = sharp === undefined ? withoutSharp : undefined
  return { tried, leftOut, blurred: regrouped(expected, pictures) }
}

/**
 * What is moved is gone here; the other ways still need it, so a copy goes. A program that read it
 * from a file needs none.
 */
function movedBlur(pool: Executor, planes: readonly Plane[]): () => PromiseLike<Uint8Array[]> {
  const leaving = planes.map(({ bytes, width, height }): [Uint8Array, number, number] => [
    move(bytes.slice()),
    width,
    height,
  ])
  return () => pool.map(blurAndMove, leaving)
}

/**
 * On shared memory a plane can be cut into bands at no cost: each reads two rows of its neighbours.
 */
const bandsOfPlane = 4

function sharedBlur(pool: Executor, planes: readonly Plane[]): () => Promise<Uint8Array[]> {
  const outs = planes.map(({ bytes }) => new SharedArray('u8', bytes.length))
  const calls = planes.flatMap(({ bytes, width, height }, at) => {
    const plane = SharedArray.from('u8', bytes)
    const rowAt = (band: number) => Math.floor((band * height) / bandsOfPlane)
    return Array.from({ length: bandsOfPlane }, (_, band) => {
      const out = outs[at] as SharedArray<'u8'>
      return [rowAt(band), rowAt(band + 1), plane, out, width, height] as const
    })
  })
  return async () => {
    await pool.map(blurShared, calls)
    return outs.map(({ view }) => view)
  }
}

/**
 * Memory of a kernel is taken for as long as the kernel lives, so it is taken once for all rounds.
 */
function kernelWay(pool: Executor, own: Kernel, planes: readonly Plane[]): Way<readonly Uint8Array[]> {
  const places = planes.map(({ bytes, width, height }) => ({
    plane: own.allocate('u8', bytes.length),
    out: own.allocate('u8', bytes.length),
    scratch: own.allocate('u16', (width + 4) * height),
  }))
  return {
    name: 'kernel',
    prepare() {
      for (const [at, { bytes }] of planes.entries()) places[at]?.plane.set(bytes)
      return async () => {
        await Promise.all(
          places.map(({ plane, out, scratch }, at) => {
            const { width, height } = planes[at] as Plane
            return own.forRange(pool, { to: height }, 'blurRows', plane, out, scratch, width, height)
          }),
        )
        return places.map(({ out }) => out)
      }
    },
  }
}

function regrouped(
  planes: readonly Uint8Array<ArrayBuffer>[],
  pictures: readonly PlanarPicture[],
): PlanarPicture[] {
  const left = planes.values()
  return pictures.map(({ width, height, planes }) => ({
    width,
    height,
    planes: [...left.take(planes.length)],
  }))
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      workers: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '5' },
      out: { type: 'string' },
    },
  })
  const pictures =
    positionals.length > 0 ? positionals.map(readPicture) : [0, 1, 2, 3].map(nth => drawPicture(nth))
  const { tried, leftOut, blurred } = await runWays(
    pictures,
    countFrom('--workers', values.workers),
    countFrom('--rounds', values.rounds),
  )
  console.log(
    `${pictures.length} pictures, ${values.workers} workers, median of ${values.rounds} rounds\n\n${tableOf(tried)}\n\nAll ways give the same bytes.`,
  )
  if (leftOut !== undefined) console.log(leftOut)
  if (values.out !== undefined) {
    mkdirSync(values.out, { recursive: true })
    for (const [nth, picture] of blurred.entries()) {
      const name = basename(positionals[nth] ?? 'drawn.png')
      const file = join(values.out, `${nth}-${name}`) // The number keeps two of a name apart, and the original whole.
      writeFileSync(file, encodePng(picture))
      console.log(file)
    }
  }
}
