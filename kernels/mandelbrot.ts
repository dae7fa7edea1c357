/** The Mandelbrot set on memory that threads share: each call does some rows. AssemblyScript. */

/**
 * The counts of rows `from` to `to` (excluded), u16 each, to `counts`; `iterations` means inside.
 * Plain f64 in a fixed order of operations, so the counts are those of a plain loop in JavaScript.
 * Two points are done at once; the one that has escaped stands still until the other has.
 */
export function countRows(
  from: i32,
  to: i32,
  counts: usize,
  width: i32,
  height: i32,
  iterations: i32,
  realFrom: f64,
  realSpan: f64,
  imaginaryFrom: f64,
  imaginarySpan: f64,
): void {
  const four = f64x2.splat(4)
  const one = i64x2.splat(1)
  for (let y = from; y < to; y++) {
    const ci = f64x2.splat(imaginaryFrom + (imaginarySpan * (<f64>y + 0.5)) / <f64>height)
    for (let x = 0; x < width; x += 2) {
      const left = realFrom + (realSpan * (<f64>x + 0.5)) / <f64>width
      const right = realFrom + (realSpan * (<f64>(x + 1) + 0.5)) / <f64>width
      const cr = f64x2.replace_lane(f64x2.splat(left), 1, right)
      let zr = f64x2.splat(0)
      let zi = f64x2.splat(0)
      let steps = i64x2.splat(0)
      for (let step = 0; step < iterations; step++) {
        const a = f64x2.mul(zr, zr)
        const b = f64x2.mul(zi, zi)
        const inside = f64x2.le(f64x2.add(a, b), four)
        if (!v128.any_true(inside)) break
        steps = i64x2.add(steps, v128.and(inside, one))
        zi = f64x2.add(f64x2.mul(f64x2.add(zr, zr), zi), ci)
        zr = f64x2.add(f64x2.sub(a, b), cr)
      }
      const at = counts + ((<usize>(y * width + x)) << 1)
      store<u16>(at, <u16>i64x2.extract_lane(steps, 0))
      if (x + 1 < width) store<u16>(at, <u16>i64x2.extract_lane(steps, 1), 2)
    }
  }
}
