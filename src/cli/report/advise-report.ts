/**
 * The report of `atonce advise`, and its picture: what each way would take, where an item's time
 * goes, and what calls side by side bring.
 */
import * as Plot from '@observablehq/plot'
import type { Choice } from '../../choose.ts'
import { adviceRows, titles } from '../advise/words.ts'
import { counted, duration, durationWithin, type TimeUnit, unitOf } from '../figures.ts'
import type { Surroundings } from '../surroundings.ts'
import { type Chart, type Occasion, Page } from './page.ts'
import { emptyDocument, type PageDocument, type PageElement } from './page-document.ts'
import { frame, leftFor, standalone } from './plot.ts'

export function reportOf(
  label: string,
  choice: Choice,
  here: Surroundings,
  occasion: Occasion,
  next: string,
): string {
  const page = new Page()
  const { profile, confidence, sentence, reasons, cautions, piloted, items } = choice
  const section = page.make(
    'section',
    {},
    page.make('h2', {}, label),
    page.make(
      'div',
      { class: 'muted' },
      `${counted(items, 'item')}; trial: ${counted(profile.items, 'call')}, ${duration(profile.trialMs)}${piloted ? ', and a pilot' : ''}; others kept ${profile.foreignCores.toFixed(2)} cores busy`,
    ),
    page.make('div', { class: `verdict ${confidence === 'sure' ? 'good' : 'doubt'}` }, sentence),
    page.list(reasons),
    page.charts(chartsOf(choice, page.document)),
    page.table(titles, adviceRows(choice)),
    ...cautions.map(caution => page.make('p', {}, `! ${caution}`)),
    page.make('p', { class: 'muted' }, 'Next: ', page.make('code', {}, next)),
  )
  const about = {
    title: `atonce advise: ${label}`,
    heading: 'Which model?',
    method:
      'How it was found: some of the inputs were run here, one after the other and, if they wait, several at a time, each once at most. ' +
      'From what they took, and from what calls, copies and starts of workers cost on this machine, the time of each way is reckoned ' +
      `many times over, each figure drawn from its own spread: median and 95 % interval. Measured by atonce ${here.atonce}.`,
  }
  return page.whole(about, here, occasion, [section])
}

/** The predicted times alone, as an SVG file. */
export function pictureOf(choice: Choice): string {
  return standalone(timeChart(choice, emptyDocument()))
}

function chartsOf(choice: Choice, document: PageDocument): Chart[] {
  const charts = [timeChart(choice, document), itemChart(choice, document)]
  return choice.profile.probe.length === 0 ? charts : [...charts, probeChart(choice, document)]
}

interface Bar {
  readonly name: string
  readonly length: number
  readonly text: string
  readonly colour: string
}

function timeChart({ predictions, way: chosen, items }: Choice, document: PageDocument): Chart {
  const possible = predictions.filter(({ vetoed }) => vetoed === undefined)
  const unit = unitOf(Math.max(...possible.map(({ ms }) => ms.median)))
  const bars = possible.map(({ way, ms, blockedMs, concurrency, workers }) => ({
    name: nameOf(way, chosen),
    chosen: way === chosen,
    colour: colourOf(way),
    length: ms.median / unit.ms,
    low: ms.low / unit.ms,
    high: ms.high / unit.ms,
    blocked: Math.min(blockedMs, ms.median) / unit.ms,
    text: duration(ms.median),
    title: `${way}, ${counted(workers, 'worker')}, ${concurrency} at a time: ${durationWithin(ms)}, this thread busy for ${duration(blockedMs)}`,
  }))
  const names = predictions.map(({ way }) => nameOf(way, chosen))
  const refused = predictions
    .filter(({ vetoed }) => vetoed !== undefined)
    .map(({ way }) => ({ name: nameOf(way, chosen) }))
  const svg = Plot.plot({
    document,
    ...frame,
    marginLeft: leftFor(names),
    marginRight: 62,
    height: 68 + 32 * names.length,
    x: {
      label: `${counted(items, 'item')}, ${unit.name}`,
      zero: true,
      nice: true,
      grid: true,
      labelAnchor: 'center',
      ticks: 4,
    },
    y: { label: null, domain: names },
    marks: [
      Plot.barX(bars, {
        ...{ x: 'length', y: 'name', fill: 'colour', title: 'title', inset: 3 },
        fillOpacity: ({ chosen: isChosen }: { chosen: boolean }) => (isChosen ? 0.9 : 0.4),
      }),
      Plot.barX(bars, {
        x: 'blocked',
        y: 'name',
        fill: 'var(--ink)',
        fillOpacity: 0.55,
        insetTop: 18,
        insetBottom: 5,
      }),
      Plot.ruleY(bars, { x1: 'low', x2: 'high', y: 'name', stroke: 'var(--ink)', strokeWidth: 1.5 }),
      Plot.text(bars, {
        ...{ x: 'high', y: 'name', text: 'text', dx: 6, textAnchor: 'start', fontWeight: 600 },
        ...{ fill: 'var(--ink)', stroke: 'var(--card)', strokeWidth: 4 },
      }),
      Plot.text(refused, {
        x: 0,
        y: 'name',
        text: () => 'not possible',
        dx: 6,
        textAnchor: 'start',
        fill: 'var(--muted)',
      }),
      Plot.ruleX([0]),
    ],
  } as unknown as Plot.PlotOptions) as unknown as PageElement
  return {
    title: 'Predicted time of all items',
    caption:
      'Bar: median. Line: its 95 % interval. Dark: how long this thread is busy meanwhile, and answers nobody else. Shorter is better.',
    svg,
  }
}

