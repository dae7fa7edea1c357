/** Runs each program of the pages for newcomers beside ours, and compares what they print. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { commandOptions, refuse } from '../command-options.ts'
import { missingOf, outputsOf, pairs, pythonLibraries } from './pairs.ts'

const usage = `npm run coming-from -- [part …]

  part   only pages and programs that have one of these in their names; all by default

Installs the libraries that the pages name, in the versions that they name.`
const { positionals: parts } = commandOptions(usage, { allowPositionals: true })
const wanted = pairs.filter(
  ({ page, theirs }) => parts.length === 0 || parts.some(part => `${page} ${theirs.file}`.includes(part)),
)
if (wanted.length === 0) refuse(`No page and no program has such a name: ${parts.join(' ')}.`)
installPython()
let wrong = 0
for (const pair of wanted) {
  const named = `${pair.page.replace('docs/guide/', '')} ${pair.theirs.file}`.padEnd(52)
  const missing = missingOf(pair)
  if (missing !== undefined) {
    console.log(`skip ${named} ${missing}`)
    continue
  }
  const { theirs, ours } = await outputsOf(pair)
  if (theirs !== ours || theirs === '') wrong += 1
  console.log(`${theirs === ours ? 'ok  ' : 'FAIL'} ${named} ${theirs.split('\n').length - 1} lines alike`)
  if (theirs !== ours) console.log(`theirs:\n${theirs}\nours:\n${ours}`)
}
process.exitCode = wrong === 0 ? 0 : 1

function installPython(): void {
  const needed = wanted.flatMap(({ theirs, library }) =>
    extname(theirs.file) === '.py' && library !== undefined ? [library] : [],
  )
  if (needed.length === 0) return
  const versions = JSON.stringify(Object.fromEntries(needed.map(({ name, version }) => [name, version])))
  const stamp = join(pythonLibraries, 'installed.json')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === versions) return
  mkdirSync(pythonLibraries, { recursive: true })
  const packages = needed.map(({ name, version }) => `${name}==${version}`)
  const words = ['-m', 'pip', 'install', '--quiet', '--upgrade', '--target', pythonLibraries, ...packages]
  execFileSync('python3', words, { stdio: 'inherit' })
  writeFileSync(stamp, versions)
}
