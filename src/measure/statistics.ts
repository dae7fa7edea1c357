/** The few statistics that figures are made of. */

export function mean(values: readonly number[]): number {
  return sum(values) / values.length
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/**
 * By linear interpolation between neighbours (Hyndman and Fan, "Sample quantiles", 1996, definition
 * 7).
 */
export function quantile(values: readonly number[], share: number): number {
  return quantileOfSorted(
    values.toSorted((a, b) => a - b),
    share,
  )
}

/** The same of values that are in order. */
export function quantileOfSorted(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN
  const place = (sorted.length - 1) * share
  const below = Math.floor(place)
  const low = sorted[below] as number
  const high = sorted[Math.ceil(place)] as number
  return low + (high - low) * (place - below)
}

/** Divided by one less than the count, as of a sample. */
export function standardDeviation(values: readonly number[]): number {
  const middle = mean(values)
  return Math.sqrt(sum(values.map(value => (value - middle) ** 2)) / (values.length - 1))
}

/** The median distance from the median: a spread that outliers do not move. */
export function medianDeviation(values: readonly number[]): number {
  const middle = median(values)
  return median(values.map(value => Math.abs(value - middle)))
}

/**
 * Values outside of the box by more than 1.5 or 3 times its height (Tukey, "Exploratory Data
 * Analysis", 1977).
 */
export function outliersOf(values: readonly number[]): { mild: number; severe: number } {
  if (values.length < fewestForOutliers) return { mild: 0, severe: 0 }
  const [low, high] = [quantile(values, 0.25), quantile(values, 0.75)]
  const beyond = (heights: number) =>
    values.filter(value => value < low - heights * (high - low) || value > high + heights * (high - low))
      .length
  const severe = beyond(3)
  return { mild: beyond(1.5) - severe, severe }
}

const fewestForOutliers = 4
