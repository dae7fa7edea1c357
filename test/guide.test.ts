/**
 * The guide holds together: its links lead somewhere, it lists its pages, its figures are measured.
 */
import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { pages, textOf } from './examples.ts'
import { root } from './source-tree.ts'

const guide = pages.filter(page => page.startsWith('docs/guide/'))

test('every link between pages of the guide leads to a page, and to a heading of it', () => {
  for (const page of guide)
    for (const [, path = '', anchor] of withoutCode(textOf(page)).matchAll(
      /\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g,
    )) {
      const target = path === '' ? page : join(dirname(page), path)
      assert.ok(existsSync(join(root, target)), `${page} links to ${path}`)
      // The package has the guide, and nothing else of docs/.
      assert.equal(dirname(target), 'docs/guide', `${page} links out of the guide: ${path}`)
      if (anchor !== undefined) assert.ok(anchorsOf(target).includes(anchor), `${page}: ${path}#${anchor}`)
    }
})

test('the guide lists each of its pages', () => {
  const list = textOf('docs/guide/README.md')
  for (const page of guide)
    if (basename(page) !== 'README.md') assert.ok(list.includes(`(${basename(page)}`), page)
})

test('the figures of the page about performance are those that were measured last', () => {
  const measured = textOf('bench/RESULTS.md')
  const figures = textOf('docs/guide/performance.md').match(/[\d.,]+[kM]? \[[^\]]+\](?!\()/g) ?? []
  assert.ok(figures.length > 60)
  for (const figure of figures) assert.ok(measured.includes(` ${figure} `), figure)
})

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')
}

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
