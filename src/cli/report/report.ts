/** The HTML report: one file, no script, nothing to load; it opens from disk. */
import type { Row } from '../compare/comparison.ts'
import { plainLoop } from '../compare/contender.ts'
import type { Result } from '../compare/result.ts'
import { conditions, modelName } from '../compare/screen.ts'
import type { Verdict } from '../compare/verdict.ts'
import { summaryOf } from '../ending.ts'
import { cores, cpuSeconds, durationWithin, factorWithin, megabytes } from '../figures.ts'
import { pngOf } from '../picture.ts'
import type { Surroundings } from '../surroundings.ts'
import { chartsOf } from './charts.ts'
import { type Occasion, Page } from './page.ts'
import type { PageElement } from './page-document.ts'

/** The whole page as text. */
export function reportOf(results: readonly Result[], surroundings: Surroundings, occasion: Occasion): string {
  const page = new ComparisonPage()
  const about = {
    title: `atonce: ${results.map(({ subject }) => subject.name).join(', ')}`,
    heading: 'The same work on every model',
    method: method(surroundings),
  }
  return page.whole(
    about,
    surroundings,
    occasion,
    results.map(result => page.section(result)),
  )
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

class ComparisonPage extends Page {
  section(result: Result): PageElement {
    const { subject, comparison, verdict, learnt } = result
    return this.make(
      'section',
      {},
      this.make('h2', {}, subject.title),
      this.make('div', { class: 'muted' }, conditions(comparison)),
      this.make('div', { class: `verdict ${toneOf(verdict)}` }, verdict.sentence),
      ...(learnt === undefined ? [] : [this.make('div', {}, `Learnt: ${learnt}`)]),
      this.charts(chartsOf(comparison.rows, this.document)),
      this.#rows(comparison.rows),
      ...this.#picture(result),
      this.make('p', { class: 'muted' }, 'Next: ', this.make('code', {}, verdict.next)),
    )
  }

  #rows(rows: readonly Row[]): PageElement {
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
