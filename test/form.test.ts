/** How the house is written: the width of comments, the length of files, the size of classes. */
import { strict as assert } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from './source-tree.ts'

const widestComment = 100
/** A picture, or a table, that stands in a comment. */
const widestPicture = 140
const longestFile = 450
const mostFields = 25
const mostMembers = 45

const files = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.mjs'],
  {
    cwd: root,
    encoding: 'utf8',
  },
)
  .trim()
  .split('\n')
  .map(path => ({ path, lines: readFileSync(join(root, path), 'utf8').trimEnd().split('\n') }))
const product = files.filter(({ path }) => path.startsWith('src/') && !/\.test\.ts$|\/fixtures\//.test(path))

test('the lines of comments end at column 100, those of pictures at 140 (npm run format wraps them)', () => {
  const wide = files.flatMap(({ path, lines }) =>
    lines.flatMap((line, at) =>
      isComment(line) && line.length > (isPicture(line) ? widestPicture : widestComment)
        ? [`${path}:${at + 1} has ${line.length} columns`]
        : [],
    ),
  )
  assert.deepEqual(wide, [])
})

test('no file of the product has more than 450 lines', () => {
  const long = product.filter(({ lines }) => lines.length > longestFile)
  assert.deepEqual(
    long.map(({ path, lines }) => `${path} has ${lines.length} lines`),
    [],
  )
})

test('no class of the product has more than 25 fields or 45 members', () => {
  const sizes = product.flatMap(({ path, lines }) => classesOf(lines).map(size => ({ path, ...size })))
  assert.ok(sizes.length > 150, 'Few classes were found: is the code formatted otherwise today?')
  assert.deepEqual(
    sizes.filter(({ fields, members }) => fields > mostFields || members > mostMembers),
    [],
  )
})

test('the members of a class are counted once each, with those that stand on several lines', () => {
  const text = `export class Door {
  static readonly made = 0
  /** open: */
  #state: 'open' | 'shut' = 'shut'
  readonly #guests: Map<
    string,
    Guest
  > = new Map()

  get open(): boolean {
    return this.#state === 'open'
  }
  set open(value: boolean) {
    this.#state = value ? 'open' : 'shut'
  }

  call(name: string): void
  call(name: number): void
  async call(
    name: string | number,
  ): Promise<void> {
    await name
  }
}`
  assert.deepEqual(classesOf(text.split('\n')), [{ name: 'Door', fields: 3, members: 5 }])
})

test('the glossary has 40 entries at most, and each word one meaning', () => {
  const [, words = ''] = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8').split('\n## Words\n')
  const entries = words.split('\n').filter(line => /^\| (?!word \|)\w/.test(line))
  const names = entries.flatMap(line => (line.split('|')[1] as string).split(',').map(word => word.trim()))
  assert.ok(entries.length > 20 && entries.length <= 40, `${entries.length} entries`)
  assert.deepEqual(
    names.filter((name, at) => names.indexOf(name) !== at),
    [],
  )
})

function isComment(line: string): boolean {
  return /^\s*(\/\/|\/\*|\* )/.test(line) && !/biome-ignore|@ts-expect-error|https?:\S{60}/.test(line)
}

/** It draws lines, or is indented as code in a comment is. */
function isPicture(line: string): boolean {
  return /[─▶◀│┊└┌┴┬├▲▼]/.test(line) || /^\s*(\/\/|\*) {3,}/.test(line)
}

/**
 * The classes in formatted code: the formatter lets each member begin one step further in than its
 * class, and whatever goes on below it further still.
 */
function classesOf(lines: readonly string[]): { name: string; fields: number; members: number }[] {
  return lines.flatMap((line, at) => {
    const head = /^( *)(?:export )?(?:default )?(?:abstract )?class (\w+)/.exec(line)
    if (head === null) return []
    const [, indent = '', name = ''] = head
    const length = lines.slice(at + 1).findIndex(below => below.startsWith(`${indent}}`))
    const member = new RegExp(
      `^${indent}  (?:(?:declare|static|abstract|override|readonly|async|accessor|get|set) )*(?:\\*)?(#?\\w+|\\[[^\\]]+\\])(.?)`,
    )
    const fields = new Set<string>()
    const members = new Set<string>()
    for (const below of lines.slice(at + 1, at + 1 + length)) {
      const [, found, next] = member.exec(below) ?? []
      if (found === undefined) continue
      members.add(found)
      if (!/[(<]/.test(next ?? '')) fields.add(found)
    }
    return [{ name, fields: fields.size, members: members.size }]
  })
}
