/** Counts to colours. */
import type { Picture } from '../workload.ts'
import type { View } from './view.ts'

/** The picture of a view's counts. */
export function pictureOf(counts: Uint16Array, view: View): Picture {
  const colourOf = view.plane === 'workshop' ? workshopColour : smoothColour(view.iterations)
  const palette = Array.from({ length: view.iterations + 1 }, (_, count) => colourOf(count))
  const rgb = new Uint8Array(counts.length * 3)
  counts.forEach((count, pixel) => {
    rgb.set(palette[count] as Colour, pixel * 3)
  })
  return { width: view.width, height: view.height, rgb }
}

type Colour = readonly [red: number, green: number, blue: number]

/** The workshop's own colours; the inside comes out as it comes. */
function workshopColour(count: number): Colour {
  return [(count % 8) * 32, (count % 16) * 16, (count % 32) * 8]
}

/**
 * Black inside; outside from deep blue over white and gold to brown and back. It goes with the
 * count's logarithm, since counts grow without bound towards the border; the offset keeps the few
 * steps far out in one quiet blue.
 *
 * Source of the cosine form: Inigo Quilez, "Procedural color palette".
 */
function smoothColour(iterations: number): (count: number) => Colour {
  return count => {
    if (count === iterations) return [0, 0, 0]
    const turn = Math.log2((count + 6) / 7) / 3.5
    return [wave(turn + 0.5), wave(turn + 0.56), wave(turn + 0.66)]
  }
}

/** 0 … 255 and back, once for each 1 of `turn`. */
function wave(turn: number): number {
  return Math.round(127.5 + 127.5 * Math.cos(2 * Math.PI * turn))
}
