import assert from 'node:assert/strict'
import { test } from 'node:test'
import { htmlOf } from '../site/render.ts'
import { siteOf } from '../site/site.ts'
import { readPage } from './read-page.ts'

const url = 'http://www.site.test/a/b?c=1'

test('links are made whole, each once, and without what follows #', () => {
  const html = `<a href="/x">1</a><a href=/x#part>2</a><A HREF='HTTP://WWW.site.test:80/x'>3</A>
    <a href="  ../y  ">4</a><a href="?c=2&amp;d=3">5</a><area href="//other.test"><a>6</a>`
  assert.deepEqual(readPage(html, url).links, [
    'http://www.site.test/x',
    'http://www.site.test/y',
    'http://www.site.test/a/b?c=2&d=3',
    'http://other.test/',
  ])
})

test('what only looks like a link is none', () => {
  const html = `<!-- <a href="/1"> --><script>'<a href="/2">'</script><style>'<a href="/3">'</style>
    <textarea><a href="/4"></textarea><a href="mailto:x@y.z"><a href="javascript:0"><a href="http://["><link href="/5"><a href="#top">`
  assert.deepEqual(readPage(html, url).links, [])
})

test('links follow the base of the page, if it has one', () => {
  assert.deepEqual(readPage('<base href="/deep/er/"><a href="x">', url).links, [
    'http://www.site.test/deep/er/x',
  ])
})

test('the title is the first that is not in a picture, decoded and in one line', () => {
  const html = '<svg><title>Icon</title></svg><title>\n One &amp;\n two &ndash; 3 </title><title>Four</title>'
  assert.equal(readPage(html, url).title, 'One & two – 3')
  assert.equal(readPage('<p>no title', url).title, '')
})

test('every page of the fixture site is read as it was meant', () => {
  const { pages } = siteOf({ kind: 'graph', seed: 8, pages: 500, pace: 0 })
  for (const page of pages) {
    const expected = new Set(page.links.map(to => pages[to]?.url).filter(link => link !== page.url))
    const { title, links } = readPage(htmlOf(page, pages), page.url)
    assert.equal(title, page.title)
    assert.deepEqual(new Set(links), expected, page.url)
  }
})
