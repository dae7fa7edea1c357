/**
 * A crawl as a picture: one bar for each request, in the order in which they began; time goes to
 * the right.
 */
import type { Timing } from '../site/get.ts'
import type { Picture } from '../workload.ts'

type Colour = readonly [red: number, green: number, blue: number]

const width = 1_000
const rowHeight = 2
const margin = 8
const background: Colour = [255, 255, 255]
const grid: Colour = [226, 226, 226]
const gridLines = 10
/**
 * A colour for each host, in the order in which they were first asked (Okabe and Ito, "Color
 * Universal Design", 2008).
 */
const hostColours: readonly Colour[] = [
  [0, 114, 178],
  [86, 180, 233],
  [0, 158, 115],
  [204, 121, 167],
  [148, 103, 189],
  [127, 127, 127],
  [188, 189, 34],
  [23, 190, 207],
]
const failed: Colour = [213, 37, 0]
const refused: Colour = [230, 159, 0]

/**
 * Bars take the colour of their host; a failure of the server (5xx) is red, a refusal (429) orange.
 */
export function waterfall(timings: readonly Timing[]): Picture {
  const bars = timings.toSorted((a, b) => a.beganMs - b.beganMs)
  const height = 2 * margin + rowHeight * bars.length
  const rgb = new Uint8Array(3 * width * height)
  const fill = (from: number, to: number, top: number, bottom: number, colour: Colour) => {
    for (let y = top; y < bottom; y++) for (let x = from; x < to; x++) rgb.set(colour, 3 * (y * width + x))
  }
  fill(0, width, 0, height, background)
  for (let line = 0; line <= gridLines; line++) {
    const x = margin + Math.round(((width - 2 * margin - 1) * line) / gridLines)
    fill(x, x + 1, 0, height, grid)
  }
  const firstMs = bars[0]?.beganMs ?? 0
  const lastMs = bars.reduce((latest, { endedMs }) => Math.max(latest, endedMs), firstMs)
  const scale = (width - 2 * margin) / Math.max(1e-9, lastMs - firstMs)
  const hosts = [...new Set(bars.map(({ host }) => host))]
  for (const [row, { host, status, beganMs, endedMs }] of bars.entries()) {
    const from = margin + Math.floor((beganMs - firstMs) * scale)
    const to = Math.min(width - margin, Math.max(from + 1, margin + Math.ceil((endedMs - firstMs) * scale)))
    const top = margin + row * rowHeight
    fill(from, to, top, top + rowHeight, colourOf(status, hosts.indexOf(host)))
  }
  return { width, height, rgb }
}

function colourOf(status: number, host: number): Colour {
  if (status >= 500) return failed
  return status === 429 ? refused : (hostColours[host % hostColours.length] as Colour)
}
