/** What a result depends on besides the code: the machine, and the versions of everything. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { python } from './program.ts'

export interface Machine {
  readonly date: string
  readonly node: string
  /** Undefined where there is none. */
  readonly python: string | undefined
  /** The commit of atonce, with `+` if files differ from it. */
  readonly commit: string
  readonly versions: Readonly<Record<string, string>>
  readonly loadBefore: number
  /** All of it in sentences. */
  readonly text: string
}

const bench = new URL('../../../', import.meta.url)

/** Call it before the run, because of the load. */
export function describeMachine(): Machine {
  const date = new Date().toISOString().slice(0, 16).replace('T', ' ')
  const node = process.version
  const pythonVersion = tryRun(python(), ['--version'])?.replace('Python ', '')
  const commit = `${tryRun('git', ['rev-parse', '--short', 'HEAD']) ?? 'unknown'}${tryRun('git', ['status', '--porcelain', '--untracked-files=no', '--', '../src']) ? '+' : ''}`
  const versions = Object.fromEntries(
    peers().map(name => [
      name,
      (readJson(`node_modules/${name}/package.json`) as { version: string }).version,
    ]),
  )
  const loadBefore = loadavg()[0] ?? 0
  const text = `${date} UTC, Node ${node}, Python ${pythonVersion ?? '(none)'}, ${process.platform} ${release()} ${process.arch}, ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, load ${loadBefore.toFixed(1)} before the run.
atonce at ${commit}; ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}.`
  return { date, node, python: pythonVersion, commit, versions, loadBefore, text }
}

/** What this package depends on, without the tools of the benchmark itself. */
function peers(): string[] {
  const { dependencies } = readJson('package.json') as { dependencies: Record<string, string> }
  return Object.keys(dependencies).filter(name => !['simple-statistics', 'markdown-table'].includes(name))
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, bench), 'utf8'))
}

function tryRun(command: string, args: string[]): string | undefined {
  try {
    return execFileSync(command, args, {
      cwd: bench,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return undefined
  }
}
