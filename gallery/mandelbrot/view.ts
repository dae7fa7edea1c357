/** A window on the complex plane: which point each pixel stands for. */

export interface View {
  readonly width: number
  readonly height: number
  /** A point that has not escaped after so many steps counts as inside. */
  readonly iterations: number
  /**
   * `centred`: re −2…0.5, im −1.25…1.25, through the pixels' centres; a point escapes when |z| > 2.
   * `workshop`: re −2.5…1, im −1…1, through the pixels' corners; a point escapes when |z| ≥ 2.
   */
  readonly plane: 'centred' | 'workshop'
}

/** The real part that column x stands for. */
export function realAt(x: number, { plane, width }: View): number {
  return plane === 'centred' ? -2 + (2.5 * (x + 0.5)) / width : x * (3.5 / width) - 2.5
}

/** The imaginary part that row y stands for. */
export function imaginaryAt(y: number, { plane, height }: View): number {
  return plane === 'centred' ? -1.25 + (2.5 * (y + 0.5)) / height : y * (2 / height) - 1
}

/** The largest |z|² that has not escaped. */
export function largestNormInside({ plane }: View): number {
  // The largest double below 4: `|z|² > that` is the same as `|z|² >= 4`.
  return plane === 'centred' ? 4 : 4 - 2 * Number.EPSILON
}
