/**
 * Whether a process can be asked what runs in it: that it is there, is a Node program, and is ours.
 */
import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { constants } from 'node:os'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import { harmless } from '../../live/harmless.ts'
import { UsageError } from '../ending.ts'

/**
 * Throws before anything is sent to it: the signal that asks for the inspector would end a program
 * that does not know it.
 * @throws UsageError
 */
export async function checkProgram(pid: number): Promise<void> {
  if (pid === process.pid) throw new UsageError(`${pid} is this command itself. ${howToFind}`)
  try {
    process.kill(pid, 0)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EPERM')
      throw new UsageError(
        `The process ${pid} belongs to another user. Run this command as that user, or as root.`,
      )
    throw new UsageError(`There is no process ${pid}; it may have ended. ${howToFind}`)
  }
  if (process.platform === 'linux') return await checkOnLinux(pid)
  if (process.platform !== 'win32' && !isNode(await commandName(pid))) throw new UsageError(notNode(pid))
}

/**
 * What the main thread is at: its own code, waiting for another thread, or a call of the system.
 * Undefined where the system does not tell (it does on Linux).
 */
export async function mainThreadOf(pid: number): Promise<'code' | 'another thread' | 'system' | undefined> {
  if (process.platform !== 'linux') return undefined
  const [stat, channel] = await Promise.all(
    ['stat', 'wchan'].map(name => readFile(`/proc/${pid}/task/${pid}/${name}`, 'utf8').catch(() => '')),
  )
  if (/\) R /.test(stat ?? '')) return 'code'
  return /futex/.test(channel ?? '') ? 'another thread' : 'system'
}

/** Whether no such process is there any more. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

const howToFind = 'To find programs: atonce ps, or pgrep -fl node'

const notNode = (pid: number, name = '') =>
  `The process ${pid}${name === '' ? '' : ` (${name})`} is not a Node program. ${howToFind}`

async function checkOnLinux(pid: number): Promise<void> {
  const status = await statusOf(pid)
  const state = status.get('State') ?? ''
  if (/^[ZX]/.test(state)) throw new UsageError(`The process ${pid} has ended. ${howToFind}`)
  if (/^[Tt]/.test(state))
    throw new UsageError(`The process ${pid} is stopped. Let it go on first: kill -CONT ${pid}`)
  if (!(await isNodeProcess(pid))) throw new UsageError(notNode(pid, status.get('Name')))
  const [mine, theirs] = await Promise.all(
    ['self', pid].map(who => readlink(`/proc/${who}/ns/mnt`).catch(() => '')),
  )
  if (theirs !== '' && mine !== theirs) {
    throw new UsageError(
      `The program ${pid} runs in a container, or with temporary files of its own. Run this command in there: docker exec <container> npx atonce ps <its pid there>`,
    )
  }
}

/**
 * Whether a program has a handler for the signal; undefined where the system does not tell (it does
 * on Linux).
 */
export async function catches(pid: number, signal: 'SIGUSR1' | 'SIGURG'): Promise<boolean | undefined> {
  if (process.platform !== 'linux') return undefined
  const mask = BigInt(`0x${(await statusOf(pid)).get('SigCgt') ?? '0'}`)
  return ((mask >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n
}

/** Whose program it is; undefined where the system does not tell (it does on Linux). */
export async function ownerOf(pid: number): Promise<{ uid: number; gid: number } | undefined> {
  if (process.platform !== 'linux') return undefined
  const status = await statusOf(pid)
  const effective = (name: string) => Number(status.get(name)?.split('\t')[1])
  return { uid: effective('Uid'), gid: effective('Gid') }
}

/** A Node program by its name, or, under another name, by the thread that takes its signal. */
async function isNodeProcess(pid: number): Promise<boolean> {
  const program = await readlink(`/proc/${pid}/exe`).catch(() => '')
  if (isNode(program.replace(/ \(deleted\)$/, ''))) return true
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  const names = await Promise.all(
    threads.map(thread => readFile(`/proc/${pid}/task/${thread}/comm`, 'utf8').catch(() => '')),
  )
  return names.some(name => name.trim() === 'SignalInspector')
}

function isNode(path: string): boolean {
  return /^node(js)?(-?v?[\d.]+)?$/.test(basename(path))
}

async function commandName(pid: number): Promise<string> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'comm=', '-p', String(pid)])
  return stdout.trim()
}

/** The fields of /proc/<pid>/status by their names. */
async function statusOf(pid: number): Promise<Map<string, string>> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return new Map(
    text.split('\n').map(line => {
      const [name = '', value = ''] = line.split(':\t')
      return [name, value.trim()] as const
    }),
  )
}

export interface Program {
  readonly pid: number
  readonly parent: number
  /** What was typed, as far as one line has it. */
  readonly command: string
}

/**
 * Node programs of this user, but this one, oldest first; undefined where the system does not tell
 * (it does on Linux).
 */
export async function listPrograms(): Promise<Program[] | undefined> {
  if (process.platform !== 'linux') return undefined
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(
    pids.map(async (pid): Promise<Program | undefined> => {
      if (pid === process.pid || !(await isNodeProcess(pid))) return undefined
      const [command, status] = await Promise.all([
        readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
        statusOf(pid),
      ])
      const words = harmless(command).trim() // They are parted by NUL.
      if (words === '') return undefined // It has ended meanwhile.
      return {
        pid,
        parent: Number(status.get('PPid')),
        command: words.length > 120 ? `${words.slice(0, 119)}…` : words,
      }
    }),
  )
  return found.filter(program => program !== undefined).toSorted((a, b) => a.pid - b.pid)
}
