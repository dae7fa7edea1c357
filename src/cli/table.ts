/** Tables for the terminal: no lines, just columns, as many as fit; readable in a log as well. */
import { stripVTControlCharacters } from 'node:util'
import Table from 'cli-table3'
import { resultStream } from './result-stream.ts'
import { emphasis } from './style.ts'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** Where the lines are too long: who goes first. Without a number it stays. */
  readonly drop?: number
}

/** What is not a terminal has a width, too: that of a log, a mail, a page of documentation. */
export function widthOfOutput(): number {
  return resultStream().columns ?? 80
}

/** The words on lines no longer than `width`, unless one word is. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

/**
 * The rows under their titles, each line ending without blanks, no longer than `width` if columns
 * may be dropped.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number = widthOfOutput(),
): string {
  const shown = fitting(columns, rows, width)
  const grid = new Table({
    head: shown.map(at => emphasis(columns[at]?.title ?? '')),
    colAligns: shown.map(at => columns[at]?.align ?? 'left'),
    chars: noLines,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  grid.push(...rows.map(row => shown.map(at => row[at] ?? '')))
  return grid
    .toString()
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n')
}

const gap = '  '

/** The indexes of the columns that fit. */
function fitting(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly number[] {
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...rows.map(row => stripVTControlCharacters(row[at] ?? '').length)),
  )
  const shown = new Set(columns.keys())
  const total = () => [...shown].reduce((sum, at) => sum + (widths[at] ?? 0) + gap.length, -gap.length)
  const droppable = [...columns.keys()]
    .filter(at => columns[at]?.drop !== undefined)
    .toSorted((a, b) => (columns[a]?.drop ?? 0) - (columns[b]?.drop ?? 0))
  for (const at of droppable) if (total() > width) shown.delete(at)
  return [...shown]
}

const noLines = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: gap,
}
