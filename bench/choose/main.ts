/**
 * Scores the chooser on the functions of functions.ts, in parts, each function in a process of its
 * own; when all are there, writes CHOOSE.md.
 *
 *     npm run bench:choose -- [--part 1/2] [--folder /tmp/x] [--minutes 4] [--budget 6] [--half untuned] [--only sieve] [--merge]
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { page } from './page.ts'
import type { Played } from './played.ts'

const help = `Scores choose() and auto() on ways that are forced.

  npm run bench:choose                          what is not there yet of all functions, then bench/CHOOSE.md

  --part 1/2       the first of two parts; each goes where the others went
  --folder <path>  where results are kept, one file for each function; what is there is not measured again
  --minutes 4      begin no further function after so long
  --budget 6       about how many s a function may take
  --half untuned   that half only
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
mkdirSync(options.folder, { recursive: true })
if (!options.merge) measure()
const all = functions.map((_, at) => read(at)).filter(played => played !== undefined)
console.error(`${all.length} of ${functions.length} functions are measured.`)
if (options.only === undefined && (options.merge || all.length === functions.length)) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: here, encoding: 'utf8' }).trim()
  const cores = availableParallelism()
  const machine = `Node ${process.version}, ${process.platform}, ${cores} cores (${cpus()[0]?.model.trim() ?? 'unknown'})`
  const date = new Date().toISOString().slice(0, 10)
  writeFileSync(
    join(here, '..', 'CHOOSE.md'),
    page(all, {
      machine,
      cores,
      commit,
      date,
      calibrated: existsSync(join(options.folder, 'calibration.json')),
    }),
  )
  console.error('bench/CHOOSE.md is written.')
}

function measure(): void {
  const begunMs = performance.now()
  const calibration = join(options.folder, 'calibration.json')
  // On a noisy machine there are none, and the chooser reckons with the assumed ones: wrong ones
  // would be worse.
  if (!existsSync(calibration)) {
    try {
      run(['calibrate', calibration])
    } catch {
      console.error('The machine is not quiet: the chooser reckons with assumed figures.')
    }
  }
  const [part = 1, parts = 1] = options.part.split('/').map(Number)
  for (const [at, { name, half }] of functions.entries()) {
    if (at % parts !== part - 1 || (options.half ?? half) !== half) continue
    if (options.only === undefined ? existsSync(fileOf(at)) : !name.includes(options.only)) continue
    if (performance.now() - begunMs > Number(options.minutes) * 60_000) return
    const answer = run([`${at}`, options.budget])
    writeFileSync(fileOf(at), answer)
    const { choice, foreignCores } = JSON.parse(answer) as Played
    console.error(`${name}: ${choice.way}, ${choice.confidence}; others ${foreignCores.toFixed(2)} cores`)
  }
}

function run(args: readonly string[]): string {
  const env = { ...process.env, ATONCE_CALIBRATION: join(options.folder, 'calibration.json') }
  return execFileSync(process.execPath, [join(here, 'one.ts'), ...args], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  })
}

function read(at: number): Played | undefined {
  return existsSync(fileOf(at)) ? (JSON.parse(readFileSync(fileOf(at), 'utf8')) as Played) : undefined
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
