/** The fixture site's process, started at the first need and kept for later runs. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { extname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { SiteName } from './page.ts'

/** Where a site is served. Every host of the site is at this port of 127.0.0.1. */
export interface Served {
  readonly port: number
  readonly pid: number
}

/**
 * Serves the site from a process of its own, the same one at each call. It keeps no program alive,
 * and ends with this one. Rejects with what went wrong if the process does not start.
 */
export function serve(name: SiteName): Promise<Served> {
  const key = JSON.stringify(name)
  const known = servers.get(key)
  if (known !== undefined) return known
  const started = start(key)
  servers.set(key, started)
  started.catch(() => servers.delete(key))
  return started
}

/** The processes of the sites that are served. */
export function servingPids(): readonly number[] {
  return pids
}

const pids: number[] = []
const servers = new Map<string, Promise<Served>>()
const startWithinMs = 10_000

async function start(name: string): Promise<Served> {
  const entry = fileURLToPath(new URL(`./server${extname(import.meta.url)}`, import.meta.url))
  const child = spawn(process.execPath, [entry, name], { stdio: ['pipe', 'pipe', 'inherit'] })
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`The fixture site's process ended at its start, with exit code ${code}.`)
  })
  const lines = createInterface(child.stdout)
  const listening = once(lines, 'line', { signal: AbortSignal.timeout(startWithinMs) })
  try {
    const [port] = (await Promise.race([listening, failed])) as [string]
    pids.push(child.pid as number)
    return { port: Number(port), pid: child.pid as number }
  } catch (error) {
    child.kill()
    throw error
  } finally {
    failed.catch(() => {}) // From now on it ends when this program does.
    lines.close()
    child.stdout.destroy()
    child.unref()
    const stdin = child.stdin as unknown as Socket
    stdin.on('error', () => {})
    stdin.unref()
  }
}
