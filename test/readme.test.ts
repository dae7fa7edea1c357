/**
 * Every example of the README and the guide runs: each page's TypeScript blocks, written to the
 * files that they name.
 */
import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { rows } from './everywhere/rows.ts'
import { type Block, blocksOf, pages, textOf } from './examples.ts'
import { oldestVersion, otherNode } from './package/other-nodes.ts'
import { root } from './source-tree.ts'

const execute = promisify(execFile)

/**
 * What a program says that uses `await using`, which the oldest Node that the library supports
 * can't read.
 */
const newer = '(Node 24)'
const languages = 'ts|js'

describe('on this Node', { concurrency: 2 }, () => {
  for (const page of pages)
    for (const program of programsIn(page))
      test(`${page}: ${program.file} runs and prints what it says`, { timeout: 60_000 }, () =>
        runsAsItSays(process.execPath, page, program),
      )
})

const oldest = await otherNode(oldestVersion)

describe('on the oldest Node that is supported', { concurrency: 2 }, () => {
  const skip = oldest.node === undefined ? oldest.why : false
  for (const page of pages)
    for (const program of programsIn(page).filter(({ code }) => !code.includes(newer)))
      test(`${page}: ${program.file} runs and prints what it says`, { timeout: 60_000, skip }, () =>
        runsAsItSays(oldest.node as string, page, program),
      )
})

test('a program says that it needs Node 24 if it does, and only then', () => {
  for (const page of pages)
    for (const { file, code } of programsIn(page))
      assert.equal(code.includes(newer), /\busing \w+ =/.test(code), `${page}: ${file}`)
})

test('the output that the README shows is what its first program prints', () => {
  const [, shown] = /^```console\n\$ node main\.ts\n([^`]*)^```$/m.exec(textOf('README.md')) ?? []
  const [first] = programsIn('README.md')
  assert.equal(shown, `${expectedOf(first as Block).join('\n')}\n`)
})

test('compare, run as the README runs it, prints the columns and the models that the README shows', {
  timeout: 120_000,
}, async () => {
  const [, input = '', shown = ''] =
    /^\$ npx atonce compare \.\/primes\.ts#countPrimes .*--input '(.*)'\n([^`]*)^```$/m.exec(
      textOf('README.md'),
    ) ?? []
  const printed = await inFolder('README.md', async cwd => {
    const program = join(root, 'dist/src/cli/main.js')
    const words = [program, 'compare', './primes.ts#countPrimes', '--input', input, '--runs', '1']
    const comparing = execute(process.execPath, [...words, '--accept-undecided'], { cwd })
    // How it ends depends on the machine; what it shows does not.
    const { stdout } = await comparing.catch((error: { stdout: string }) => error)
    return stdout
  })
  assert.deepEqual(tableOf(shown), tableOf(printed))
  assert.equal(tableOf(shown).length, 5)
})

test('the README names the tools that are played everywhere, and no other', () => {
  const [, table = ''] = /^\| it runs on \|[^\n]*\n([\s\S]*?)\n\n/m.exec(textOf('README.md')) ?? []
  const names = [...new Set(rows.map(({ tool }) => tool))]
  for (const name of names) assert.ok(table.includes(name), name)
  const known = new RegExp(`\\b(${names.map(name => name.replace('.', '\\.')).join('|')})\\b`, 'g')
  const rest = table.replace(known, '').match(/\b[A-Z]\w+\b/g) ?? []
  assert.deepEqual(
    rest.filter(word => !['ES', 'CommonJS'].includes(word)),
    [],
  )
})

test('every link of the README works from the page of the registry: it is absolute, and names what there is', () => {
  const text = textOf('README.md')
  const { repository } = JSON.parse(textOf('package.json')) as { repository: { url: string } }
  const home = `${repository.url.replace(/^git\+|\.git$/g, '')}/`
  assert.doesNotMatch(text, /\]\((?!https:|#)/)
  const targets = [...text.matchAll(/^\[[^\]]+\]: (\S+)$|\]\((https:[^)]+)\)/gm)].map(
    ([, a, b]) => a ?? b ?? '',
  )
  const own = targets.filter(target => target.startsWith(home))
  assert.ok(own.length > 5)
  for (const target of own) {
    const path = target.slice(home.length).replace(/^(blob|tree)\/main\//, '')
    assert.ok(existsSync(join(root, path)), target)
  }
  const pictures = [...text.matchAll(/!\[[^\]]*\]\((\S+)\)/g)].map(([, source = '']) => source)
  assert.ok(pictures.length > 0)
  for (const source of pictures) {
    const raw = home.replace('//github.com/', '//raw.githubusercontent.com/')
    assert.ok(existsSync(join(root, source.replace(`${raw}main/`, ''))), source)
  }
  for (const [, name] of text.matchAll(/\]\[([^\]]+)\]/g)) assert.ok(text.includes(`\n[${name}]: `), name)
})

async function runsAsItSays(node: string, page: string, program: Block): Promise<void> {
  const { stdout } = await inFolder(page, cwd => execute(node, [program.file], { cwd, timeout: 50_000 }))
  assert.deepEqual(stdout.trim().split('\n').filter(Boolean), expectedOf(program))
}

/** A folder with the programs of the page, and atonce installed. */
async function inFolder<T>(page: string, run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-example-'))
  try {
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(root, join(folder, 'node_modules', 'atonce'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    for (const { file, code } of blocksOf(textOf(page), languages)) writeFileSync(join(folder, file), code)
    return await run(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/**
 * The first cells of the table that `compare` prints: the names of the columns, then the models.
 */
function tableOf(printed: string): string[] {
  const lines = printed.split('\n')
  const head = lines.findIndex(line => /^model\s/.test(line))
  const models = lines.slice(head + 1, head + 5).map(line => line.split(/ {2,}/)[0] as string)
  return [(lines[head] ?? '').replace(/\s+/g, ' '), ...models.map(model => model.replace(/ ×\d+$/, ''))]
}

function programsIn(page: string): Block[] {
  return blocksOf(textOf(page), languages).filter(({ file }) => /^main.*\.(ts|cjs)$/.test(file))
}

/** What its comments say that it prints. */
function expectedOf({ code }: Block): string[] {
  return [...code.matchAll(/console\.log\(.*\) \/\/ (.+)$/gm)].map(([, shown]) => shown as string)
}

test('every TypeScript block says in which file it stands', () => {
  for (const page of pages) {
    const text = textOf(page)
    assert.equal(blocksOf(text).length, [...text.matchAll(/^```ts$/gm)].length, page)
  }
})
