/**
 * Closes the inspectors that this command has opened, if it is killed before it could.
 *
 *     this command ──one line for each inspector that it opens, and that it has closed──▶ a process of its own
 *          └── ends, or is killed ──▶ end of its input ──▶ closes those that are left, within `boundMs`
 *
 * A program whose event loop turns would close its inspector by itself (questions.ts, `guarded`);
 * one that never awaits can't, so somebody else must do it. The process leads a group of its own,
 * so that a signal to this command's group does not end it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { runtime } from '../../runtime/runtime.ts'
import { leave } from '../early-exit.ts'
import { exitCodes } from '../ending.ts'

/** The command that the process runs. */
export const closerCommand = 'close-inspectors'

/** It gives up after that. */
const boundMs = 10_000

/** An inspector that is being opened, or was. */
export interface LeftOpen {
  readonly pid: number
  /** The port that it is expected at; 0 if it may be any. */
  readonly port: number
  /** Where the program listened before; undefined if that can't be told here. */
  readonly before: readonly number[] | undefined
}

type Line = { readonly opens: LeftOpen } | { readonly closed: number }

let closer: ChildProcess | undefined

/** To be called before the program is asked to open its inspector. */
export function opens(left: LeftOpen): void {
  closer ??= start()
  tell({ opens: left })
}

export function closed(pid: number): void {
  tell({ closed: pid })
}

function tell(line: Line): void {
  closer?.stdin?.write(`${JSON.stringify(line)}\n`)
}

function start(): ChildProcess {
  const [, main = ''] = process.argv
  const child = spawn(process.execPath, [...process.execArgv, main, closerCommand], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  })
  child.on('error', () => {}) // Then nobody closes what a killed command has left open.
  child.stdin.on('error', () => {})
  child.unref()
  ;(child.stdin as unknown as { unref(): void }).unref()
  return child
}

/** The process itself: `close` closes one inspector, if it can. */
export async function closeWhenLeft(
  close: (left: LeftOpen, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const open = new Map<number, LeftOpen>()
  for await (const text of createInterface({ input: process.stdin })) {
    const line = JSON.parse(text) as Line
    if ('opens' in line) open.set(line.opens.pid, line.opens)
    else open.delete(line.closed)
  }
  const timer = runtime().setTimer(boundMs, () => leave(exitCodes.failed))
  await Promise.allSettled([...open.values()].map(left => close(left, new AbortController().signal)))
  timer.cancel()
}
