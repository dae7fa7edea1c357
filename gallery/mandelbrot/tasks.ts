/** What workers do for the Mandelbrot set. */
import { move, task } from '../../src/index.ts'
import { escapeCounts } from './escape.ts'
import type { View } from './view.ts'

/**
 * The counts of a band of rows. The counts are moved to the caller, not copied, where memory can be
 * moved.
 */
export const renderBand = task(
  import.meta,
  function renderBand(view: View, from: number, to: number): Uint16Array<ArrayBuffer> {
    return move(escapeCounts(view, from, to))
  },
  { idempotent: true },
)
