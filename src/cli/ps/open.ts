/**
 * Which way into a program: by its private door, which is open to nobody else; by Node's inspector
 * only if that was asked for, since while it is open every user of the machine can run code in the
 * program.
 */
import { runtime } from '../../runtime/runtime.ts'
import { CommandError, exitCodes, UsageError } from '../ending.ts'
import { openDoor } from './door.ts'
import { openInspector } from './inspector.ts'
import { catches, checkProgram, mainThreadOf } from './program.ts'
import type { Opened } from './session.ts'

/**
 * @throws CommandError that says why the program can't be looked into, and what would be opened to
 * do it all the same
 */
export async function openProgram(
  pid: number,
  { openInspector: allowed = false }: { readonly openInspector?: boolean },
  signal: AbortSignal,
): Promise<Opened> {
  await checkProgram(pid)
  const hasDoor = process.platform === 'win32' ? false : await catches(pid, 'SIGURG')
  if (hasDoor === false && !allowed) throw withoutDoor(pid)
  const opened = hasDoor === false ? undefined : await openDoor(pid, signal)
  if (opened !== undefined) return opened
  if (hasDoor && !(await runsCode(pid))) throw inSystem(pid)
  if (!allowed) throw silent(pid)
  if ((await catches(pid, 'SIGUSR1')) === false) throw refused(pid)
  return await openInspector(pid, signal)
}

const whatWouldOpen = (pid: number) =>
  `atonce ps ${pid} --open-inspector looks all the same: it opens Node's inspector on 127.0.0.1, and until it has closed it again every user of this machine can run code in the program.`

function withoutDoor(pid: number): CommandError {
  return process.platform === 'win32'
    ? new UsageError(
        `This system has no way into a program that is closed to its other users. ${whatWouldOpen(pid)}`,
      )
    : new CommandError(
        exitCodes.failed,
        `The program ${pid} has made no scope and no executor of atonce yet, or uses no atonce (or one older than this command).`,
      )
}

function silent(pid: number): CommandError {
  return new CommandError(
    exitCodes.timeout,
    `The event loop of the program ${pid} does not turn: code that never awaits keeps it busy. ${whatWouldOpen(pid)}`,
    { short: 'its event loop does not turn, and --open-inspector was not given' },
  )
}

function inSystem(pid: number): CommandError {
  return new CommandError(
    exitCodes.timeout,
    `The event loop of the program ${pid} does not turn: it is in a call of the system that does not return (as execFileSync). Nothing can look into that.`,
    { short: 'it is in a call of the system that does not return' },
  )
}

function refused(pid: number): UsageError {
  return new UsageError(
    `The program ${pid} does not take SIGUSR1, by which Node is asked for its inspector: it runs with --disable-sigusr1 or --permission, or is just starting.`,
  )
}

const samples = 10
const samplingMs = 20

/**
 * Whether the main thread computes, or waits for memory (Atomics.wait): then its inspector opens at
 * once. In a call of the system it would open when that returns, which may be long after this
 * command, with nobody there to close it.
 */
async function runsCode(pid: number): Promise<boolean> {
  for (let n = 0; n < samples; n += 1) {
    if ((await mainThreadOf(pid)) !== 'system') return true
    await new Promise<void>(resolve => runtime().setTimer(samplingMs, resolve))
  }
  return false
}
