/**
 * The pages for those who know another library show a program of theirs, `theirs-NAME.EXT`, and the
 * same program here, `main-NAME.ts`. What one of them prints, the other one prints.
 *
 *     page ─▶ pairs ─▶ what theirs needs: there? ─▶ both run in one folder ─▶ outputs side by side
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, delimiter, extname, join } from 'node:path'
import { promisify } from 'node:util'
import { type Block, blocksOf, pages, textOf } from '../examples.ts'
import { root } from '../source-tree.ts'

const execute = promisify(execFile)

export interface Pair {
  readonly page: string
  readonly theirs: Block
  readonly ours: string
  /** The library that theirs is written on; undefined if its language brings all it needs. */
  readonly library: { readonly name: string; readonly version: string } | undefined
}

/** A program that has not ended by then hangs, however busy the machine. */
const hangsAfterMs = 120_000

const languages = 'ts|js|python|go|erlang'
const programs: Readonly<Record<string, readonly string[]>> = {
  '.mjs': [process.execPath],
  '.py': ['python3'],
  '.go': ['go', 'run'],
  '.erl': ['escript'],
}

/** Where `npm run coming-from` puts Python's libraries; Node's are those that bench/ pins. */
export const pythonLibraries: string = join(root, 'node_modules/.cache/coming-from/python')
const nodeLibraries = join(root, 'bench/node_modules')

export const pairs: readonly Pair[] = pages.flatMap(page =>
  blocksOf(textOf(page), languages)
    .filter(({ file }) => /^theirs(-(?!worker)\w+)?\./.test(file))
    .map(theirs => {
      const [, name = '', version = ''] = /^ \((\S+) (\S+)\)/.exec(theirs.note) ?? []
      const ours = `${basename(theirs.file, extname(theirs.file)).replace('theirs', 'main')}.ts`
      return { page, theirs, ours, library: name === '' ? undefined : { name, version } }
    }),
)

/** Why theirs can't be run here; undefined if it can. */
export function missingOf({ theirs, library }: Pair): string | undefined {
  const [program = ''] = programs[extname(theirs.file)] ?? []
  if (!isOnPath(program)) return `${program} is not installed`
  if (library?.name === 'bullmq' && !isOnPath('redis-server')) return 'redis-server is not installed'
  if (library === undefined || installedVersion(library.name, program) === library.version) return undefined
  return `${library.name} ${library.version} is not installed: npm run coming-from`
}

/** What each of the two prints, their brackets written alike. */
export async function outputsOf(pair: Pair): Promise<{ theirs: string; ours: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-coming-from-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    for (const { file, code } of blocksOf(textOf(pair.page), languages))
      writeFileSync(join(folder, file), code)
    install(folder, pair)
    using store = pair.library?.name === 'bullmq' ? await redis(folder) : undefined
    const run = async ([program = '', ...words]: readonly string[], file: string): Promise<string> => {
      const env = { ...process.env, PYTHONPATH: pythonLibraries, ...store?.env }
      const { stdout } = await execute(program, [...words, file], { cwd: folder, timeout: hangsAfterMs, env })
      return stdout.replace(/\[ | \]/g, found => found.trim())
    }
    const theirs = await run(programs[extname(pair.theirs.file)] ?? [], pair.theirs.file)
    return { theirs, ours: await run([process.execPath], pair.ours) }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

function install(folder: string, { library, theirs }: Pair): void {
  const modules = join(folder, 'node_modules')
  // The libraries of bench/ have atonce beside them.
  if (library !== undefined && extname(theirs.file) === '.mjs') return symlinkSync(nodeLibraries, modules)
  mkdirSync(modules)
  symlinkSync(root, join(modules, 'atonce'))
}

function isOnPath(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.some(folder => existsSync(join(folder, program))) || existsSync(program)
}

function installedVersion(name: string, program: string): string | undefined {
  const file =
    program === 'python3'
      ? join(pythonLibraries, 'installed.json')
      : join(nodeLibraries, name, 'package.json')
  if (!existsSync(file)) return undefined
  const found = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, string>>
  return program === 'python3' ? found[name] : found['version']
}

/** A server of its own for one program, which keeps nothing. */
async function redis(folder: string): Promise<Disposable & { readonly env: Record<string, string> }> {
  const port = String(await freePort())
  const words = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', folder]
  const server = spawn('redis-server', words, { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const text of server.stdout) if (/Ready to accept/.test(String(text))) break
  return { env: { REDIS_PORT: port }, [Symbol.dispose]: () => void server.kill() }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
