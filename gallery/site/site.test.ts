import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SiteName } from './page.ts'
import { expectedOf, siteOf, sumOf } from './site.ts'

const web: SiteName = { kind: 'graph', seed: 8, pages: 500, pace: 1 }

// By a second implementation in Python, of the generator and of the search.
test('the site has the pages that another implementation draws and finds', () => {
  assert.deepEqual(expectedOf(siteOf(web)), {
    pages: 337,
    redirects: 28,
    failures: 14,
    disallowed: 102,
    sum: 'af437badf74ae087',
  })
  assert.deepEqual(expectedOf(siteOf({ ...web, seed: 33, pages: 60 })), {
    pages: 44,
    redirects: 6,
    failures: 1,
    disallowed: 9,
    sum: 'f949dc5b06b4c017',
  })
})

test('the tree has 111 pages, none of which is missed', () => {
  assert.deepEqual(expectedOf(siteOf({ kind: 'tree', delayMs: 20 })), {
    pages: 111,
    redirects: 0,
    failures: 0,
    disallowed: 0,
    sum: '90eb4926ff368981',
  })
})

test('delays are 5 to 50 ms, on the slow host four times as much', () => {
  const { pages } = siteOf(web)
  for (const { url, delayMs } of pages) {
    const slower = url.startsWith('http://slow.') ? 4 : 1
    assert.ok(delayMs >= 5 * slower && delayMs < 50 * slower, `${url}: ${delayMs}`)
  }
})

test('no page is more than six links from the first, and two redirect to each other', () => {
  const { pages } = siteOf(web)
  const depth = new Map([[0, 0]])
  for (const [place, links] of depth)
    for (const to of pages[place]?.links ?? []) if (!depth.has(to)) depth.set(to, links + 1)
  assert.equal(depth.size, 500)
  assert.ok(Math.max(...depth.values()) <= 6)
  assert.deepEqual([pages[498]?.links, pages[499]?.links], [[499], [498]])
})

test('the name of a set of pages does not depend on their order, and each page counts', () => {
  const pages = [
    { url: 'http://a/', title: 'A' },
    { url: 'http://b/', title: 'B' },
  ]
  assert.equal(sumOf(pages), sumOf(pages.toReversed()))
  assert.notEqual(sumOf(pages), sumOf(pages.slice(1)))
  assert.notEqual(sumOf(pages), sumOf([...pages, ...pages]))
})
