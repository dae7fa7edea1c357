/**
 * The nats-server of a folder: at most one, as two on one store lose what they have acknowledged.
 * Its pid file is written here and not by the server, so that nobody starts another between the
 * look for it and its start.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { CommandError, exitCodes } from '../ending.ts'

/** Where the pid of a folder's server stands. */
export function pidFileOf(folder: string): string {
  return resolve(folder, 'nats-server.pid')
}

/** The pid of the server that runs on this folder's store. */
export function serverOf(folder: string): number | undefined {
  const path = pidFileOf(folder)
  const pid = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0
  return Number.isSafeInteger(pid) && pid > 0 && isServer(pid) ? pid : undefined
}

/** A pid is given anew after its program has ended: on Linux the name is looked at too. */
export function isServer(pid: number): boolean {
  try {
    process.kill(pid, 0)
    const name = `/proc/${pid}/comm`
    if (!existsSync('/proc/self/comm')) return true
    return existsSync(name) && readFileSync(name, 'utf8').startsWith('nats-server')
  } catch {
    return false
  }
}

/** @throws CommandError if one runs there, or is being started */
export function startServer(folder: string, path: string, words: readonly string[]): ChildProcess {
  return alone(folder, () => {
    refuseSecond(folder)
    const child = spawn(path, words, { stdio: ['ignore', 'inherit', 'inherit'] })
    writeFileSync(pidFileOf(folder), `${child.pid}\n`)
    return child
  })
}

/** @throws CommandError if a server runs on this folder's store */
export function refuseSecond(folder: string): void {
  const running = serverOf(folder)
  if (running === undefined) return
  throw new CommandError(
    exitCodes.failed,
    `The server ${running} runs on the store of ${folder} already. End it first: npx atonce cluster down --folder ${folder}`,
  )
}

/** Removes the pid file of a server that has ended, unless another one has begun since. */
export function forgetServer(folder: string, pid: number | undefined): void {
  const path = pidFileOf(folder)
  if (existsSync(path) && Number(readFileSync(path, 'utf8')) === pid) rmSync(path, { force: true })
}

/** Nothing waits while it holds the lock, so only a kill within those milliseconds leaves it. */
function alone<T>(folder: string, work: () => T): T {
  const lock = resolve(folder, 'nats-server.lock')
  try {
    closeSync(openSync(lock, 'wx'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new CommandError(
      exitCodes.failed,
      `Another cluster up starts a server in ${folder} at this moment. If none does, one was killed: remove ${lock}`,
    )
  }
  try {
    return work()
  } finally {
    rmSync(lock)
  }
}

/**
 * The server itself would say so only after this program may have talked to the other one.
 * @throws CommandError if another program listens there
 */
export function refuseUsedPort(host: string, port: number): Promise<void> {
  return new Promise((done, refuse) => {
    const probe = createServer()
    probe.once('error', ({ message }) =>
      refuse(
        new CommandError(
          exitCodes.failed,
          `No server can listen on ${host}:${port} (${message}). Take another port: --port, or after init the one in nats-server.conf.`,
        ),
      ),
    )
    probe.listen(port, host, () => probe.close(() => done()))
  })
}
