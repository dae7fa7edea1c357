/**
 * The report of `atonce scale`, and its picture: speed-up beside the laws, and what the workers'
 * time is lost to.
 */
import * as Plot from '@observablehq/plot'
import type { LossName, ScalePoint, Scaling } from '../../measure.ts'
import { counted, factor, factorWithin } from '../figures.ts'
import { culpritSentence, lawsOf, percent, rowOf, sentenceOf, titles } from '../scale/words.ts'
import type { Surroundings } from '../surroundings.ts'
import { type Chart, type Occasion, Page } from './page.ts'
import { emptyDocument, type PageDocument, type PageElement } from './page-document.ts'
import { frame, standalone } from './plot.ts'

export function reportOf(
  label: string,
  scaling: Scaling,
  here: Surroundings,
  occasion: Occasion,
  next: string,
): string {
  const page = new Page()
  const culprit = culpritSentence(scaling)
  const section = page.make(
    'section',
    {},
    page.make('h2', {}, label),
    page.make(
      'div',
      { class: 'muted' },
      `${counted(scaling.items, 'input')}, ${scaling.rounds} rounds, others kept ${scaling.foreignCores.toFixed(2)} cores busy`,
    ),
    page.make('div', { class: `verdict ${scaling.disturbed ? 'doubt' : 'good'}` }, sentenceOf(scaling)),
    ...(culprit === undefined ? [] : [page.make('p', {}, culprit)]),
    page.charts([speedUpChart(scaling, page.document), lossChart(scaling, page.document)]),
    page.table(titles, scaling.points.map(rowOf)),
    ...lawsOf(scaling).map(line => page.make('p', { class: 'muted' }, line)),
    page.make('p', { class: 'muted' }, 'Next: ', page.make('code', {}, next)),
  )
  const about = {
    title: `atonce scale: ${label}`,
    heading: 'More and more workers',
    method:
      'How it was measured: the numbers of workers run in turns (1 2 4, 4 2 1, …), each on a pool of its own that is warm. Medians with 95 % ' +
      'bootstrap intervals; speed-ups round by round. What is lost is told by each thread: CPU time, garbage collection, an idle event loop, ' +
      `and how long it was ready without a core. Measured by atonce ${here.atonce}.`,
  }
  return page.whole(about, here, occasion, [section])
}

/** The speed-up alone, as an SVG file. */
export function pictureOf(scaling: Scaling): string {
  return standalone(speedUpChart(scaling, emptyDocument()))
}

interface OnCurve {
  readonly workers: number
  readonly speedUp: number
}