function itemChart({ profile, predictions }: Choice, document: PageDocument): Chart {
  const { wallMs, cpuMs, processCpuMs, crossing } = profile
  const unit = unitOf(Math.max(wallMs, crossing.hereMs + crossing.thereMs, 1e-9))
  const bar = (name: string, ms: number, colour: string): Bar => ({
    ...{ name, length: ms / unit.ms, text: toldShortly(ms), colour: `var(--${colour})` },
  })
  const crosses = crossing.refused === undefined && predictions.length > 1
  const bars = [
    bar('computing', Math.min(cpuMs, wallMs), 'threads'),
    bar('other threads', Math.max(0, processCpuMs - cpuMs), 'processes'),
    bar('waiting', Math.max(0, wallMs - cpuMs), 'plain'),
    ...(crosses
      ? [bar('copying here', crossing.hereMs, 'bad'), bar('copying there', crossing.thereMs, 'bad')]
      : []),
  ]
  const svg = barsOf(bars, unit, 'one item', document)
  const copying = crosses
    ? 'Copying is what a worker in a thread would add: here, on this thread, and there.'
    : `Nothing is copied: ${crossing.refused ?? 'all stays here.'}`
  return {
    title: 'Where one item’s time goes',
    caption: `One item takes ${duration(wallMs)}, warm. Other threads are libuv’s, which do native work, and V8’s own; they go on beside the rest. ${copying}`,
    svg,
  }
}

function barsOf(bars: readonly Bar[], unit: TimeUnit, what: string, document: PageDocument): PageElement {
  const names = bars.map(({ name }) => name)
  return Plot.plot({
    document,
    ...frame,
    marginLeft: leftFor(names),
    marginRight: 62,
    height: 68 + 26 * names.length,
    x: { label: `${what}, ${unit.name}`, zero: true, grid: true, labelAnchor: 'center', ticks: 4 },
    y: { label: null, domain: names },
    marks: [
      Plot.barX(bars, { x: 'length', y: 'name', fill: 'colour', fillOpacity: 0.8, inset: 3 }),
      Plot.text(bars, {
        x: 'length',
        y: 'name',
        text: 'text',
        dx: 6,
        textAnchor: 'start',
        fill: 'var(--ink)',
      }),
      Plot.ruleX([0]),
    ],
  } as unknown as Plot.PlotOptions) as unknown as PageElement
}

function probeChart({ profile, way, concurrency }: Choice, document: PageDocument): Chart {
  const points = [
    { calls: 1, ms: profile.wallMs },
    ...profile.probe.map(({ concurrency: calls, perItemMs }) => ({ calls, ms: perItemMs })),
  ]
  const unit = unitOf(Math.max(...points.map(({ ms }) => ms)))
  const shown = points.map(({ calls, ms }) => ({ calls, length: ms / unit.ms, text: toldShortly(ms) }))
  // Of two that stand close, the later one is told.
  const told = shown.filter(
    ({ calls }, at) => (shown[at + 1]?.calls ?? Number.POSITIVE_INFINITY) >= 2.5 * calls,
  )
  const highest = 1.2 * Math.max(...shown.map(({ length }) => length))
  const taken = way === 'coroutines' || way === 'threads × coroutines' ? [concurrency] : []
  const svg = Plot.plot({
    document,
    ...frame,
    x: {
      ...{ type: 'log', base: 2, label: 'calls at a time', labelAnchor: 'center' },
      ...{ ticks: points.map(({ calls }) => calls), tickFormat: 'd' },
    },
    y: { label: `one more item, ${unit.name}`, grid: true, domain: [0, highest] },
    marks: [
      Plot.ruleX(taken, { stroke: 'var(--coroutines)', strokeDasharray: '4 3' }),
      Plot.line(shown, { x: 'calls', y: 'length', stroke: 'var(--coroutines)', strokeWidth: 1.5 }),
      Plot.dot(shown, { x: 'calls', y: 'length', r: 5, fill: 'var(--coroutines)', stroke: 'var(--card)' }),
      ...[told.slice(0, -1), told.slice(-1)].map((points, at) =>
        Plot.text(points, {
          ...{ x: 'calls', y: 'length', text: 'text', dy: -12, fontWeight: 600, fill: 'var(--ink)' },
          ...{
            stroke: 'var(--card)',
            strokeWidth: 4,
            textAnchor: at === 0 ? 'start' : 'end',
            dx: 6 - 10 * at,
          },
        }),
      ),
    ],
  } as unknown as Plot.PlotOptions) as unknown as PageElement
  const chosen = taken.length === 0 ? '' : ' Dashed: what is chosen.'
  return {
    title: 'Calls side by side on this loop',
    caption: `Wall time ÷ items, with so many calls under way.${chosen} Lower is better.`,
    svg,
  }
}

function toldShortly(ms: number): string {
  return ms === 0 ? '0' : duration(ms)
}

function nameOf(way: string, chosen: string): string {
  return way === chosen ? `▸ ${way}` : way
}

function colourOf(way: string): string {
  if (way === 'plain loop') return 'var(--plain)'
  if (way === 'coroutines' || way === 'processes') return `var(--${way})`
  return 'var(--threads)'
}
