/**
 * Two commits of atonce side by side: what a small call costs, in CPU time, each case in turns
 * A B B A, so that what the machine does meanwhile meets both.
 *
 *   npm --prefix bench run pairs -- --against COMMIT [--turns 8] [--ms 3000] [CASE …]
 */
import { type ExecFileSyncOptions, execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { markdownTable } from 'markdown-table'
import { ratiosOf, spreadOf } from '../speed/spread.ts'
import type { Turn } from './cases.ts'

const program = path.join(import.meta.dirname, 'cases.ts')
const here = path.resolve(import.meta.dirname, '../..')
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    against: { type: 'string', default: 'HEAD' },
    turns: { type: 'string', default: '8' },
    ms: { type: 'string', default: '3000' },
  },
})

const folder = mkdtempSync(path.join(tmpdir(), 'atonce-pairs-'))
try {
  const other = build(values.against)
  const names = positionals.length > 0 ? positionals : await everyCase()
  const rows = names.map(name => compared(name, other))
  console.log(
    markdownTable([
      ['case', 'CPU µs/call', `at ${values.against}`, 'CPU, now ÷ then', 'wall, now ÷ then'],
      ...rows,
    ]),
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** The commit's build, in a work tree of its own. */
function build(commit: string): string {
  const tree = path.join(folder, 'tree')
  const quiet: ExecFileSyncOptions = { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] }
  execFileSync('git', ['clone', '--quiet', '--shared', here, tree], quiet)
  execFileSync('git', ['checkout', '--quiet', commit], { ...quiet, cwd: tree })
  execFileSync('cp', ['-a', path.join(here, 'node_modules'), tree], quiet)
  execFileSync('npm', ['run', 'build'], { ...quiet, cwd: tree })
  return builtIn(tree)
}

function builtIn(tree: string): string {
  const entry = path.join(tree, 'dist/src/index.js')
  if (!existsSync(entry)) throw new Error(`${tree} has no build: npm run build`)
  return entry
}

async function everyCase(): Promise<string[]> {
  process.env['ATONCE_BUILD'] = builtIn(here)
  return Object.keys((await import('./cases.ts')).cases)
}

function compared(name: string, other: string): string[] {
  const now: Turn[] = []
  const then: Turn[] = []
  for (let turn = 0; turn < Number(values.turns); turn += 1) {
    const inTurn = [() => now.push(play(name, builtIn(here))), () => then.push(play(name, other))]
    for (const side of turn % 2 === 0 ? inTurn : inTurn.reverse()) side()
  }
  const cpu = (turns: readonly Turn[]): number[] => turns.map(({ cpuUs }) => cpuUs)
  const wall = (turns: readonly Turn[]): number[] => turns.map(({ wallUs }) => wallUs)
  return [
    name,
    shown(cpu(now)),
    shown(cpu(then)),
    shown(ratiosOf(cpu(now), cpu(then))),
    shown(ratiosOf(wall(now), wall(then))),
  ]
}

function play(name: string, build: string): Turn {
  const printed = execFileSync(process.execPath, [program, name, values.ms], {
    env: { ...process.env, ATONCE_BUILD: build },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  })
  return JSON.parse(printed) as Turn
}

function shown(figures: readonly number[]): string {
  const spread = spreadOf(figures)
  if (!spread) return ''
  const { median, min, max } = spread
  return `${median.toPrecision(3)} [${min.toPrecision(3)}–${max.toPrecision(3)}]`
}
