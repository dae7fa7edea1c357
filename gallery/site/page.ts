/**
 * What a fixture site is made of; the server serves it, and what a crawl must find is computed from
 * it.
 */

/** One address of the site, and what the server answers there. */
export interface Page {
  /** As browsers write it: `http://www.site.test/p/17`. */
  readonly url: string
  readonly title: string
  /** The server waits so long before it answers. */
  readonly delayMs: number
  /**
   * `plain`: 200. `flaky`: 500 to the first request of a crawl, then 200. `broken`: always 500.
   * `redirect`: to the page `links[0]`, with one of the four codes.
   */
  readonly kind: 'plain' | 'flaky' | 'broken' | 'redirect'
  /**
   * Whether robots.txt keeps crawlers away; known from how the page was made, not by reading the
   * rules.
   */
  readonly disallowed: boolean
  /** Places in `Site.pages`. */
  readonly links: readonly number[]
}

/**
 * The most requests that one host takes in a window of time; one more is answered by 429 and when
 * to come back.
 */
export interface Rate {
  readonly host: string
  readonly requests: number
  readonly windowMs: number
}

export interface Site {
  /** A crawl begins at the first. */
  readonly pages: readonly Page[]
  /** The text of each host's robots.txt; a host without one answers 404. */
  readonly robots: ReadonlyMap<string, string>
  readonly rate: Rate | undefined
}

/** Which site: the server's process is told no more than this. */
export type SiteName =
  | {
      readonly kind: 'graph'
      readonly seed: number
      readonly pages: number
      /** 1 for delays of 5 to 50 ms, 0.1 for a tenth of them. */
      readonly pace: number
    }
  | { readonly kind: 'tree'; readonly delayMs: number }
