/** A NATS server and some nodes on this machine, each a process of its own. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, extname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface NodesOptions {
  readonly count: number
  /** Of each node. Default 1. */
  readonly workers?: number
  /** How long a node may be silent before its tasks are another one's. Default 5,000. */
  readonly leaseMs?: number
}

export interface Death {
  /** Its pid. */
  readonly node: number
  /** Milliseconds since 1970. */
  readonly atMs: number
}

export interface Nodes extends AsyncDisposable {
  readonly servers: string
  readonly leaseMs: number
  readonly pids: readonly number[]
  /** Those that have ended, and when. */
  readonly deaths: readonly Death[]
  readonly firstDeath: Promise<Death>
  /** Ends one as by `kill -9`. */
  kill(at: number): Promise<void>
}

/** Where nats-server is; undefined if it is not installed. */
export function natsServer(): string | undefined {
  return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
    .map(folder => join(folder, 'nats-server'))
    .find(path => existsSync(path))
}

export const installServer =
  'This needs nats-server: apt-get install nats-server, or brew install nats-server'

/** Starts them; they end with the block, and with this program at the latest. */
export async function startNodes({ count, workers = 1, leaseMs = 5_000 }: NodesOptions): Promise<Nodes> {
  const path = natsServer()
  if (path === undefined) throw new Error(installServer)
  const port = await freePort()
  const store = mkdtempSync(join(tmpdir(), 'atonce-nodes-'))
  const words = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', store]
  const server = spawn(path, words, { stdio: ['ignore', 'ignore', 'pipe'] })
  const orphaned = () => void server.kill('SIGKILL')
  process.once('exit', orphaned)
  for await (const line of createInterface(server.stderr)) if (line.includes('Server is ready')) break
  server.stderr.resume()
  const servers = `nats://127.0.0.1:${port}`
  const entry = fileURLToPath(new URL(`./node${extname(import.meta.url)}`, import.meta.url))
  const nodes = Array.from({ length: count }, () => fork(entry, [servers, `${leaseMs}`, `${workers}`]))
  await Promise.all(nodes.map(isUp))
  const deaths: Death[] = []
  const firstDeath = new Promise<Death>(resolve => {
    for (const node of nodes)
      node.once('exit', () => {
        const death = { node: node.pid as number, atMs: Date.now() }
        deaths.push(death)
        resolve(death)
      })
  })
  return {
    servers,
    leaseMs,
    deaths,
    firstDeath,
    pids: nodes.map(({ pid }) => pid as number),
    kill: at => ended(nodes[at] as ChildProcess),
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map(ended))
      await ended(server)
      process.off('exit', orphaned)
      rmSync(store, { recursive: true, force: true })
    },
  }
}

async function isUp(node: ChildProcess): Promise<void> {
  const gone = once(node, 'exit').then(([code]) => {
    throw new Error(`A node ended with ${code} before it was up.`)
  })
  await Promise.race([once(node, 'message'), gone])
  gone.catch(() => {}) // From now on it may end.
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}
