/** `atonce cluster init | up | down`: a nats-server of this machine, its users, and its end. */
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { checkName } from '../cluster/names.ts'
import { type Role, roles, serverConfig } from '../cluster/nats/roles.ts'
import { provisionCluster } from '../cluster.ts'
import { runtime } from '../runtime/runtime.ts'
import {
  forgetServer,
  isServer,
  pidFileOf,
  refuseSecond,
  refuseUsedPort,
  serverOf,
  startServer,
} from './cluster/own-server.ts'
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

/**
 * Writes the server's configuration and a file of credentials for each role, readable by their
 * owner alone.
 */
export async function clusterInit({ folder, namespace, port, force, json }: InitOptions): Promise<ExitCode> {
  checkName('cluster init --namespace', namespace)
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
 * Runs nats-server on the loopback, with a store of its own, until either ends; with the users that
 * `init` has written.
 */
export async function clusterUp({ folder, port, namespace, queues, json }: UpOptions): Promise<ExitCode> {
  checkName('cluster up --namespace', namespace)
  const names = queues.split(',')
  for (const queue of names) checkName('cluster up --queues', queue)
  const server = serverPath()
  const store = resolve(folder, 'store')
  mkdirSync(store, { recursive: true })
  refuseSecond(folder)
  const config = join(folder, configName)
  const written = existsSync(config) ? readFileSync(config, 'utf8') : undefined
  const place = written === undefined ? { host: '127.0.0.1', port } : placeIn(written)
  await refuseUsedPort(place.host, place.port)
  const words = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', store]
  const child = startServer(folder, server, written === undefined ? words : ['-c', config])
  const ended = new Promise<string>(end =>
    child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`)),
  )
  const signals = endWithThisProgram(child)
  const url = `nats://${place.host}:${place.port}`
  const space = written === undefined ? namespace : namespaceIn(written)
  const credentials = written === undefined ? {} : { credentials: join(folder, 'admin.json') }
  let isUp = false
  try {
    isUp = await provisioned(
      () => provisionCluster({ servers: url, namespace: space, ...credentials }, names),
      ended,
    )
    if (isUp && json === true) {
      const access = written === undefined ? '' : ` --credentials ${join(folder, 'worker.json')}`
      const next = `npx atonce worker ./tasks.ts --servers ${url}${access}`
      const where = { url, namespace: space, queues: names, store, pid: child.pid }
      const document = { schema: 'atonce.cluster-up/1', ...where, sentence: powerSentence, next }
      await print(`${jsonDocument(document)}\n`)
    } else if (isUp)
      await print(`${url} · namespace ${space} · queues ${queues} · store ${store}\n${powerSentence}\n`)
    await ended
  } finally {
    child.kill('SIGTERM')
    await ended
    forgetServer(folder, child.pid)
    signals.stop()
  }
  if (signals.interruption !== undefined) throw signals.interruption
  const how = await ended
  if (isUp && how === orderly) return exitCodes.ok
  const what = isUp ? '; its store is kept' : ' before it was up; what it said stands above'
  throw new CommandError(exitCodes.failed, `nats-server ${child.pid} ended with ${how}${what}.`)
}

/** How nats-server ends that `down` has asked to: by SIGINT, as it ends with 1 by SIGTERM. */
const orderly = 'exit code 0'

const powerSentence = 'One server that flushes to disk by its own interval: not safe against a loss of power.'

/**
 * Whoever ends this program means the server too; Ctrl-C reaches both. A second signal does not
 * wait for the server's own end.
 */
function endWithThisProgram(child: ChildProcess): {
  readonly interruption: CommandError | undefined
  stop(): void
} {
  let interruption: CommandError | undefined
  const codes = {
    SIGHUP: exitCodes.hungUp,
    SIGINT: exitCodes.interrupted,
    SIGTERM: exitCodes.terminated,
  } as const
  const interrupt = (signal: NodeJS.Signals) => {
    child.kill(interruption === undefined ? 'SIGTERM' : 'SIGKILL')
    interruption ??= new CommandError(
      codes[signal as keyof typeof codes],
      `Interrupted (${signal}); the server has ended, its store is kept.`,
    )
  }
  const end = () => void child.kill('SIGTERM')
  process.on('exit', end)
  for (const signal of Object.keys(codes)) process.on(signal, interrupt)
  return {
    get interruption() {
      return interruption
    },
    stop: () => {
      process.off('exit', end)
      for (const signal of Object.keys(codes)) process.off(signal, interrupt)
    },
  }
}

/** Ends the server that `up` runs in that folder; what it has acknowledged stays in its store. */
export async function clusterDown({ folder, json }: DownOptions): Promise<ExitCode> {
  const pid = serverOf(folder)
  if (pid === undefined)
    throw new CommandError(exitCodes.failed, `No server of ${folder} runs: ${pidFileOf(folder)} names none.`)
  process.kill(pid, 'SIGINT')
  while (isServer(pid)) await pass(50)
  const sentence = `The server ${pid} has ended; its store is kept.`
  const next = `npx atonce cluster up --folder ${folder}`
  if (json === true)
    await print(`${jsonDocument({ schema: 'atonce.cluster-down/1', pid, sentence, next })}\n`)
  else await print(`${sentence}\n`)
  return exitCodes.ok
}

/**
 * Waits for the server, and makes what clients and workers may not make; false if the server ends
 * before.
 */
async function provisioned(provision: () => Promise<void>, ended: Promise<unknown>): Promise<boolean> {
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  for (let tries = 1; !isOver; tries += 1)
    try {
      await provision()
      return !isOver
    } catch (error) {
      if (tries === 50) throw error
      await pass(100)
    }
  return false
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

function placeIn(config: string): { readonly host: string; readonly port: number } {
  const host = /^host: "(.*)"$/m.exec(config)?.[1] ?? '127.0.0.1'
  return { host, port: Number(/^port: (\d+)$/m.exec(config)?.[1] ?? 4222) }
}

function namespaceIn(config: string): string {
  return /Namespace ([\w~-]+)\./.exec(config)?.[1] ?? 'default'
}

function pass(ms: number): Promise<void> {
  return new Promise(resolve => void runtime().setTimer(ms, resolve))
}
