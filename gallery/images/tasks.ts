/**
 * What workers do for the blur: the same loop, for planes that reach it and leave it in different
 * ways.
 */
import { move, task } from '../../src/index.ts'
import type { SharedArray } from '../../src/sync.ts'
import { blurPlane, blurRows } from './box-blur.ts'

/** The plane is copied to the worker unless the caller moves it, and the result is copied back. */
export const blurAndCopy = task(
  import.meta,
  (plane: Uint8Array, width: number, height: number): Uint8Array<ArrayBuffer> =>
    blurPlane(plane, width, height),
)

/** The result is moved to the caller. */
export const blurAndMove = task(
  import.meta,
  (plane: Uint8Array, width: number, height: number): Uint8Array<ArrayBuffer> =>
    move(blurPlane(plane, width, height)),
)

/** Some rows, from and to memory that all threads see. */
export const blurShared = task(
  import.meta,
  (
    from: number,
    to: number,
    plane: SharedArray<'u8'>,
    out: SharedArray<'u8'>,
    width: number,
    height: number,
  ): void => blurRows(from, to, plane.view, out.view, width, height),
)
