/**
 * A web of pages on eight hosts, drawn from a seed: the same pages, links, delays and faults on
 * every machine.
 */
import { mulberry32 } from '../generators/mulberry32.ts'
import type { Page, Site } from './page.ts'

// Draws of a host take one of these, so that the first have more pages than the last.
const hosts = [
  ...Array.from({ length: 5 }, () => 'www.site.test'),
  ...Array.from({ length: 4 }, () => 'blog.site.test'),
  ...Array.from({ length: 3 }, () => 'docs.site.test'),
  ...Array.from({ length: 3 }, () => 'shop.site.test'),
  'wiki.site.test',
  'wiki.site.test',
  'news.site.test',
  'slow.site.test',
  'metered.site.test',
]
const sections = ['p', 'p', 'p', 'p', 'p', 'p', 'p', 'private', 'archive', 'print']
const words = ['amber', 'birch', 'cedar', 'delta', 'ember', 'fjord', 'grove', 'heath']
const deepest = 6

/** A page before its address is written: what the draws said. */
interface Draft {
  readonly host: string
  readonly section: string
  readonly title: string
  readonly delayMs: number
  readonly kind: Page['kind']
  readonly depth: number
  /** The page that is sure to link here. */
  readonly parent: number
  readonly links: number[]
}

/**
 * A tree of at most six links' depth, with random links across it. Two in a hundred pages are
 * broken, two more are at the first try, six are redirects; the last two redirect to each other.
 * robots.txt keeps crawlers from `/private/`, from `/archive/` on one host, and from all that ends
 * in `.print`.
 *
 * Draws for page i, in this order: parent, whether it stays on the parent's host, host, section,
 * two words of the title, delay, kind, number of links, each link.
 */
export function drawGraph(seed: number, count: number, pace: number): Site {
  const draw = mulberry32(seed)
  const below = (limit: number) => Math.floor(limit * draw())
  const drafts: Draft[] = []
  for (let i = 0; i < count; i++) {
    const parent = i === 0 ? 0 : parentFrom(drafts, below(i))
    const stays = draw() < 0.6
    const drawnHost = hosts[below(hosts.length)] as string
    const section = sections[below(sections.length)] as string
    const title = `Page ${i} – ${words[below(words.length)]} & ${words[below(words.length)]}`
    const waitMs = 5 + 45 * draw()
    const kind = kindFrom(draw())
    const links = Array.from({ length: below(6) }, () => below(count))
    const host = i === 0 ? 'www.site.test' : stays ? (drafts[parent] as Draft).host : drawnHost
    const shaped = shape(i, count, kind, links)
    drafts.push({
      host,
      section: i === 0 ? 'p' : section,
      title,
      delayMs: waitMs * pace * (host === 'slow.site.test' ? 4 : 1),
      depth: i === 0 ? 0 : (drafts[parent] as Draft).depth + 1,
      parent,
      ...shaped,
    })
  }
  for (const [i, { parent }] of drafts.entries()) if (i > 0) drafts[parent]?.links.push(i)
  return {
    pages: drafts.map(pageOf),
    robots,
    rate: { host: 'metered.site.test', requests: 2, windowMs: 60 * pace },
  }
}

/** The nearest page on the way to the root that shows its links and is not too deep. */
function parentFrom(drafts: readonly Draft[], drawn: number): number {
  const { kind, depth, parent } = drafts[drawn] as Draft
  return drawn === 0 || (kind === 'plain' && depth < deepest) ? drawn : parentFrom(drafts, parent)
}

function kindFrom(drawn: number): Page['kind'] {
  if (drawn < 0.02) return 'broken'
  if (drawn < 0.04) return 'flaky'
  return drawn < 0.1 ? 'redirect' : 'plain'
}

/**
 * The first page is plain, whatever was drawn; the last two redirect to each other; a redirect has
 * one link.
 */
function shape(
  i: number,
  count: number,
  kind: Page['kind'],
  links: number[],
): { kind: Page['kind']; links: number[] } {
  if (i === 0) return { kind: 'plain', links }
  if (i >= count - 2) return { kind: 'redirect', links: [i === count - 1 ? count - 2 : count - 1] }
  return kind === 'redirect' ? { kind, links: [links[0] ?? 0] } : { kind, links }
}

function pageOf({ host, section, title, delayMs, kind, links }: Draft, i: number): Page {
  const path =
    section === 'print' ? `/p/${i}.print` : `/${section}/${i}${i % 11 === 3 ? '?view=full&lang=en' : ''}`
  const disallowed =
    section === 'private' || section === 'print' || (section === 'archive' && host === 'docs.site.test')
  return { url: `http://${host}${path}`, title, delayMs, kind, disallowed, links }
}

const forEveryone = 'User-agent: *\nDisallow: /private/\nDisallow: /*.print$\n'

// The rules differ in form, not in what they say of our pages. wiki has a group that is for others
// only.
const robots: ReadonlyMap<string, string> = new Map([
  ['www.site.test', `# For all\n${forEveryone}\nSitemap: http://www.site.test/sitemap.xml\n`],
  ['blog.site.test', 'user-agent: *\r\ndisallow: /private/ # drafts\r\ndisallow: /*.print$\r\n'],
  [
    'docs.site.test',
    `User-agent: *\nDisallow: /\n\nUser-agent: other-bot\nUser-agent: atonce-gallery\nDisallow: /private\nDisallow: /archive/\nDisallow: *.print$\n`,
  ],
  ['shop.site.test', `${forEveryone}Allow: /\n`],
  ['wiki.site.test', `User-agent: other-bot\nDisallow: /\n\n${forEveryone}`],
  ['news.site.test', `\uFEFF${forEveryone}`],
  ['slow.site.test', `${forEveryone}Crawl-delay: 10\n`],
  [
    'metered.site.test',
    'User-agent: *\nDisallow: /p/*.print$\n\nUser-agent: *\nDisallow: /%70rivate/\nAllow: /private\n',
  ],
])
