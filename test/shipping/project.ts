/**
 * A user's project in a folder of its own: its files, atonce installed as a package, and programs
 * run in it.
 *
 *     files ─▶ folder/ + node_modules/atonce (a copy of dist/) ─▶ run(…) ─▶ exit code, stdout, stderr
 *
 * atonce is copied and not linked, so that loaders and bundlers meet it where a user's would: below
 * node_modules.
 */
import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout. */
export const root: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** How a program ended, and what it wrote. */
export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  /** All of it, for the message of an assertion. */
  readonly text: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Ends the program once its output matches; for programs that never end by themselves. */
  readonly until?: RegExp
  /** The Node that runs it. Default: the one that runs this test. */
  readonly node?: string
  /** Of a program with much to do: how long it may take. */
  readonly endsWithinMs?: number
}

/** A program that has not ended by then hangs, however busy the machine. */
const hangsAfterMs = 60_000

/** A folder with a user's files; it is removed at the end of the block. */
export class Project implements Disposable {
  readonly folder: string

  /** An empty folder, outside of the checkout, with nothing installed. */
  constructor(files: Readonly<Record<string, string>> = {}) {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'atonce-shipping-')))
    for (const [path, text] of Object.entries(files)) this.write(path, text)
  }

  /** A project of ES modules that has atonce, and `packages` of the checkout, installed. */
  static with(files: Readonly<Record<string, string>>, packages: readonly string[] = []): Project {
    const project = new Project({ 'package.json': '{ "name": "user", "type": "module" }', ...files })
    project.#installAtonce()
    for (const name of packages) {
      const link = project.path('node_modules', name)
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(join(root, 'node_modules', name), link)
    }
    return project
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts)
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true })
    writeFileSync(this.path(path), text)
  }

  /** Runs `node …args` in the folder; resolves when it has ended, and rejects when it hangs. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return runNode(args, { cwd: this.folder, ...options })
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #installAtonce(): void {
    const installed = this.path('node_modules', 'atonce')
    if (!existsSync(join(root, 'dist/src/index.js')))
      throw new Error('There is no dist/. Build it first: npm run build')
    cpSync(join(root, 'dist'), join(installed, 'dist'), {
      recursive: true,
      filter: source => source !== join(root, 'dist/src/cli'),
    })
    cpSync(join(root, 'package.json'), join(installed, 'package.json'))
  }
}

/** Runs `node …args`; resolves when it has ended, and rejects when it hangs. */
export function runNode(
  args: readonly string[],
  { cwd, env, until, node, endsWithinMs = hangsAfterMs }: RunOptions,
): Promise<Ended> {
  const child = spawn(node ?? process.execPath, args, {
    cwd,
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (part: string) => {
      written[stream] += part
      if (until?.test(written[stream])) child.kill()
    })
  }
  return new Promise((resolve, reject) => {
    const textOf = () => `node ${args.join(' ')}\n${written.stdout}\n${written.stderr}`
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`It did not end within ${endsWithinMs} ms: ${textOf()}`))
    }, endsWithinMs)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, ...written, text: `${textOf()}\nexit ${code ?? signal}` })
    })
  })
}

/** This process's environment, without what a test runner or an npm script puts into it. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(NODE_(?!COMPILE_CACHE$)|npm_|ATONCE_|VITEST|FORCE_COLOR)/.test(name),
  )
  return { ...Object.fromEntries(kept), NO_COLOR: '1' }
}
