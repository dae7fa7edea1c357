/**
 * The Mandelbrot set: bands of rows that cost very different times, handed out as workers become
 * free.
 */
import type { Executor } from '../../src/index.ts'
import { fingerprint } from '../fingerprint.ts'
import type { ParallelOptions, Size, Verdict, Workload } from '../workload.ts'
import { pictureOf } from './colour.ts'
import { escapeCounts } from './escape.ts'
import { renderBand } from './tasks.ts'
import type { View } from './view.ts'

export interface MandelbrotSize extends Size {
  readonly view: View
  /**
   * What is known of the counts: how many points are inside, the sum of all counts, and their
   * fingerprint.
   */
  readonly known: { readonly inside: number; readonly sum: number; readonly sha: string }
}

// Small enough that the last band ends soon after the others, large enough that a message for each
// is not a cost.
const bandRows = 8

export const mandelbrot: Workload<Uint16Array, MandelbrotSize> = {
  name: 'mandelbrot',
  title: 'Mandelbrot set',
  lesson:
    'Equal parts of a picture are unequal work: small parts, handed out as workers become free, keep every core busy.',
  sizes: {
    S: {
      label: '512 × 512, 256 iterations',
      view: { width: 512, height: 512, iterations: 256, plane: 'centred' },
      known: { inside: 63_838, sum: 17_679_814, sha: 'f6f6728e774157c0' },
    },
    M: {
      label: '1024 × 768, 1000 iterations',
      view: { width: 1024, height: 768, iterations: 1000, plane: 'centred' },
      known: { inside: 190_022, sum: 194_727_707, sha: '8f61510a2aa7e702' },
    },
    L: {
      label: '2048 × 1536, 1000 iterations',
      view: { width: 2048, height: 1536, iterations: 1000, plane: 'centred' },
      // Computed by the plain loop here, and the same by a second implementation in C (gcc,
      // -ffp-contract=off).
      known: { inside: 760_145, sum: 778_850_823, sha: 'c9010eb81b3b0287' },
    },
    workshop: {
      label: '640 × 480, 1000 iterations, workshop formula',
      view: { width: 640, height: 480, iterations: 1000, plane: 'workshop' },
      known: { inside: 66_318, sum: 67_970_642, sha: 'eea8af9244ac8048' },
    },
  },
  defaultSize: 'M',

  serial: ({ view }) => escapeCounts(view, 0, view.height),

  async parallel(executor: Executor, { view }: MandelbrotSize, options: ParallelOptions = {}) {
    const counts = new Uint16Array(view.width * view.height)
    let filled = 0
    for (const band of await executor.map(renderBand, bandsOf(view), options)) {
      counts.set(band, filled)
      filled += band.length
    }
    return counts
  },

  check(counts, { view, known }): Verdict {
    let [inside, sum] = [0, 0]
    for (const count of counts) {
      sum += count
      if (count === view.iterations) inside += 1
    }
    const shows = inWords({ inside, sum, sha: fingerprint(counts) })
    const expected = inWords(known)
    return { ok: shows === expected, shows, expected }
  },

  picture: (counts, { view }) => pictureOf(counts, view),
}

/** The view cut into bands; the last may be lower. */
function bandsOf(view: View): [view: View, from: number, to: number][] {
  return Array.from({ length: Math.ceil(view.height / bandRows) }, (_, band) => [
    view,
    band * bandRows,
    Math.min(view.height, (band + 1) * bandRows),
  ])
}

function inWords({ inside, sum, sha }: MandelbrotSize['known']): string {
  return `${inside.toLocaleString('en-US')} points inside, ${sum.toLocaleString('en-US')} steps, sha ${sha}`
}
