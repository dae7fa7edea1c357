/** The HTML report: one file, no script, nothing to load; it opens from disk. */
import type { Row } from '../compare/comparison.ts'
import { plainLoop } from '../compare/contender.ts'
import type { Result } from '../compare/result.ts'
import { conditions, modelName } from '../compare/screen.ts'
import type { Verdict } from '../compare/verdict.ts'
import { summaryOf } from '../ending.ts'
import { cores, cpuSeconds, durationWithin, factorWithin, megabytes } from '../figures.ts'
import { pngOf } from '../picture.ts'
import { type Surroundings, surroundingsLine } from '../surroundings.ts'
import { chartsOf } from './charts.ts'
import { emptyDocument, type PageDocument, type PageElement } from './page-document.ts'
import { stylesheet } from './stylesheet.ts'

/** When it was measured, and what was typed. */
export interface Occasion {
  /** ms since 1970. */
  readonly epochMs: number
  readonly command: string
}

/** The whole page as text. */
export function reportOf(results: readonly Result[], surroundings: Surroundings, occasion: Occasion): string {
  const document = emptyDocument()
  const page = new Page(document)
  document.head.append(
    page.make('meta', { charset: 'utf-8' }),
    page.make('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    page.make('title', {}, `atonce: ${results.map(({ subject }) => subject.name).join(', ')}`),
    page.make('style', {}, stylesheet),
  )
  document.body.append(
    page.make(
      'header',
      {},
      page.make('h1', {}, 'The same work on every model'),
      page.make(
        'div',
        { class: 'muted' },
        `${dateOf(occasion)} · ${surroundingsLine(surroundings)} · ${surroundings.workers} workers`,
      ),
      page.make('div', {}, page.make('code', {}, occasion.command)),
    ),
    page.make('main', {}, ...results.map(result => page.section(result))),
    page.make('footer', {}, method(surroundings)),
  )
  return `${document.toString()}\n`
}

/** `2026-11-30 10:15 UTC`: to be compared, wherever it is read. */
function dateOf({ epochMs }: Occasion): string {
  return `${new Date(epochMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function method({ atonce }: Surroundings): string {
  return (
    'How it was measured: the models run in turns (A B C D, D C B A, …), after one run each that is not timed. ' +
    'Medians with 95 % bootstrap intervals; speed-ups round by round. CPU and memory are those of the whole tree of threads and processes; ' +
    `memory is the peak of the first run. Every answer was checked. Measured by atonce ${atonce}.`
  )
}

const titles: readonly string[] = [
  'model',
  'wall, median [95 %]',
  'CPU',
  'cores busy',
  'speed-up [95 %]',
  'peak memory',
  'answer',
]

/** Makes the elements of one document; text is always text, never markup. */
class Page {
  readonly #document: PageDocument

  constructor(document: PageDocument) {
    this.#document = document
  }

  make(
    name: string,
    attributes: Readonly<Record<string, string>> = {},
    ...children: (PageElement | string)[]
  ): PageElement {
    const element = this.#document.createElement(name)
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
    element.append(...children)
    return element
  }

  section(result: Result): PageElement {
    const { subject, comparison, verdict, learnt } = result
    return this.make(
      'section',
      {},
      this.make('h2', {}, subject.title),
      this.make('div', { class: 'muted' }, conditions(comparison)),
      this.make('div', { class: `verdict ${toneOf(verdict)}` }, verdict.sentence),
      ...(learnt === undefined ? [] : [this.make('div', {}, `Learnt: ${learnt}`)]),
      this.#charts(comparison.rows),
      this.#table(comparison.rows),
      ...this.#picture(result),
      this.make('p', { class: 'muted' }, 'Next: ', this.make('code', {}, verdict.next)),
    )
  }

  #charts(rows: readonly Row[]): PageElement {
    const figures = chartsOf(rows, this.#document).map(({ title, caption, svg }) =>
      this.make('figure', {}, this.make('h3', {}, title), svg, this.make('figcaption', {}, caption)),
    )
    return this.make('div', { class: 'charts' }, ...figures)
  }

  #table(rows: readonly Row[]): PageElement {
    const head = this.make('tr', {}, ...titles.map(title => this.make('th', {}, title)))
    return this.make(
      'table',
      {},
      this.make('thead', {}, head),
      this.make('tbody', {}, ...rows.map(row => this.#row(row))),
    )
  }

  #row(row: Row): PageElement {
    const { figures, failure, answer } = row
    const colour = row.model === plainLoop ? 'plain' : row.model
    const name = this.make(
      'td',
      {},
      this.make('span', { class: 'swatch', style: `background: var(--${colour})` }),
      modelName(row),
    )
    const numbers =
      figures === undefined
        ? ['–', '–', '–', '–', '–']
        : [
            durationWithin(figures.wallMs),
            cpuSeconds(figures.cpuMs),
            cores(figures.coresBusy),
            row.model === plainLoop ? '1' : factorWithin(figures.speedUp),
            megabytes(figures.peakBytes),
          ]
    const ok = failure === undefined && answer?.ok === true
    const shown = failure === undefined ? (answer?.shows ?? 'not measured') : summaryOf(failure)
    const answered = { class: ok ? 'ok' : 'wrong', 'data-title': titles.at(-1) ?? '' }
    return this.make(
      'tr',
      {},
      name,
      ...numbers.map((text, at) => this.make('td', { 'data-title': titles[at + 1] ?? '' }, text)),
      this.make('td', answered, `${ok ? '✓' : '✗'} ${shown}`),
    )
  }

  #picture({ picture, subject }: Result): PageElement[] {
    if (picture === undefined) return []
    const source = `data:image/png;base64,${Buffer.from(pngOf(picture)).toString('base64')}`
    const size = { width: String(picture.width), height: String(picture.height) }
    const caption = `The answer, as ${subject.name}.png beside this file`
    return [
      this.make(
        'figure',
        { class: 'picture' },
        this.make('img', { src: source, alt: subject.title, ...size }),
        this.make('figcaption', {}, caption),
      ),
    ]
  }
}

function toneOf({ kind }: Verdict): string {
  return kind === 'faster' ? 'good' : kind === 'wrong' ? 'bad' : 'doubt'
}
