/** A 5 × 5 box blur of one plane of bytes. */

const radius = 2
const side = 2 * radius + 1

/**
 * Rows `from` to `to` (excluded) of the blurred plane, to `out`: the sum of the 25 pixels around
 * each, divided by 25 and truncated. Beyond an edge its own pixels go on. Whole numbers throughout,
 * so the bytes are the same everywhere.
 *
 * Adds up the five rows first, then five neighbours of those sums: 10 additions for each pixel
 * instead of 25.
 */
export function blurRows(
  from: number,
  to: number,
  plane: Uint8Array,
  out: Uint8Array,
  width: number,
  height: number,
): void {
  const columns = new Uint16Array(width + 2 * radius)
  for (let y = from; y < to; y += 1) {
    columns.fill(0)
    for (let dy = -radius; dy <= radius; dy += 1) {
      const row = Math.max(0, Math.min(height - 1, y + dy)) * width
      for (let x = 0; x < width; x += 1)
        columns[x + radius] = (columns[x + radius] as number) + (plane[row + x] as number)
    }
    columns.fill(columns[radius] as number, 0, radius)
    columns.fill(columns[width + radius - 1] as number, width + radius)
    for (let x = 0; x < width; x += 1) {
      let sum = 0
      for (let dx = 0; dx < side; dx += 1) sum += columns[x + dx] as number
      out[y * width + x] = sum / (side * side)
    }
  }
}

/** The whole plane, blurred. */
export function blurPlane(plane: Uint8Array, width: number, height: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(plane.length)
  blurRows(0, height, plane, out, width, height)
  return out
}
