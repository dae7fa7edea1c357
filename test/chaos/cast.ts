/**
 * The programs of a chaos run, each on a cable of its own, and how they are killed, frozen and
 * begun again.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Cable } from './cable.ts'
import { ledgerVariable } from './ledger.ts'

export interface Stage {
  readonly serverPort: number
  readonly namespace: string
  readonly leaseMs: number
  readonly ledger: string
  /** Called with each acknowledgement of a caller. */
  acknowledged(): void
}

/** One program that may die at any moment, and another one in its place. */
export class Player {
  readonly #stage: Stage
  readonly #file: string
  readonly #words: () => readonly string[]
  readonly cable: Cable
  #child: ChildProcess | undefined
  /** Something is done to it; nothing else is meanwhile. */
  busy = false

  private constructor(stage: Stage, file: string, words: () => readonly string[], cable: Cable) {
    this.#stage = stage
    this.#file = file
    this.#words = words
    this.cable = cable
  }

  /** `words` are the program's own arguments, asked for at each start. */
  static async start(stage: Stage, file: string, words: () => readonly string[]): Promise<Player> {
    const player = new Player(stage, file, words, await Cable.to(stage.serverPort))
    await player.begin()
    return player
  }

  async begin(): Promise<void> {
    const { namespace, leaseMs, ledger, acknowledged } = this.#stage
    const path = fileURLToPath(new URL(this.#file, import.meta.url))
    const child = fork(path, [this.cable.url, namespace, String(leaseMs), ...this.#words()], {
      env: { ...process.env, [ledgerVariable]: ledger },
    })
    this.#child = child
    await new Promise<void>((resolve, reject) => {
      child.once('exit', code => reject(new Error(`${this.#file} ended with ${code} before it was up`)))
      child.on('message', message => {
        if (message === 'up') resolve()
        else acknowledged()
      })
    })
  }

  async kill(): Promise<void> {
    const child = this.#child as ChildProcess
    const gone = exitOf(child)
    child.kill('SIGKILL')
    await gone
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Asks it to end in its own way; the code that it ended with, or undefined if it hung. */
  async end(withinMs: number): Promise<number | undefined> {
    const child = this.#child as ChildProcess
    const gone = exitOf(child)
    if (child.connected) child.send('end', () => {})
    if (this.#file.includes('worker')) child.kill('SIGTERM')
    const late = new AbortController()
    const code = await Promise.race([gone, after(withinMs, late.signal)])
    late.abort()
    if (code === undefined) await this.kill()
    await this.cable.close()
    return code
  }
}

function exitOf(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode ?? -1)
  return new Promise(resolve => child.once('exit', code => resolve(code ?? -1)))
}

function after(ms: number, signal: AbortSignal): Promise<undefined> {
  return new Promise(resolve => {
    const timer = setTimeout(() => resolve(undefined), ms)
    signal.addEventListener('abort', () => clearTimeout(timer))
  })
}
