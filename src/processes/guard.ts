/**
 * Ends workers that are stuck in their start when this program is gone.
 *
 *     this program ──"+ pid" a worker starts, "- pid" it has started──▶ a shell, which does nothing but read
 *          └── ends, or is killed ──▶ end of its input ──after `slackMs`──▶ kills those that still start
 *
 * A worker that has started sees by itself that its parent is gone: worker/far/watchdog.ts. Before
 * that it may hang in code that Node runs first (`--require`, `--import`, NODE_OPTIONS), where
 * nothing of ours runs; so somebody else must see it. The shell leads a group of its own, so that a
 * signal to this program's group does not end it; it takes some 1 ms to start and less than 1 MiB,
 * and ends when no worker starts any more. Windows ends the children of a process with it.
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import type { Socket } from 'node:net'
import { bare } from '../checks.ts'
import { runtime, type Timer } from '../runtime/runtime.ts'

/** How long the shell stays when no worker starts. */
const idleMs = 2_000

/**
 * In seconds: a worker that is about to have started sees the end of its parent by itself, and ends
 * in order.
 */
const slack = 1

const script = `
trap '' INT TERM HUP QUIT USR1 USR2
starting=' '
while read -r what pid; do
  case $what in
    +) starting="$starting$pid " ;;
    -) left=' '
      for one in $starting; do [ "$one" = "$pid" ] || left="$left$one "; done
      starting=$left ;;
  esac
done
[ "$starting" = ' ' ] && exit
sleep ${slack}
for one in $starting; do kill -9 "$one" 2>/dev/null; done
`

class Guard {
  readonly #starting = new Set<number>()
  #shell: ChildProcess | undefined
  #idle: Timer | undefined
  #listens = false

  /** A worker process starts. */
  starts(pid: number): void {
    this.#listen()
    this.#starting.add(pid)
    this.#idle?.cancel()
    if (process.platform === 'win32') return
    this.#shell ??= this.#open()
    this.#tell(`+ ${pid}\n`)
  }

  /** It has started, or has ended. */
  over(pid: number): void {
    if (!this.#starting.delete(pid)) return
    this.#tell(`- ${pid}\n`)
    if (this.#starting.size > 0) return
    this.#idle?.cancel()
    this.#idle = runtime().setTimer(idleMs, () => this.#close())
    this.#idle.unref()
  }

  /** Where there is no shell, those end at least that this program can end itself. */
  #listen(): void {
    if (this.#listens) return
    this.#listens = true
    process.on('exit', () => {
      for (const pid of this.#starting) kill(pid)
    })
  }

  #open(): ChildProcess | undefined {
    const { spawn } = process.getBuiltinModule('node:child_process')
    try {
      const options = bare<SpawnOptions>({
        stdio: ['pipe', 'ignore', 'ignore'],
        detached: true,
        cwd: '/',
        env: bare({ PATH: process.env['PATH'] }),
      })
      const shell = spawn('/bin/sh', ['-c', script], options)
      shell.on('error', () => {}) // There is none.
      shell.on('exit', () => {
        if (this.#shell === shell) this.#shell = undefined
      })
      shell.stdin?.on('error', () => {})
      shell.unref()
      const input = shell.stdin as Socket | null
      input?.unref()
      return shell
    } catch {
      return undefined
    }
  }

  #tell(line: string): void {
    this.#shell?.stdin?.write(line)
  }

  #close(): void {
    this.#shell?.stdin?.end()
    this.#shell = undefined
  }
}

/** One for the whole program. */
export const guard = new Guard()

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}
