/**
 * The report of `atonce trace`, and its picture: a timeline with a lane for each worker, what the
 * workers' time was lost to, and the longest path to the last result.
 */
import * as Plot from '@observablehq/plot'
import { counted, duration, type TimeUnit, unitOf } from '../figures.ts'
import type { Surroundings } from '../surroundings.ts'
import { type Lane, type Layout, laneNames, type Slice, startOf, ticksPerUs } from '../trace/lanes.ts'
import type { WorkerTime } from '../trace/lost.ts'
import { criticalPath, type PlacedStep } from '../trace/path.ts'
import type { Recording } from '../trace/recorder.ts'
import { keptSentence, pathRows, percent, placesOf } from '../trace/words.ts'
import { type Chart, type Occasion, Page } from './page.ts'
import { emptyDocument, type PageDocument, type PageElement } from './page-document.ts'
import { frame, leftFor, standalone } from './plot.ts'

/** What is drawn. */
interface Drawn {
  readonly recording: Recording
  readonly layout: Layout
  readonly placed: readonly PlacedStep[]
  readonly time: WorkerTime
}

/** What is said of it. */
interface Told {
  readonly title: string
  readonly headline: string
  readonly sentence: string
  readonly next: string
  /** The file for Perfetto. */
  readonly output: string
}

export function reportOf(drawn: Drawn, told: Told, here: Surroundings, occasion: Occasion): string {
  const page = new Page()
  const { recording, placed, time } = drawn
  const path = pathRows(criticalPath(placed), placesOf(recording.calls))
  const section = page.make(
    'section',
    {},
    page.make('h2', {}, told.headline),
    page.make('div', { class: 'muted' }, `${keptSentence(recording)}; the whole of it: ${told.output}`),
    page.make('div', { class: 'verdict good' }, told.sentence),
    page.charts([timelineChart(drawn, page.document), lossChart(time, page.document)]),
    ...(time.lost.length === 0
      ? []
      : [page.make('h3', {}, 'What the rest was lost to'), lostTable(page, time)]),
    page.make('h3', {}, 'The longest path to the last result'),
    page.table(
      ['what ran', 'time'],
      path.map(([ms, what]) => [what, ms]),
    ),
    page.make('p', { class: 'muted' }, 'Next: ', page.make('code', {}, told.next)),
  )
  const about = {
    title: told.title,
    heading: 'What ran when, and where',
    method:
      'How it was measured: the executors told of each call when it was made, began and ended, and of each start of a worker. A path goes from the ' +
      'last result back to the beginning, each step what the one after it waited for. Open the file at ui.perfetto.dev for every call. ' +
      `Measured by atonce ${here.atonce}.`,
  }
  return page.whole(about, here, occasion, [section])
}

function lostTable(page: Page, { lost }: WorkerTime): PageElement {
  const rows = lost
    .slice(0, 3)
    .map(({ reason, ms, share, remedy }) => [reason, duration(ms), percent(share), remedy])
  return page.table(['reason', 'lost', 'of workers × time', 'try'], rows)
}

/** The timeline alone, as an SVG file. */
export function pictureOf(drawn: Drawn): string {
  return standalone(timelineChart(drawn, emptyDocument()))
}

const mostLanes = 40
/** What is nearer together than this part of the whole is drawn as one. */
const finest = 1 / 600

/** From where to where on the axis, in which of the lanes that are drawn. */
interface Span {
  readonly lane: number
  readonly from: number
  readonly to: number
}

interface Box extends Span {
  to: number
  readonly fill: string
  /** How far within its lane: a call that another one on the same worker has made is slimmer. */
  readonly depth: number
  calls: number
  title: string
}

function timelineChart({ recording, layout, placed }: Drawn, document: PageDocument): Chart {
  const lanes = layout.lanes.slice(0, mostLanes)
  const dense = lanes.length > 12
  const names = laneNames(layout)
  const labels = lanes.map(lane =>
    lane.number === 0 ? shortened(names.get(lane) ?? '') : `(${lane.number + 1})`,
  )
  const places = new Map(lanes.map((lane, place) => [lane, place]))
  const inMs = (tick: number) => tick / (ticksPerUs * 1_000)
  const unit = unitOf(inMs(layout.length))
  const spanOf = ({ lane, from, to }: Slice): Span[] => {
    const place = places.get(lane)
    return place === undefined ? [] : [{ lane: place, from: inMs(from) / unit.ms, to: inMs(to) / unit.ms }]
  }
  const boxes = boxesOf(layout, inMs(layout.length) / unit.ms, unit, spanOf)
  const starts = recording.workers.flatMap(record => {
    const start = startOf(recording, record, layout)
    const spans = start === undefined ? [] : spanOf(start)
    return spans.map(span => ({ ...span, title: `start-up: ${lasting(span, unit)}` }))
  })
  const steps = joined(placed.flatMap(spanOf), inMs(layout.length) / unit.ms)
  const band = { x1: 'from', x2: 'to', y: 'lane', title: 'title' }
  const svg = Plot.plot({
    document,
    ...frame,
    marginLeft: leftFor(labels),
    height: 68 + (dense ? 18 : 26) * lanes.length,
    x: {
      label: `since the beginning, ${unit.name}`,
      zero: true,
      grid: true,
      labelAnchor: 'center',
      ticks: 5,
    },
    y: {
      label: null,
      domain: labels.map((_, lane) => lane),
      tickFormat: (lane: number) => labels[lane] ?? '',
    },
    marks: [
      Plot.barX(starts, { ...band, fill: 'var(--doubt)', fillOpacity: 0.7, insetTop: 3, insetBottom: 6 }),
      ...[0, 1].map(depth =>
        Plot.barX(
          boxes.filter(box => box.depth === depth),
          {
            ...band,
            ...{ fill: 'fill', fillOpacity: 0.85, insetTop: 3 + 4 * depth, insetBottom: 6 + 3 * depth },
            ...(depth === 0 ? {} : { stroke: 'var(--card)', strokeWidth: 1 }),
          },
        ),
      ),
      Plot.ruleY(steps, {
        ...{ x1: 'from', x2: 'to', y: 'lane', stroke: 'var(--ink)' },
        ...{ strokeWidth: dense ? 2 : 3, dy: dense ? 6 : 9 },
      }),
    ],
  } as unknown as Plot.PlotOptions) as unknown as PageElement
  const left = layout.lanes.length - lanes.length
  const failed = boxes.some(({ fill }) => fill === failedColour)
  return {
    title: 'Timeline',
    caption: [
      'A lane for each worker; calls that follow each other closely are drawn as one, and what a call made on its own worker lies within it.',
      ...(left === 0 ? [] : [`${counted(lanes.length, 'lane')} of ${lanes.length + left} are drawn.`]),
    ].join(' '),
    legend: [
      ...kindsOf(lanes).map(kind => [kind, 'calls'] as const),
      ...(failed ? [['bad', 'failed calls'] as const] : []),
      ...(starts.length === 0 ? [] : [['doubt', 'a worker starts'] as const]),
      ['ink', 'the longest path'],
    ],
    svg,
  }
}

