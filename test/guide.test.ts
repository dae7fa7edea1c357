/**
 * The guide holds together: its links lead somewhere, it lists its pages, its figures are measured.
 */
import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { gallery } from '../gallery/index.ts'
import { blocksOf, pages, textOf } from './examples.ts'
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

test('a program that Node 22 can’t read says so in its first line', () => {
  const newer = guide.flatMap(page =>
    blocksOf(textOf(page), 'ts|js').filter(({ code }) => /^\s*(await )?using /m.test(code)),
  )
  assert.ok(newer.length > 20)
  for (const { file, note, code } of newer) assert.ok(note.includes('(Node 24)'), `${file}: ${code}`)
})

test('the figures of the page about performance are those that were measured last', () => {
  const measured = textOf('bench/RESULTS.md')
  const figures = textOf('docs/guide/performance.md').match(/[\d.,]+[kM]? \[[^\]]+\](?!\()/g) ?? []
  assert.ok(figures.length > 60)
  for (const figure of figures) assert.ok(measured.includes(` ${figure} `), figure)
})

test('the page about models has each with its smallest unit, what is shared and its isolation', () => {
  const [head, , ...rows] = tableAfter('# Which model?')
  assert.deepEqual(head?.slice(0, 4), ['model', 'smallest schedulable unit', 'what is shared', 'isolation'])
  assert.deepEqual(
    rows.map(([model]) => model),
    ['plain loop', 'coroutines', 'threads', 'isolate', 'kernels', 'processes', 'cluster', 'actors'],
  )
  assert.ok(rows.every(row => row.length === 5 && row.every(cell => cell !== '')))
})

test('its chart is a picture that stands by itself, and asks what the page tells', () => {
  const [, path = ''] = /!\[[^\]]+\]\((\S+\.svg)\)/.exec(textOf(models)) ?? []
  const chart = textOf(`docs/guide/${path}`)
  assert.match(
    chart,
    /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="[^"]+"[^>]*>\n {2}<title>[^<]+<\/title>/,
  )
  assert.doesNotMatch(chart, /<script|href=/)
  const names = [...chart.matchAll(/font-weight="600">([^<]+)</g)].map(([, name]) => name)
  for (const name of ['a plain loop', 'coroutines', 'threads', 'threads × coroutines', 'processes'])
    assert.ok(names.includes(name), name)
})

test('each of its ten stories is a workload of the gallery, in a size that it has', () => {
  const [head, , ...rows] = tableAfter('## Ten stories')
  assert.equal(rows.length, 10)
  assert.equal(head?.[3], 'prove it')
  const commands = rows.map(([, , , command = '']) =>
    /^`npx atonce compare ([\w-]+)(?: --size (\w+))?`$/.exec(command),
  )
  for (const [at, command] of commands.entries()) {
    const [, name = '', size = 'S'] = command ?? []
    const workload = gallery.get(name)
    assert.ok(workload !== undefined && size in workload.sizes, rows[at]?.join())
  }
  assert.equal(new Set(commands.map(command => command?.[1])).size, 10)
})

const models = 'docs/guide/which-model.md'

/** The first table below a heading of that page: its rows, the head first. */
function tableAfter(heading: string): string[][] {
  const text = textOf(models)
  const lines = text.slice(text.indexOf(heading)).split('\n')
  const from = lines.findIndex(line => line.startsWith('|'))
  const rows = lines.slice(
    from,
    lines.findIndex((line, at) => at > from && !line.startsWith('|')),
  )
  return rows.map(row =>
    row
      .slice(1, -1)
      .split('|')
      .map(cell => cell.trim()),
  )
}

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
