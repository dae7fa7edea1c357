/** One look for all reports: a page of HTML without a script, with nothing to load. */
import { type Surroundings, surroundingsLine } from '../surroundings.ts'
import { emptyDocument, type PageDocument, type PageElement } from './page-document.ts'
import { stylesheet } from './stylesheet.ts'

/** When it was measured, and what was typed. */
export interface Occasion {
  /** ms since 1970. */
  readonly epochMs: number
  readonly command: string
}

/** Makes the elements of one document; text is always text, never markup. */
export class Page {
  readonly document: PageDocument = emptyDocument()

  make(
    name: string,
    attributes: Readonly<Record<string, string>> = {},
    ...children: (PageElement | string)[]
  ): PageElement {
    const element = this.document.createElement(name)
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
    element.append(...children)
    return element
  }

  /**
   * The whole page: what it is about, where and when it was measured, its sections, how it was
   * measured.
   */
  whole(
    { title, heading, method }: { title: string; heading: string; method: string },
    here: Surroundings,
    occasion: Occasion,
    sections: readonly PageElement[],
  ): string {
    this.document.head.append(
      this.make('meta', { charset: 'utf-8' }),
      this.make('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      this.make('title', {}, title),
      this.make('style', {}, stylesheet),
    )
    this.document.body.append(
      this.make(
        'header',
        {},
        this.make('h1', {}, heading),
        this.make(
          'div',
          { class: 'muted' },
          `${dateOf(occasion)} · ${surroundingsLine(here)} · ${here.workers} workers`,
        ),
        this.make('div', {}, this.make('code', {}, occasion.command)),
      ),
      this.make('main', {}, ...sections),
      this.make('footer', {}, method),
    )
    return `${this.document.toString()}\n`
  }

  /** Plots side by side, the first one the largest. */
  charts(charts: readonly Chart[]): PageElement {
    return this.make(
      'div',
      { class: 'charts' },
      ...charts.map(({ title, caption, svg, legend = [] }) =>
        this.make(
          'figure',
          {},
          this.make('h3', {}, title),
          ...(legend.length === 0 ? [] : [this.#legend(legend)]),
          svg,
          this.make('figcaption', {}, caption),
        ),
      ),
    )
  }

  #legend(legend: readonly (readonly [colour: string, what: string])[]): PageElement {
    const entries = legend.map(([colour, what]) =>
      this.make(
        'span',
        {},
        this.make('span', { class: 'swatch', style: `background: var(--${colour})` }),
        what,
      ),
    )
    return this.make('div', { class: 'legend' }, ...entries)
  }

  /** Sentences below each other. */
  list(sentences: readonly string[]): PageElement {
    return this.make('ul', {}, ...sentences.map(sentence => this.make('li', {}, sentence)))
  }

  /** Rows of text under their titles. */
  table(titles: readonly string[], rows: readonly (readonly string[])[]): PageElement {
    const row = (texts: readonly string[]) =>
      this.make(
        'tr',
        {},
        ...texts.map((text, at) =>
          this.make(
            'td',
            {
              ...(at === 0 ? {} : { 'data-title': titles[at] ?? '' }),
              ...(text.length > longestLine ? { class: 'words' } : {}),
            },
            text,
          ),
        ),
      )
    return this.make(
      'table',
      {},
      this.make('thead', {}, this.make('tr', {}, ...titles.map(title => this.make('th', {}, title)))),
      this.make('tbody', {}, ...rows.map(row)),
    )
  }
}

/** A longer text of a table goes on in the next line. */
const longestLine = 40

/** A plot and what it shows, in words. */
export interface Chart {
  readonly title: string
  readonly caption: string
  readonly svg: PageElement
  /** Colours by their names in the stylesheet, and what each stands for. */
  readonly legend?: readonly (readonly [colour: string, what: string])[]
}

/** `2026-11-30 10:15 UTC`: to be compared, wherever it is read. */
function dateOf({ epochMs }: Occasion): string {
  return `${new Date(epochMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
