/** PNG files and the planes of their pictures. */
import { convertIndexedToRgb, decode, encode } from 'fast-png'

/**
 * A picture with one plane of bytes for each channel: grey, grey and alpha, RGB, or RGB and alpha.
 */
export interface PlanarPicture {
  readonly width: number
  readonly height: number
  /** `width · height` bytes each, row by row. */
  readonly planes: readonly Uint8Array<ArrayBuffer>[]
}

/** @throws Error if the bytes are no PNG, or one of more than 8 bits for a channel */
export function decodePng(bytes: Uint8Array): PlanarPicture {
  const png = decode(bytes)
  const { width, height, depth, palette } = png
  if (depth > 8 || !(png.data instanceof Uint8Array))
    throw new Error(
      `The gallery takes PNG files with up to 8 bits for each channel; this one has ${depth}. Save it with 8.`,
    )
  if (depth < 8 && palette === undefined)
    throw new Error(
      `The gallery takes grey PNG files with 8 bits for each pixel; this one has ${depth}. Save it with 8.`,
    )
  const data = palette === undefined ? png.data : convertIndexedToRgb(png)
  const channels = palette === undefined ? png.channels : (palette[0]?.length ?? 3)
  const planes = Array.from({ length: channels }, (_, channel) => {
    const plane = new Uint8Array(width * height)
    for (let at = 0; at < plane.length; at += 1) plane[at] = data[at * channels + channel] as number
    return plane
  })
  return { width, height, planes }
}

export function encodePng({ width, height, planes }: PlanarPicture): Uint8Array {
  const channels = planes.length
  const data = new Uint8Array(width * height * channels)
  for (const [channel, plane] of planes.entries())
    for (let at = 0; at < plane.length; at += 1) data[at * channels + channel] = plane[at] as number
  return encode({ width, height, data, channels, depth: 8 })
}
