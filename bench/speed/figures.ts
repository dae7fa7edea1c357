/** Figures as people read them: three digits are as much as they are worth. */
import type { Spread } from './spread.ts'

const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })

export const plain = (figure: number): string => digits.format(figure)

/** 41.5k, 1.2M: for rates, which go over five orders of magnitude. */
export function rate(figure: number): string {
  if (figure >= 1e6) return `${plain(figure / 1e6)}M`
  return figure >= 1e4 ? `${plain(figure / 1e3)}k` : plain(figure)
}

/** `median [least–greatest]`, the median alone if it is both; nothing of nothing. */
export function range(spread: Spread | undefined, show: (figure: number) => string = plain): string {
  if (spread === undefined) return ''
  const { median, min, max } = spread
  return min === max ? show(median) : `${show(median)} [${show(min)}–${show(max)}]`
}