const failedColour = 'var(--bad)'

/** Of the longest path, which is without a gap: what no eye could tell apart is one. */
function joined(spans: readonly Span[], whole: number): Span[] {
  const last = new Map<number, Span & { to: number }>()
  const steps: Span[] = []
  for (const { lane, from, to } of spans) {
    const before = last.get(lane)
    if (before !== undefined && from - before.to < whole * finest) before.to = to
    else {
      const step = { lane, from, to }
      last.set(lane, step)
      steps.push(step)
    }
  }
  return steps
}

/** Neighbours of one kind that no eye could tell apart are one. */
function boxesOf(
  { calls }: Layout,
  whole: number,
  unit: TimeUnit,
  spanOf: (slice: Slice) => readonly Span[],
): Box[] {
  const lanes = new Map(calls.map(({ call, ran }) => [call.id, ran?.lane]))
  const last = new Map<string, Box>()
  const boxes: Box[] = []
  const placed = calls
    .flatMap(({ call, ran }) =>
      ran === undefined ? [] : spanOf(ran).map(span => ({ call, span, on: ran.lane })),
    )
    .sort((a, b) => a.span.from - b.span.from)
  for (const { call, span, on } of placed) {
    const depth = call.maker !== undefined && lanes.get(call.maker) === on ? 1 : 0
    const fill = call.outcome === 'failed' ? failedColour : `var(--${kindOf(on)})`
    const key = `${span.lane} ${depth} ${fill}`
    const before = last.get(key)
    const near = before !== undefined && span.from - before.to < whole * finest
    if (near && span.to - before.from < 20 * whole * finest) {
      before.to = Math.max(before.to, span.to)
      before.calls += call.calls
      before.title = `${counted(before.calls, 'call')}, of ${call.task} among others`
      continue
    }
    const box = { ...span, fill, depth, calls: call.calls, title: `${call.task}: ${lasting(span, unit)}` }
    last.set(key, box)
    boxes.push(box)
  }
  return boxes
}

function kindsOf(lanes: readonly Lane[]): string[] {
  return [...new Set(lanes.filter(({ record }) => record !== undefined).map(kindOf))]
}

/** The colour of a model, by its name in the stylesheet. */
function kindOf({ record }: Lane): string {
  if (record?.worker === undefined) return 'coroutines'
  return record.worker.pid === undefined ? 'threads' : 'processes'
}

function lasting({ from, to }: Span, unit: TimeUnit): string {
  return duration((to - from) * unit.ms)
}

function shortened(name: string): string {
  return name.length > 22 ? `${name.slice(0, 21)}…` : name
}

function lossChart({ totalMs, runMs, lost }: WorkerTime, document: PageDocument): Chart {
  const unit = unitOf(totalMs)
  const parts = [
    { name: 'calls that ran', ms: runMs, share: runMs / totalMs, colour: 'var(--threads)' },
    ...lost.map(({ reason, ms, share }) => ({
      ...{ name: reason.split(/[:,]/)[0] as string, ms, share, colour: 'var(--doubt)' },
    })),
  ].map(part => ({
    ...part,
    length: part.ms / unit.ms,
    text: `${duration(part.ms)}, ${percent(part.share)}`,
  }))
  const svg = Plot.plot({
    document,
    ...frame,
    marginLeft: 14,
    marginRight: 96,
    height: 68 + 44 * parts.length,
    x: { label: `workers × time, ${unit.name}`, zero: true, grid: true, labelAnchor: 'center', ticks: 4 },
    y: { label: null, axis: null, domain: parts.map(({ name }) => name) },
    marks: [
      Plot.barX(parts, {
        x: 'length',
        y: 'name',
        fill: 'colour',
        fillOpacity: 0.8,
        insetTop: 20,
        insetBottom: 4,
      }),
      Plot.text(parts, { x: 0, y: 'name', text: 'name', textAnchor: 'start', dy: -11, fill: 'var(--ink)' }),
      Plot.text(parts, {
        ...{ x: 'length', y: 'name', text: 'text', textAnchor: 'start', dx: 6, dy: 8, fill: 'var(--ink)' },
      }),
      Plot.ruleX([0]),
    ],
  } as unknown as Plot.PlotOptions) as unknown as PageElement
  return {
    title: 'Where the workers’ time went',
    caption: 'All parts together are the number of workers × the time.',
    svg,
  }
}
