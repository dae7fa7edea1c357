/** A workload's picture as a PNG file. */
import { encode } from 'fast-png'
import type { Picture } from './compare/subject.ts'

export function pngOf({ width, height, rgb }: Picture): Uint8Array {
  return encode({ width, height, data: rgb, channels: 3, depth: 8 })
}
