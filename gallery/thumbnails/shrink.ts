/** Makes a picture small. */
import type { PlanarPicture } from '../png/codec.ts'

/**
 * The picture, fitted into a square of `side` pixels; a picture that fits already stays as it is.
 * Each pixel is the mean, rounded, of those that it stands for.
 */
export function shrink({ width, height, planes }: PlanarPicture, side: number): PlanarPicture {
  const scale = Math.min(1, side / Math.max(width, height))
  const [small, low] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))]
  return {
    width: small,
    height: low,
    planes: planes.map(plane => shrinkPlane(plane, width, height, small, low)),
  }
}

function shrinkPlane(
  plane: Uint8Array,
  width: number,
  height: number,
  small: number,
  low: number,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(small * low)
  for (let y = 0; y < low; y += 1)
    for (let x = 0; x < small; x += 1) {
      const [left, right] = [Math.floor((x * width) / small), Math.floor(((x + 1) * width) / small)]
      const [top, bottom] = [Math.floor((y * height) / low), Math.floor(((y + 1) * height) / low)]
      let sum = 0
      for (let row = top; row < bottom; row += 1)
        for (let column = left; column < right; column += 1) sum += plane[row * width + column] as number
      out[y * small + x] = Math.round(sum / ((right - left) * (bottom - top)))
    }
  return out
}
