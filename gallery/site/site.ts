/** A site by its name, and what a crawl of it must find. */
import { createHash } from 'node:crypto'
import { drawGraph } from './graph.ts'
import type { Page, Site, SiteName } from './page.ts'
import { tree } from './tree.ts'

/** The same pages each time: both the server and the check call it, in processes of their own. */
export function siteOf(name: SiteName): Site {
  return name.kind === 'graph' ? drawGraph(name.seed, name.pages, name.pace) : tree(name.delayMs)
}

/** What a polite crawler finds, whatever the order in which it goes about. */
export interface Findings {
  /** Pages that answered 200. */
  readonly pages: number
  readonly redirects: number
  /** Pages that were given up, as the server failed at each try. */
  readonly failures: number
  /** Links to pages that robots.txt disallows, each page counted once. */
  readonly disallowed: number
  /** Of all (url, title): see `sumOf`. */
  readonly sum: string
}

/** By a search of the graph itself, breadth first: no HTML is read here and no robots.txt. */
export function expectedOf({ pages }: Site): Findings {
  const seen = new Set([0])
  const queue = [0]
  const found: Page[] = []
  let [redirects, failures, disallowed] = [0, 0, 0]
  for (const place of queue) {
    const page = pages[place] as Page
    if (page.disallowed) {
      disallowed += 1
      continue
    }
    if (page.kind === 'broken') {
      failures += 1
      continue
    }
    if (page.kind === 'redirect') redirects += 1
    else found.push(page)
    for (const link of page.links) {
      if (seen.has(link)) continue
      seen.add(link)
      queue.push(link)
    }
  }
  return { pages: found.length, redirects, failures, disallowed, sum: sumOf(found) }
}

/**
 * A name for a set of pages that does not depend on their order: the sum of their hashes, modulo
 * 2⁶⁴, in hex.
 */
export function sumOf(pages: Iterable<{ readonly url: string; readonly title: string }>): string {
  let sum = 0n
  for (const { url, title } of pages)
    sum += createHash('sha256').update(`${url}\n${title}`).digest().readBigUInt64BE(0)
  return BigInt.asUintN(64, sum).toString(16).padStart(16, '0')
}
