/** The pictures to blur: the gallery's own, or PNG files. */
import { readFileSync } from 'node:fs'
import { decodePng, type PlanarPicture } from '../png/codec.ts'

/** The gallery's pictures are drawn in this size. */
export const drawnSize: Pick<PlanarPicture, 'width' | 'height'> = { width: 1_024, height: 768 }

/**
 * Picture number `nth`: in each of its three planes a pixel is ((x + shift) xor y) and 255. The
 * shift is 0 for the first plane of the first picture, and 21 more for each plane after it.
 */
export function drawPicture(nth: number, { width, height } = drawnSize): PlanarPicture {
  const planes = [0, 1, 2].map(channel => {
    const shift = 21 * (3 * nth + channel)
    const plane = new Uint8Array(width * height)
    for (let y = 0; y < height; y += 1)
      for (let x = 0; x < width; x += 1) plane[y * width + x] = (x + shift) ^ y
    return plane
  })
  return { width, height, planes }
}

/** @throws Error that names the file, if it can't be read or is not a PNG that the gallery takes */
export function readPicture(path: string): PlanarPicture {
  try {
    return decodePng(readFileSync(path))
  } catch (cause) {
    throw new Error(`${path} can't be read as a picture: ${(cause as Error).message}`, { cause })
  }
}
