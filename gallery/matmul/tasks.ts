/** What workers do for a matrix product. */
import { move, type Receiver, type Sender, task } from '../../src/index.ts'
import type { SharedArray } from '../../src/sync.ts'
import { multiplyInto, multiplyRows } from './multiply.ts'

/**
 * A band of rows of A times all of B. Both are copied to the worker with every call, B too: that is
 * the price which this workload shows. The rows of C are moved to the caller.
 */
export const multiplyBand = task(
  import.meta,
  function multiplyBand(rows: Float64Array, b: Float64Array, n: number): Float64Array<ArrayBuffer> {
    return move(multiplyRows(rows, b, n))
  },
)

/**
 * One row of C = A·B, on memory that all threads see: nothing is copied, and no two calls write to
 * one row.
 */
export const multiplySharedRow = task(
  import.meta,
  (row: number, a: SharedArray, b: SharedArray, c: SharedArray, n: number): void => {
    multiplyInto(c.view, a.view, b.view, n, row, row + 1)
  },
)

/** Bands of rows from a channel, each with its number; B came with the one call. */
export const multiplyBandsOf = task(
  import.meta,
  async (
    bands: Receiver<readonly [at: number, rows: Float64Array]>,
    products: Sender<readonly [at: number, rows: Float64Array]>,
    b: Float64Array,
    n: number,
  ): Promise<void> => {
    for await (const [at, rows] of bands) await products.send([at, multiplyRows(rows, b, n)])
  },
)

let kept: { readonly b: Float64Array; readonly n: number } | undefined

/** Takes B once for all calls of this worker: for a pool's `initialize`. */
export const keepFactor = task(import.meta, function keepFactor(b: Float64Array, n: number): void {
  kept = { b, n }
})

/** A band of rows times the B that this worker keeps. */
export const multiplyBandByKept = task(
  import.meta,
  function multiplyBandByKept(rows: Float64Array): Float64Array<ArrayBuffer> {
    if (kept === undefined)
      throw new Error('This worker has no B: threads({ initialize: [keepFactor, b, n] }).')
    return move(multiplyRows(rows, kept.b, kept.n))
  },
)