function speedUpChart({ points, amdahl, usl }: Scaling, document: PageDocument): Chart {
  const most = Math.max(2, points.at(-1)?.workers ?? 1)
  const curve = (speedUp: (workers: number) => number): OnCurve[] =>
    Array.from({ length: 60 }, (_, at) => 1 + ((most - 1) * at) / 59).map(workers => ({
      workers,
      speedUp: speedUp(workers),
    }))
  const line = (data: OnCurve[], stroke: string, dash: string) =>
    Plot.line(data, { x: 'workers', y: 'speedUp', stroke, strokeDasharray: dash, strokeWidth: 1.5 })
  const serial = amdahl?.serial.median
  // An interval of few runs may reach anywhere: it ends at the edge of the plot.
  const highest = 1.15 * Math.max(most, ...points.map(({ speedUp }) => speedUp.median))
  const svg = Plot.plot({
    document,
    ...frame,
    x: {
      label: 'workers',
      ticks: points.map(({ workers }) => workers),
      tickFormat: 'd',
      labelAnchor: 'center',
    },
    y: { label: 'times as fast as one', grid: true, domain: [0, highest], clamp: true },
    marks: [
      line(
        curve(workers => workers),
        'var(--muted)',
        '4 3',
      ),
      ...(serial === undefined
        ? []
        : [
            line(
              curve(n => 1 / (serial + (1 - serial) / n)),
              'var(--coroutines)',
              '',
            ),
          ]),
      ...(usl === undefined
        ? []
        : [
            line(
              curve(n => n / (1 + usl.contention.median * (n - 1) + usl.coherency.median * n * (n - 1))),
              'var(--processes)',
              '',
            ),
          ]),
      Plot.ruleX(
        points.filter(({ speedUp }) => Number.isFinite(speedUp.high)),
        {
          x: 'workers',
          y1: ({ speedUp }: ScalePoint) => speedUp.low,
          y2: ({ speedUp }: ScalePoint) => speedUp.high,
          stroke: 'var(--ink)',
          strokeWidth: 2,
        },
      ),
      Plot.dot(points, {
        x: 'workers',
        y: ({ speedUp }: ScalePoint) => speedUp.median,
        r: 6,
        fill: 'var(--threads)',
        stroke: 'var(--card)',
        strokeWidth: 1.5,
        title: ({ workers, speedUp }: ScalePoint) => `${workers} workers: ${factorWithin(speedUp)}`,
      }),
      Plot.text(points, {
        x: 'workers',
        y: ({ speedUp }: ScalePoint) => speedUp.median,
        text: ({ speedUp }: ScalePoint) => factor(speedUp.median),
        dy: -16,
        fontWeight: 600,
        fill: 'var(--ink)',
        stroke: 'var(--card)',
        strokeWidth: 4,
      }),
    ],
  } as unknown as Plot.PlotOptions) as unknown as PageElement
  const laws = [
    serial === undefined ? '' : ' Orange: Amdahl’s law.',
    usl === undefined ? '' : ' Violet: the universal law.',
  ]
  return {
    title: 'Speed-up',
    caption: `Dots: medians with their 95 % intervals. Dashed: the ideal.${laws.join('')} Nothing is drawn beyond what was measured.`,
    svg,
  }
}

const lossColours: Readonly<Record<LossName | 'work', string>> = {
  work: 'var(--threads)',
  'main thread': '#c0392b',
  copying: '#e74c3c',
  garbage: '#7f8c8d',
  tail: '#f1c40f',
  lock: '#e67e22',
  memory: '#8e44ad',
  cores: '#2c3e50',
  waiting: '#bdc3c7',
}

function lossChart({ points }: Scaling, document: PageDocument): Chart {
  const parts = points.flatMap(({ workers, losses }) => {
    if (losses === undefined) return []
    const lost = (Object.entries(losses) as [LossName, number][]).filter(([, share]) => share > 0.002)
    const rest = 1 - lost.reduce((total, [, share]) => total + share, 0)
    return [['work', Math.max(0, rest)] as const, ...lost].map(([name, share]) => ({
      workers: `${workers}`,
      name,
      share,
    }))
  })
  const named = [...new Set(parts.map(({ name }) => name))]
  const svg = Plot.plot({
    document,
    ...frame,
    marginLeft: 40,
    x: { label: 'workers', domain: points.map(({ workers }) => `${workers}`), labelAnchor: 'center' },
    y: { label: 'part of the workers’ time', tickFormat: '%', domain: [0, 1] },
    marks: [
      Plot.barY(parts, {
        x: 'workers',
        y: 'share',
        fill: ({ name }: { name: LossName | 'work' }) => lossColours[name],
        title: ({ workers, name, share }: { workers: string; name: string; share: number }) =>
          `${workers} workers: ${name} ${percent(share)}`,
        inset: 2,
      }),
      Plot.ruleY([0]),
    ],
  } as unknown as Plot.PlotOptions) as unknown as PageElement
  const colourName: Readonly<Record<string, string>> = {
    work: 'blue: the work',
    'main thread': 'dark red: main thread',
    copying: 'red: copying',
    garbage: 'grey: garbage',
    tail: 'yellow: tail',
    lock: 'orange: lock',
    memory: 'violet: memory',
    cores: 'black: no free core',
    waiting: 'pale: waiting',
  }
  return {
    title: 'Where the workers’ time goes',
    caption:
      named.length === 0
        ? 'This Node does not tell a thread’s CPU time.'
        : `From below: ${named.map(name => colourName[name] ?? name).join(', ')}.`,
    svg,
  }
}
