/** What workers do for a matrix product. */
import { move, task } from '../../src/index.ts'
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
