/** A 5 × 5 box blur on memory that threads share: each call does some rows. AssemblyScript. */

/**
 * Rows `from` to `to` (excluded) of the blurred picture, one byte for each pixel, to `out`: the sum
 * of 25 neighbours, clamped to the edges, divided by 25 and truncated. Whole numbers throughout, so
 * every machine gives the same bytes. `scratch` is 2 · (width + 4) bytes for each row of the
 * picture: each call uses that of its first row, so no two share one.
 *
 * The five rows are added up to one first, eight columns at a time, then five neighbours of that.
 */
export function blurRows(
  from: i32,
  to: i32,
  image: usize,
  out: usize,
  scratch: usize,
  width: i32,
  height: i32,
): void {
  const columns = scratch + <usize>from * ((<usize>width + 4) << 1)
  for (let y = from; y < to; y++) {
    addRows(y, image, columns + 4, width, height)
    const first = load<u16>(columns, 4)
    store<u16>(columns, first)
    store<u16>(columns, first, 2)
    const end = columns + 4 + ((<usize>width) << 1)
    const last = load<u16>(end - 2)
    store<u16>(end, last)
    store<u16>(end, last, 2)
    blurRow(columns, out + <usize>y * <usize>width, width)
  }
}

function row(y: i32, image: usize, width: i32, height: i32): usize {
  return image + <usize>max(0, min(height - 1, y)) * <usize>width
}

function addRows(y: i32, image: usize, sums: usize, width: i32, height: i32): void {
  const r0 = row(y - 2, image, width, height)
  const r1 = row(y - 1, image, width, height)
  const r2 = row(y, image, width, height)
  const r3 = row(y + 1, image, width, height)
  const r4 = row(y + 2, image, width, height)
  let x: usize = 0
  for (; x + 8 <= <usize>width; x += 8) {
    let sum = i16x8.add(v128.load_ext<u8>(r0 + x), v128.load_ext<u8>(r1 + x))
    sum = i16x8.add(sum, v128.load_ext<u8>(r2 + x))
    sum = i16x8.add(sum, v128.load_ext<u8>(r3 + x))
    sum = i16x8.add(sum, v128.load_ext<u8>(r4 + x))
    v128.store(sums + (x << 1), sum)
  }
  for (; x < <usize>width; x++) {
    const sum =
      <u16>load<u8>(r0 + x) +
      <u16>load<u8>(r1 + x) +
      <u16>load<u8>(r2 + x) +
      <u16>load<u8>(r3 + x) +
      <u16>load<u8>(r4 + x)
    store<u16>(sums + (x << 1), sum)
  }
}

/** n / 25 for n ≤ 6,375, as (n · 5243) >> 17: exact, for 5243 · 25 is 2¹⁷ + 3. */
function blurRow(sums: usize, out: usize, width: i32): void {
  let x: usize = 0
  const factor = i16x8.splat(5243)
  for (; x + 8 <= <usize>width; x += 8) {
    const at = sums + (x << 1)
    let sum = i16x8.add(v128.load(at), v128.load(at, 2))
    sum = i16x8.add(sum, v128.load(at, 4))
    sum = i16x8.add(sum, v128.load(at, 6))
    sum = i16x8.add(sum, v128.load(at, 8))
    const low = i32x4.shr_u(i32x4.extmul_low_i16x8_u(sum, factor), 17)
    const high = i32x4.shr_u(i32x4.extmul_high_i16x8_u(sum, factor), 17)
    const bytes = i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_u(low, high), i16x8.splat(0))
    v128.store64_lane(out + x, bytes, 0)
  }
  for (; x < <usize>width; x++) {
    const at = sums + (x << 1)
    const sum =
      <u32>load<u16>(at) +
      <u32>load<u16>(at, 2) +
      <u32>load<u16>(at, 4) +
      <u32>load<u16>(at, 6) +
      <u32>load<u16>(at, 8)
    store<u8>(out + x, <u8>((sum * 5243) >> 17))
  }
}
