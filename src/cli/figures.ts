/** Numbers as people read them; one notation for the terminal and the report. */
import type { Estimate } from '../measure/estimate.ts'

const dash = '–'

/** A unit of time, and how many ms it is. */
export interface TimeUnit {
  readonly name: 's' | 'ms' | 'µs'
  readonly ms: number
}

/** The unit in which a duration is told, in the table as on the axis of a plot. */
export function unitOf(ms: number): TimeUnit {
  return ms >= 1_000 ? { name: 's', ms: 1_000 } : ms >= 1 ? { name: 'ms', ms: 1 } : { name: 'µs', ms: 0.001 }
}

/** `1.40 s`, `12.3 ms`, `840 µs`: three digits that count. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return dash
  const unit = unitOf(ms)
  return `${digits(ms / unit.ms)} ${unit.name}`
}

/** `1.40 s [1.38–1.43]`, the interval in the unit of the median. */
export function durationWithin({ median, low, high }: Estimate): string {
  if (high === Number.POSITIVE_INFINITY) return `${duration(median)} [< 3 runs]`
  const scale = unitOf(median).ms
  return `${duration(median)} [${digits(low / scale)}–${digits(high / scale)}]`
}

/** `1.83×`. */
export function factor(ratio: number): string {
  return `${digits(ratio)}×`
}

/** `1.83× [1.79–1.86]`. */
export function factorWithin({ median, low, high }: Estimate): string {
  if (high === Number.POSITIVE_INFINITY) return `${factor(median)} [< 3 runs]`
  return `${factor(median)} [${digits(low)}–${digits(high)}]`
}

/** CPU time in seconds, to the hundredth that the system counts in. */
export function cpuSeconds(ms: number | undefined): string {
  return ms === undefined ? dash : `${(ms / 1_000).toFixed(2)} s`
}

/** `1.92`, a number of cores. */
export function cores(count: number | undefined): string {
  return count === undefined ? dash : count.toFixed(2)
}

/** `98 MB`, in millions of bytes. */
export function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? dash : `${Math.round(bytes / 1e6)} MB`
}

/** `1 input`, `12,000 inputs`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}

function digits(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value < 0.1 && value > 0 ? value.toPrecision(2) : value.toFixed(value >= 10 ? 1 : 2)
}
