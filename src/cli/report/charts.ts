/**
 * The plots of a comparison, as SVG: they need no script, so the report opens anywhere and prints.
 */
import * as Plot from '@observablehq/plot'
import type { Figures, Row } from '../compare/comparison.ts'
import { plainLoop } from '../compare/contender.ts'
import { modelName } from '../compare/screen.ts'
import { cores, duration, durationWithin, factor, factorWithin, type TimeUnit, unitOf } from '../figures.ts'
import type { Chart } from './page.ts'
import type { PageDocument, PageElement } from './page-document.ts'

/** A row that has figures, with the name that all plots give it. */
interface Bar {
  readonly name: string
  readonly row: Row
  readonly figures: Figures
}

/**
 * `document` makes the SVG nodes. Rows without figures are left out; none at all means no plots.
 * The speed-up, which is the question, comes first.
 */
export function chartsOf(rows: readonly Row[], document: PageDocument): Chart[] {
  const bars = rows.flatMap(row =>
    row.figures === undefined ? [] : [{ name: modelName(row), row, figures: row.figures }],
  )
  if (bars.length === 0) return []
  const unit = unitOf(Math.min(...bars.map(({ figures }) => figures.wallMs.median)))
  return [speedUpChart(bars, document), wallChart(bars, unit, document), cpuChart(bars, unit, document)]
}

function wallChart(bars: readonly Bar[], unit: TimeUnit, document: PageDocument): Chart {
  const samples = bars.flatMap(({ name, figures }) =>
    figures.wallSamplesMs.map(ms => ({ name, length: ms / unit.ms })),
  )
  const svg = plot(document, bars, { label: unit.name, zero: true, grid: true }, [
    Plot.barX(bars, {
      x: ({ figures }: Bar) => figures.wallMs.median / unit.ms,
      y: 'name',
      fill: colourOf,
      fillOpacity: 0.8,
      inset: 3,
      title: ({ name, figures }: Bar) => `${name}: ${durationWithin(figures.wallMs)}`,
    }),
    Plot.dot(samples, { x: 'length', y: 'name', r: 2, fill: 'var(--ink)', fillOpacity: 0.5, dy: 9 }),
    ...intervalMarks(bars.filter(hasInterval), ({ figures: { wallMs } }) => [
      wallMs.low / unit.ms,
      wallMs.high / unit.ms,
    ]),
    Plot.ruleX([0]),
  ])
  return {
    title: 'Wall time',
    caption: 'Bar: median. Line: its 95 % interval. Dots: single runs. Shorter is better.',
    svg,
  }
}

function cpuChart(bars: readonly Bar[], unit: TimeUnit, document: PageDocument): Chart {
  const parts = bars.flatMap(bar => [
    { ...bar, part: 'wall', length: bar.figures.wallMs.median / unit.ms },
    ...(bar.figures.cpuMs === undefined
      ? []
      : [{ ...bar, part: 'CPU', length: bar.figures.cpuMs / unit.ms }]),
  ])
  const svg = plot(
    document,
    parts,
    { label: unit.name, zero: true, grid: true },
    [
      Plot.barX(parts, {
        x: 'length',
        y: 'part',
        fy: 'name',
        fill: colourOf,
        fillOpacity: ({ part }: { part: string }) => (part === 'CPU' ? 0.4 : 0.8),
        title: ({ name, part, length, figures }: Bar & { part: string; length: number }) =>
          `${name}: ${duration(length * unit.ms)} ${part}, ${cores(figures.coresBusy)} cores busy`,
      }),
      Plot.text(parts, {
        x: 'length',
        y: 'part',
        fy: 'name',
        text: 'part',
        dx: 4,
        textAnchor: 'start',
        fill: 'var(--muted)',
        fontSize: 11,
      }),
      Plot.ruleX([0]),
    ],
    {
      y: { axis: null, domain: ['wall', 'CPU'] },
      fy: { label: null, domain: bars.map(({ name }) => name), padding: 0.25 },
    },
  )
  return {
    title: 'Wall against CPU',
    caption:
      'CPU of all threads and processes. Longer than wall: several cores were busy. Longer than the plain loop’s: the price of spreading the work.',
    svg,
  }
}

