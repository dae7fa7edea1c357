// `npm run reference`: the API reference from the docstrings, as docs/reference/, which is not
// committed. TypeDoc needs a compiler with an API, an older one than the project's own; so all of
// it is installed on demand, apart. Fails unless every exported name has a page and every link
// between pages leads somewhere.
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const out = join(root, 'docs/reference')
const tools = ['typedoc@0.28.20', 'typedoc-plugin-markdown@4.14.1', 'typescript@5.9.3']
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const entries = Object.keys(exports)
  .filter(subpath => subpath !== './package.json')
  .map(subpath => (subpath === '.' ? 'index' : subpath.slice(2)))

generate(installed())
const wrong = [...namesWithoutPage(), ...brokenLinks()]
for (const line of wrong) console.error(line)
console.log(`docs/reference/: ${globSync('**/*.md', { cwd: out }).length} pages, ${wrong.length} mistakes.`)
process.exitCode = wrong.length === 0 ? 0 : 1

/** The folder where the tools are. */
function installed() {
  const folder = join(root, 'node_modules/.cache/reference')
  const stamp = join(folder, 'tools.json')
  const wanted = JSON.stringify(tools)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return folder
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{}')
  const words = ['install', '--no-save', '--no-audit', '--no-fund', '--no-package-lock', ...tools]
  execFileSync('npm', words, { cwd: folder, stdio: 'inherit' })
  writeFileSync(stamp, wanted)
  return folder
}

function generate(folder) {
  rmSync(out, { recursive: true, force: true })
  const modules = join(folder, 'node_modules')
  const flags = [
    '--skipErrorChecking',
    '--excludePrivate',
    '--excludeInternal',
    '--disableSources',
    '--hideGenerator',
  ]
  const words = [
    join(modules, 'typedoc/bin/typedoc'),
    ...['--plugin', join(modules, 'typedoc-plugin-markdown/dist/index.js')],
    ...['--out', out, '--tsconfig', join(root, 'tsconfig.json'), '--readme', 'none'],
    // What a signature mentions and nobody can import has no page of its own.
    ...['--validation.notExported', 'false', '--logLevel', 'Warn', ...flags],
    ...entries.flatMap(entry => ['--entryPoints', join(root, 'src', `${entry}.ts`)]),
  ]
  execFileSync(process.execPath, words, { cwd: root, stdio: 'inherit' })
}

function namesWithoutPage() {
  return entries.flatMap(entry => {
    const pages = new Set(globSync(`${entry}/*/*.md`, { cwd: out }).map(page => basename(page, '.md')))
    return exportedFrom(entry)
      .filter(name => !pages.has(name))
      .map(name => `${name} of ${entry} has no page`)
  })
}

function exportedFrom(entry) {
  const text = readFileSync(join(root, 'src', `${entry}.ts`), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
  return [...text.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, names]) =>
    names
      .split(',')
      .map(name =>
        name
          .trim()
          .replace(/^type /, '')
          .replace(/^.* as /, ''),
      )
      .filter(Boolean),
  )
}

function brokenLinks() {
  return globSync('**/*.md', { cwd: out }).flatMap(page =>
    [...readFileSync(join(out, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
      .filter(([, target]) => !existsSync(join(out, dirname(page), target)))
      .map(([, target]) => `${page} links to ${target}, which is not there`),
  )
}
