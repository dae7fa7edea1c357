/**
 * The workshop's site: a page that links to ten, each of which links to ten; 111 pages, each after
 * the same time.
 */
import type { Page, Site } from './page.ts'

export function tree(delayMs: number): Site {
  const paths = ['/', ...digits.map(a => `/${a}`), ...digits.flatMap(a => digits.map(b => `/${a}/${b}`))]
  return {
    pages: paths.map(
      (path, i): Page => ({
        url: `http://tree.site.test${path}`,
        title: path === '/' ? 'Root' : `Page ${path.slice(1)}`,
        delayMs,
        kind: 'plain',
        disallowed: false,
        links: i <= 10 ? digits.map(digit => 10 * i + digit + 1) : [],
      }),
    ),
    robots: new Map(),
    rate: undefined,
  }
}

const digits = Array.from({ length: 10 }, (_, digit) => digit)