function speedUpChart(bars: readonly Bar[], document: PageDocument): Chart {
  const models = bars.filter(({ row }) => row.model !== plainLoop)
  const most = Math.max(...models.map(({ row }) => (row.model === 'coroutines' ? 1 : row.workers)), 1)
  const svg = plot(document, models, { label: 'times as fast as the plain loop', zero: true, grid: true }, [
    Plot.ruleX([1], { stroke: 'var(--muted)', strokeWidth: 1.5 }),
    Plot.ruleX(most > 1 ? [most] : [], {
      stroke: 'var(--muted)',
      strokeDasharray: '4 3',
      title: () => `ideal: ${most} workers`,
    }),
    ...intervalMarks(models.filter(hasInterval), ({ figures: { speedUp } }) => [speedUp.low, speedUp.high]),
    Plot.dot(models, {
      x: ({ figures }: Bar) => figures.speedUp.median,
      y: 'name',
      r: 6,
      fill: colourOf,
      stroke: 'var(--card)',
      strokeWidth: 1.5,
      title: ({ name, figures }: Bar) => `${name}: ${factorWithin(figures.speedUp)}`,
    }),
    // Above its dot, on a ground of its own: beside it the figure would cross a line or the edge.
    Plot.text(models, {
      x: ({ figures }: Bar) => figures.speedUp.median,
      y: 'name',
      text: ({ figures }: Bar) => factor(figures.speedUp.median),
      dy: -15,
      fontWeight: 600,
      fill: 'var(--ink)',
      stroke: 'var(--card)',
      strokeWidth: 4,
    }),
  ])
  const ideal = most > 1 ? ` Dashed: the ideal of ${most} workers.` : ''
  return {
    title: 'Speed-up',
    caption: `Solid line: the plain loop.${ideal} An interval that crosses the solid line proves nothing.`,
    svg,
  }
}

/** Fewer than three runs have none. */
function hasInterval({ figures: { speedUp } }: Bar): boolean {
  return speedUp.high < Number.POSITIVE_INFINITY
}

function intervalMarks(
  bars: readonly Bar[],
  interval: (bar: Bar) => [low: number, high: number],
): Plot.Markish[] {
  const ends = { x1: (bar: Bar) => interval(bar)[0], x2: (bar: Bar) => interval(bar)[1] }
  return [
    Plot.ruleY(bars, { ...ends, y: 'name', stroke: 'var(--ink)', strokeWidth: 2 }),
    Plot.tickX(bars, { x: ends.x1, y: 'name', stroke: 'var(--ink)', inset: 12 }),
    Plot.tickX(bars, { x: ends.x2, y: 'name', stroke: 'var(--ink)', inset: 12 }),
  ]
}

function plot(
  document: PageDocument,
  bars: readonly Bar[],
  x: Plot.ScaleOptions,
  marks: Plot.Markish[],
  more: Plot.PlotOptions = {},
): PageElement {
  return Plot.plot({
    document,
    width: 380, // What a phone has room for; a wide page shows it larger.
    height: 230,
    marginLeft: 88,
    marginRight: 34,
    marginTop: 24,
    marginBottom: 40,
    style: { background: 'none', color: 'var(--ink)', fontSize: '12px', fontFamily: 'inherit' },
    x: { nice: true, labelAnchor: 'center', ...x },
    y: { label: null, domain: bars.map(({ name }) => name) },
    ...more,
    marks,
  } as unknown as Plot.PlotOptions) as unknown as PageElement
}

function colourOf({ row }: Bar): string {
  return row.model === plainLoop ? 'var(--plain)' : `var(--${row.model})`
}
