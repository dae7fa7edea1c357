/**
 * Plays one row.
 *
 *     row ─▶ folder of its own: tools installed once, atonce as a package, the files ─▶ builds
 *         ─▶ what was built is moved away, the sources are spoilt ─▶ each run prints the survey ─▶ outcome
 */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { cleanEnvironment, type Ended, root } from '../shipping/project.ts'
import { assertSurveyed, assertThreadsSurveyed } from '../shipping/survey.ts'
import { spoiltTasks } from './program.ts'
import { type Command, nameOf, type Row } from './row.ts'

export interface Outcome {
  readonly row: Row
  /** What went wrong; undefined if all is right. */
  readonly wrong: string | undefined
  readonly seconds: number
}

/** The folders of the rows; they stay, so that tools are installed once. */
export const rowsFolder: string = join(tmpdir(), 'atonce-everywhere')

/**
 * A command that has not ended by then hangs; a framework's build on a busy machine takes its time.
 */
const hangsAfterMs = 300_000

/** Plays it below that folder; never rejects. */
export async function play(row: Row, below = rowsFolder): Promise<Outcome> {
  const startedMs = performance.now()
  let wrong: string | undefined
  try {
    await mustSurvey(row, below)
  } catch (error) {
    wrong = error instanceof Error ? error.message : String(error)
  }
  return { row, wrong, seconds: (performance.now() - startedMs) / 1000 }
}

async function mustSurvey(row: Row, below: string): Promise<void> {
  const project = join(below, nameOfTools(row))
  clear(project)
  await installTools(project, row)
  write(project, row.files)
  installAtonce(project)
  const run = (command: Command, folder: string) => runCommand(command, folder, project, row)
  for (const command of row.builds ?? []) {
    const { code, text } = await run(command, project)
    if (code !== 0) throw new Error(`It does not build: ${text}`)
  }
  const folder = row.built === undefined ? project : moveAway(project, row, below)
  for (const command of row.runs) {
    const ended = await surveyed(run(command, folder))
    if (row.processesRefuse === undefined) assertSurveyed(ended)
    else assertThreadsSurveyed(ended, row.processesRefuse)
  }
}

/** Rows that need the same tools have one folder, one after the other. */
function nameOfTools({ tools }: Row): string {
  const words = Object.entries(tools).map(([name, version]) => `${name} ${version}`)
  return words.length === 0
    ? 'no tools'
    : words
        .join(' ')
        .replace(/[^a-z0-9.]+/gi, '-')
        .slice(0, 80)
}

/** A test runner may write what a test prints wherever it writes its own lines. */
async function surveyed(running: Promise<Ended>): Promise<Ended> {
  const ended = await running
  return { ...ended, stdout: `${ended.stdout}\n${ended.stderr}` }
}

/** Leaves only the tools of the row that was played here before. */
function clear(project: string): void {
  mkdirSync(project, { recursive: true })
  for (const name of readdirSync(project))
    if (!['node_modules', 'tools.json'].includes(name)) rmSync(join(project, name), { recursive: true })
  writeFileSync(join(project, 'package.json'), '{}')
}

function write(project: string, files: Row['files']): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), text)
  }
}

async function installTools(project: string, row: Row): Promise<void> {
  const packages = Object.entries(row.tools).map(([name, version]) => `${name}@${version}`)
  const stamp = join(project, 'tools.json')
  const wanted = JSON.stringify(packages)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  rmSync(join(project, 'node_modules'), { recursive: true, force: true })
  if (packages.length > 0) {
    const words = [
      'npm install --no-save --no-audit --no-fund --no-package-lock --loglevel=error',
      ...packages,
    ]
    const { code, text } = await runCommand(words.join(' '), project, project, {
      ...row,
      env: process.env as Record<string, string>,
    })
    if (code !== 0) throw new Error(`Its tools can’t be installed: ${text}`)
  }
  writeFileSync(stamp, wanted)
}

/** Where this run has put the copy already. */
const newest = new Set<string>()

/** Copied, not linked: loaders and bundlers meet it where a user's would. */
function installAtonce(project: string): void {
  const installed = join(project, 'node_modules', 'atonce')
  if (newest.has(installed)) return
  newest.add(installed)
  rmSync(installed, { recursive: true, force: true })
  const without = ['dist/src/cli', 'dist/gallery'].map(path => join(root, path))
  cpSync(join(root, 'dist'), join(installed, 'dist'), {
    recursive: true,
    filter: source => !without.includes(source),
  })
  cpSync(join(root, 'package.json'), join(installed, 'package.json'))
}

/**
 * The build, in a folder with nothing else around; whoever looks for the sources finds other code.
 */
function moveAway(project: string, row: Row, below: string): string {
  const moved = join(below, `${nameOf(row)} moved`)
  rmSync(moved, { recursive: true, force: true })
  cpSync(join(project, row.built as string), moved, { recursive: true, verbatimSymlinks: true })
  rmSync(join(project, row.built as string), { recursive: true })
  for (const path of Object.keys(row.files))
    if (path.endsWith('tasks.ts')) writeFileSync(join(project, path), spoiltTasks)
  for (const name of row.external ?? []) {
    const path = join('node_modules', name)
    mkdirSync(join(moved, dirname(path)), { recursive: true })
    cpSync(join(project, path), join(moved, path), { recursive: true })
  }
  return moved
}

/**
 * Runs it with the row's own tools first, then with this Node; kills it with all that it started
 * when it hangs.
 */
function runCommand(command: Command, cwd: string, project: string, { env, tools }: Row): Promise<Ended> {
  const [program = '', ...args] = command.split(' ')
  const ownNode = 'node' in tools ? [join(project, 'node_modules/node/bin')] : []
  const path = [
    ...ownNode,
    dirname(process.execPath),
    join(project, 'node_modules/.bin'),
    process.env['PATH'],
  ]
  const child = spawn(program, args, {
    cwd,
    env: { ...cleanEnvironment(), PATH: path.join(delimiter), CI: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const written = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (part: string) => {
      written[stream] += part
    })
  return new Promise((resolve, reject) => {
    const told = () => `${command}\n${written.stdout}\n${written.stderr}`.trim()
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      reject(new Error(`It did not end within ${hangsAfterMs} ms: ${told()}`))
    }, hangsAfterMs)
    child.once('error', error => {
      clearTimeout(timer)
      reject(new Error(`${program} can’t be run: ${error.message}`))
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, ...written, text: `${told()}\nexit ${code ?? signal}` })
    })
  })
}
