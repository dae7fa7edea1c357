/**
 * Work that may occupy this thread, so that no handler and no timer of ours can run meanwhile.
 *
 *     a signal ─▶ the system ends this program at once ─▶ end of the shell's input ─▶ it says so
 *     --timeout ─▶ a watcher thread ─ no timer was heard, then or later ─▶ says so, and ends this program
 *
 * A handler of ours would keep the signal from ending the program, and would not run before the
 * task returns. So there is none, and the exit code is the system's: 130 or 143 in a shell. The
 * shell starts in about 1 ms, leads a group of its own, which Ctrl-C does not reach, and ends with
 * this program. Windows has none: there, nobody says anything.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { add, notify, store } from '../runtime/atomics.ts'
import { runtime } from '../runtime/runtime.ts'
import { AbandonedError, exitCodes } from './ending.ts'
import { jsonLine } from './json.ts'
import { complaint } from './style.ts'

const interrupted =
  "atonce: Interrupted at once: the work ran on the command's own thread, where nothing can ask it to stop."

const shellScript = `
trap '' INT TERM HUP QUIT
read -r over || printf '%s\\n' "$0" >&2
`

/** A thread that computes when its time is up gets this long to hear of it by itself. */
const slackMs = 250
/**
 * After its time the work may begin to compute yet, before it is given up: the thread is heard so
 * often, and must be within so long.
 */
const heardEveryMs = 100
const silentMs = 2_000

/** Words that this thread and its watcher share: how often it was heard, and the state. */
const watched = { heard: 0, state: 1 } as const
const states = { over: 1, said: 2 } as const

/**
 * Asks the main thread to exit through the inspector, which interrupts what runs there. Node would
 * say then that it waits for the debugger: so standard error is closed before. (To terminate only
 * what runs would leave Node's queues of timers and promises half worked off.)
 */
const watcherScript = `
const { workerData: { words, afterMs, silentMs, exitCode, lines, shellPid } } = require('node:worker_threads')
const { writeSync } = require('node:fs')
const { Session } = require('node:inspector')
const isOver = () => Atomics.load(words, 1) === 1
let seen = 0
for (let waitMs = afterMs; !isOver() && Atomics.wait(words, 0, seen, waitMs) !== 'timed-out'; waitMs = silentMs)
  seen = Atomics.load(words, 0)
if (!isOver()) {
  if (Atomics.load(words, 1) === 0) for (const [fd, text] of lines) try { writeSync(fd, text) } catch {}
  try { process.kill(shellPid, 'SIGKILL') } catch {} // It would say that a signal came.
  const session = new Session()
  session.connectToMainThread()
  const expression = "process.getBuiltinModule('node:fs').closeSync(2); process.reallyExit(" + exitCode + ')'
  session.post('Runtime.evaluate', { expression })
}
`

/** A time after which work has to be over, and what is said when it can't hear of it. */
export interface HardLimit {
  readonly timeoutMs: number
  readonly label: string
  readonly asJson: boolean
  /** What else to do, where there is something: a sentence, with a space before it. */
  readonly cure: string
}

/** Runs `work`; a signal, or the end of its time, ends the program even while the work computes. */
export async function occupying<T>(work: () => Promise<T>, limit?: HardLimit): Promise<T> {
  const shell = openShell()
  const hush = () => void shell?.kill('SIGKILL') // The program ends by itself, and by no signal.
  process.once('exit', hush)
  const watch = limit === undefined ? undefined : watchFrom(limit, shell?.pid)
  let isGivenUp = false
  try {
    return await work()
  } catch (error) {
    isGivenUp = error instanceof AbandonedError // It goes on, until the program has ended.
    throw error
  } finally {
    process.off('exit', hush)
    shell?.stdin?.end('over\n')
    if (isGivenUp) watch?.said()
    else watch?.end()
  }
}

function openShell(): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined
  const shell = spawn('/bin/sh', ['-c', shellScript, interrupted], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  })
  shell.on('error', () => {}) // There is none.
  shell.unref()
  const input = shell.stdin as Socket
  input.on('error', () => {})
  input.unref()
  return shell
}

/** Watches whether this thread is heard after the work's time. */
interface Watch {
  /** The work is over. */
  end(): void
  /** That its time is over was said; it may go on. */
  said(): void
}

/** Starts the watcher; its time counts from now, as the executor's does. */
function watchFrom({ timeoutMs, label, asJson, cure }: HardLimit, shellPid: number | undefined): Watch {
  const exitCode = exitCodes.timeout
  const message = `${label} did not finish within ${timeoutMs} ms (--timeout). It computes on the command's own thread, so the program was ended.${cure}`
  const document = { schema: 'atonce.error/1', exitCode, message }
  const lines = [
    [2, `${complaint(`atonce: ${message}`)}\n`],
    ...(asJson ? [[1, `${jsonLine(document)}\n`]] : []),
  ]
  const words = new Int32Array(new SharedArrayBuffer(8))
  const hear = () => {
    add(words, watched.heard, 1)
    notify(words, watched.heard, 1)
  }
  const hearOn = () => {
    hear()
    timer = runtime().setTimer(heardEveryMs, hearOn)
  }
  let timer = runtime().setTimer(timeoutMs, hearOn)
  const thread = new Worker(watcherScript, {
    eval: true,
    workerData: { words, afterMs: timeoutMs + slackMs, silentMs, exitCode, lines, shellPid },
  })
  thread.on('error', () => {}) // Then nothing ends the program before the task does.
  thread.unref()
  return {
    end() {
      store(words, watched.state, states.over) // Pairs with the loads in the watcher.
      hear()
      timer.cancel()
      void thread.terminate()
    },
    said: () => store(words, watched.state, states.said),
  }
}
