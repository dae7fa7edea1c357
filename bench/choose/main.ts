/**
 * Scores the chooser on the functions of functions.ts, each in a process of its own; when all that
 * were asked for are there, writes CHOOSE.md. It may be ended at any time: what was measured is
 * kept, and the next run goes on from there.
 *
 *     npm run bench:choose -- [--half untuned] [--minutes 10] [--part 1/2] [--folder /tmp/x] [--budget 6] [--only sieve] [--merge]
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { page } from './page.ts'
import type { Played } from './played.ts'

const help = `Scores choose() and auto() on ways that are forced.

  npm run bench:choose -- --half untuned        what is not there yet of that half, then bench/CHOOSE.md
  npm run bench:choose                          the same of all functions

  --half untuned   that half only: the one that may be quoted
  --minutes 10     begin no further function after so long; the same command again goes on
  --part 1/2       the first of two parts; each goes where the others went
  --folder <path>  where results are kept, one file for each function; what is there of this source is not measured again
  --budget 6       about how many s the turns of a function may take
  --only sieve     functions with this in their name, again; the page is not written
  --merge          measure nothing, write the page of what is there`

const here = fileURLToPath(new URL('.', import.meta.url))
linkAtonce()
const { functions } = await import('./functions.ts')
const { values: options } = parseArgs({
  options: {
    part: { type: 'string', default: '1/1' },
    folder: { type: 'string', default: join(tmpdir(), 'atonce-bench-choose') },
    minutes: { type: 'string', default: '60' },
    budget: { type: 'string', default: '6' },
    only: { type: 'string' },
    half: { type: 'string' },
    merge: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (options.help) {
  console.log(help)
  process.exit()
}
const isHalf = (half: string | undefined) => half === undefined || half === 'tuned' || half === 'untuned'
if (!isHalf(options.half)) throw new Error(`--half takes tuned or untuned; it got ${options.half}.`)
mkdirSync(options.folder, { recursive: true })
/** Of what was measured: figures of another source are none of this one. */
const source = git('rev-parse', 'HEAD:src')
const wanted = functions.flatMap(({ half }, at) => ((options.half ?? half) === half ? [at] : []))
if (!options.merge) measure()
const all = wanted.map(read).filter(played => played !== undefined)
console.error(`${all.length} of ${wanted.length} functions are measured.`)
if (options.only === undefined && all.length > 0 && (options.merge || all.length === wanted.length)) {
  const cores = availableParallelism()
  const conditions = {
    machine: `Node ${process.version}, ${process.platform}, ${cores} cores (${cpus()[0]?.model.trim() ?? 'unknown'})`,
    cores,
    commit: git('rev-parse', '--short', 'HEAD'),
    date: new Date().toISOString().slice(0, 10),
    calibrated: existsSync(join(options.folder, 'calibration.json')),
  }
  writeFileSync(join(here, '..', 'CHOOSE.md'), page(all, conditions))
  console.error('bench/CHOOSE.md is written.')
}

function measure(): void {
  const begunMs = performance.now()
  const calibration = join(options.folder, 'calibration.json')
  // On a noisy machine there are none, and the chooser reckons with the assumed ones: wrong ones
  // would be worse.
  if (!existsSync(calibration)) {
    try {
      run(['calibrate', calibration], 'ignore')
    } catch {
      console.error('The machine is not quiet: the chooser reckons with assumed figures.')
    }
  }
  const [part = 1, parts = 1] = options.part.split('/').map(Number)
  const only = options.only
  const open = wanted.filter(at => {
    if (at % parts !== part - 1) return false
    return only === undefined ? read(at) === undefined : functions[at]?.name.includes(only)
  })
  const tookMs: number[] = []
  for (const [nth, at] of open.entries()) {
    if (performance.now() - begunMs > Number(options.minutes) * 60_000) return
    const fromMs = performance.now()
    const name = functions[at]?.name
    try {
      const played = JSON.parse(run([`${at}`, options.budget])) as Played
      // Renamed into its place: a run that is ended leaves no half of a file.
      writeFileSync(`${fileOf(at)}.part`, JSON.stringify({ ...played, source }))
      renameSync(`${fileOf(at)}.part`, fileOf(at))
      const { choice, foreignCores } = played
      tookMs.push(performance.now() - fromMs)
      console.error(
        `${name}: ${choice.way}, ${choice.confidence}; others ${foreignCores.toFixed(2)} cores; ${left(tookMs, open.length - nth - 1)}`,
      )
    } catch (error) {
      console.error(`${name}: not measured, ${String(error).split('\n', 1)[0]}`)
    }
  }
}

/** From the mean of those that were measured. */
function left(tookMs: readonly number[], count: number): string {
  const meanMs = tookMs.reduce((sum, ms) => sum + ms, 0) / tookMs.length
  return count === 0
    ? 'the last one'
    : `${count} left, about ${((count * meanMs) / 60_000).toFixed(1)} minutes`
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: here, encoding: 'utf8' }).trim()
}

function run(args: readonly string[], complaints: 'inherit' | 'ignore' = 'inherit'): string {
  const env = { ...process.env, ATONCE_CALIBRATION: join(options.folder, 'calibration.json') }
  return execFileSync(process.execPath, ['--expose-gc', join(here, 'one.ts'), ...args], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', complaints],
    maxBuffer: 2 ** 28,
  })
}

function read(at: number): Played | undefined {
  if (!existsSync(fileOf(at))) return undefined
  const played = JSON.parse(readFileSync(fileOf(at), 'utf8')) as Played & { readonly source?: string }
  return played.source === source ? played : undefined
}

function fileOf(at: number): string {
  return join(options.folder, `${functions[at]?.name.replaceAll(/[^a-z0-9]+/gi, '-')}.json`)
}

/** Tasks import atonce by its name, as users do. */
function linkAtonce(): void {
  const linked = join(here, '..', 'node_modules', 'atonce')
  if (existsSync(linked)) return
  mkdirSync(join(linked, '..'), { recursive: true })
  symlinkSync(join(here, '..', '..'), linked, 'junction')
}
