/** `atonce cluster init | up | down`: a nats-server of this machine, its users, and its end. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { type Role, roles, serverConfig } from '../cluster/nats/roles.ts'
import { provisionCluster } from '../cluster.ts'
import { runtime } from '../runtime/runtime.ts'
import { CommandError, type ExitCode, exitCodes } from './ending.ts'
import { jsonDocument } from './json.ts'
import { print } from './print.ts'

export interface InitOptions {
  readonly folder: string
  readonly namespace: string
  readonly port: number
  readonly force?: boolean
  readonly json?: boolean
}

export interface UpOptions {
  readonly folder: string
  readonly port: number
  readonly namespace: string
  readonly queues: string
  readonly json?: boolean
}

export interface DownOptions {
  readonly folder: string
  readonly json?: boolean
}

const configName = 'nats-server.conf'
const pidName = 'nats-server.pid'

/**
 * Writes the server's configuration and a file of credentials for each role, readable by their
 * owner alone.
 */
export async function clusterInit({ folder, namespace, port, force, json }: InitOptions): Promise<ExitCode> {
  const config = join(folder, configName)
  if (existsSync(config) && force !== true)
    throw new CommandError(
      exitCodes.failed,
      `${config} is there already. New passwords lock out whoever has the old ones; if you mean it: --force`,
    )
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const store = resolve(folder, 'store')
  const passwords = Object.fromEntries(
    roles.map(role => [role, randomBytes(24).toString('base64url')]),
  ) as Record<Role, string>
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 })
  write(configName, serverConfig({ host: '127.0.0.1', port, store, namespace, passwords }))
  for (const role of roles)
    write(`${role}.json`, `${JSON.stringify({ user: role, password: passwords[role] })}\n`)
  const sentence = `${config} and the credentials of ${roles.join(', ')} are written, for namespace ${namespace}.`
  const next = `npx atonce cluster up --folder ${folder}`
  if (json === true) {
    const credentials = Object.fromEntries(roles.map(role => [role, join(folder, `${role}.json`)]))
    const written = { config, credentials, namespace, port, store }
    await print(`${jsonDocument({ schema: 'atonce.cluster-init/1', ...written, sentence, next })}\n`)
  } else await print(`${sentence}\nStart it: ${next}\n`)
  return exitCodes.ok
}

/**
 * Runs nats-server on the loopback, with a store of its own, until it ends; with the users that
 * `init` has written.
 */
export async function clusterUp({ folder, port, namespace, queues, json }: UpOptions): Promise<ExitCode> {
  const server = serverPath()
  const store = resolve(folder, 'store')
  mkdirSync(store, { recursive: true })
  const config = join(folder, configName)
  const hasUsers = existsSync(config)
  const words = hasUsers ? ['-c', config] : ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', store]
  const child = spawn(server, [...words, '-P', resolve(folder, pidName)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const ended = new Promise<number | null>(end => child.once('exit', end))
  // Ctrl-C reaches the server by itself; whoever ends this program alone means the server too.
  const end = () => void child.kill('SIGTERM')
  process.on('SIGTERM', end).on('exit', end)
  const address = hasUsers ? addressIn(readFileSync(config, 'utf8')) : `127.0.0.1:${port}`
  const space = hasUsers ? namespaceIn(readFileSync(config, 'utf8')) : namespace
  const credentials = hasUsers ? { credentials: join(folder, 'admin.json') } : {}
  const options = { servers: `nats://${address}`, namespace: space, ...credentials }
  await provisioned(() => provisionCluster(options, queues.split(',')), ended)
  const sentence = 'One server that flushes to disk by its own interval: not safe against a loss of power.'
  if (json === true) {
    const access = hasUsers ? ` --credentials ${join(folder, 'worker.json')}` : ''
    const next = `npx atonce worker ./tasks.ts --servers ${options.servers}${access}`
    const where = { url: options.servers, namespace: space, queues: queues.split(','), store, pid: child.pid }
    await print(`${jsonDocument({ schema: 'atonce.cluster-up/1', ...where, sentence, next })}\n`)
  } else
    await print(`nats://${address} · namespace ${space} · queues ${queues} · store ${store}\n${sentence}\n`)
  const code = await ended
  process.off('SIGTERM', end).off('exit', end)
  rmSync(resolve(folder, pidName), { force: true })
  return code === 0 || code === null ? exitCodes.ok : exitCodes.failed
}

/** Ends the server that `up` runs in that folder; what it has acknowledged stays in its store. */
export async function clusterDown({ folder, json }: DownOptions): Promise<ExitCode> {
  const path = resolve(folder, pidName)
  const pid = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0
  if (!Number.isSafeInteger(pid) || pid <= 0 || !isServer(pid))
    throw new CommandError(exitCodes.failed, `No server of ${folder} runs: ${path} names none.`)
  process.kill(pid, 'SIGTERM')
  while (isServer(pid)) await pass(50)
  const sentence = `The server ${pid} has ended; its store is kept.`
  const next = `npx atonce cluster up --folder ${folder}`
  if (json === true)
    await print(`${jsonDocument({ schema: 'atonce.cluster-down/1', pid, sentence, next })}\n`)
  else await print(`${sentence}\n`)
  return exitCodes.ok
}

/** A pid is given anew after its program has ended: on Linux the name is looked at too. */
function isServer(pid: number): boolean {
  try {
    process.kill(pid, 0)
    const name = `/proc/${pid}/comm`
    if (!existsSync('/proc/self/comm')) return true
    return existsSync(name) && readFileSync(name, 'utf8').startsWith('nats-server')
  } catch {
    return false
  }
}

/** Waits for the server, and makes what clients and workers may not make. */
async function provisioned(provision: () => Promise<void>, ended: Promise<unknown>): Promise<void> {
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  for (let tries = 1; !isOver; tries += 1)
    try {
      return await provision()
    } catch (error) {
      if (tries === 50) throw error
      await pass(100)
    }
}

function serverPath(): string {
  const server = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
    .map(folder => join(folder, 'nats-server'))
    .find(path => existsSync(path))
  if (server !== undefined) return server
  throw new CommandError(
    exitCodes.failed,
    'There is no nats-server on PATH. Install it: apt-get install nats-server, brew install nats-server, or docker run -p 127.0.0.1:4222:4222 nats -js',
  )
}

function addressIn(config: string): string {
  const host = /^host: "(.*)"$/m.exec(config)?.[1] ?? '127.0.0.1'
  return `${host}:${/^port: (\d+)$/m.exec(config)?.[1] ?? 4222}`
}

function namespaceIn(config: string): string {
  return /Namespace ([\w~-]+)\./.exec(config)?.[1] ?? 'default'
}

function pass(ms: number): Promise<void> {
  return new Promise(resolve => void runtime().setTimer(ms, resolve))
}
