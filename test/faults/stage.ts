/** What a row can see and do while it is played. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ArenaLine } from './observation.ts'
import type { Pool, WorkerModel } from './subject.ts'

/** What a row waits for never comes, so its fault can't be brought about. */
export class NeverBegun extends Error {
  constructor(withinMs: number) {
    super(`what the row waits for did not happen within ${withinMs} ms`)
  }
}

export class Stage {
  readonly model: WorkerModel
  /** A directory of this case alone. */
  readonly directory: string
  /** Tasks that are given this path write their process id there when they begin. */
  readonly marker: string
  /** For rows that abort: the signal goes with the calls. */
  readonly abort: AbortController = new AbortController()
  /** Set once the row has begun to close the pool. */
  closing: { readonly promise: Promise<void>; readonly startedAt: number } | undefined
  readonly #limitMs: number
  readonly #say: (line: ArenaLine) => void
  #pool: Pool | undefined

  constructor(options: {
    model: WorkerModel
    directory: string
    limitMs: number
    say: (line: ArenaLine) => void
  }) {
    this.model = options.model
    this.directory = options.directory
    this.marker = join(options.directory, 'begun')
    this.#limitMs = options.limitMs
    this.#say = options.say
  }

  get pool(): Pool {
    if (this.#pool === undefined) throw new Error('The pool has not started yet.')
    return this.#pool
  }

  set pool(pool: Pool) {
    this.#pool = pool
  }

  /**
   * Begins to close the pool now; the row's close() then waits for this one, and its time counts
   * from here.
   */
  closeNow(graceMs: number): void {
    this.closing = { promise: this.pool.close(graceMs), startedAt: performance.now() }
    this.closing.promise.catch(() => {})
  }

  /**
   * Waits until the task that was given `marker` has begun; gives its process id.
   * @throws NeverBegun
   */
  async begun(marker: string = this.marker): Promise<number> {
    let text = ''
    await this.#until(() => {
      text = existsSync(marker) ? readFileSync(marker, 'utf8') : ''
      return text.endsWith('\n')
    })
    return Number(text)
  }

  /**
   * Waits until the pool has noticed that a worker failed; a pool that does not tell gets a third
   * of a second.
   */
  async noticed(): Promise<void> {
    const { pool } = this
    if (pool.crashes === undefined) await pause(300)
    else await this.#until(() => (pool.crashes?.() ?? 0) > 0)
  }

  /** Lets wall time pass, where time itself is the fault. */
  pause(ms: number): Promise<void> {
    return pause(ms)
  }

  /** Writes a module of tasks and gives its URL. */
  write(name: string, source: string): string {
    const path = join(this.directory, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, source)
    return pathToFileURL(path).href
  }

  /** Removes a file that `write` wrote. */
  remove(url: string): void {
    rmSync(new URL(url))
  }

  /** Sends a signal to this program from outside, or to it and all its workers. */
  signal(signal: NodeJS.Signals, to: 'main' | 'all' = 'main'): void {
    this.#say({ line: 'signal', signal, to })
  }

  /** Stops this program and its workers from outside, and lets them go on after `ms`. */
  async suspend(ms: number): Promise<void> {
    this.#say({ line: 'suspend', ms })
    // While all is stopped no timer fires, so this one ends after the others have gone on.
    await pause(ms + 200)
  }

  /** Stops and continues one worker process. */
  async suspendWorker(pid: number, ms: number): Promise<void> {
    process.kill(pid, 'SIGSTOP')
    await pause(ms)
    process.kill(pid, 'SIGCONT')
  }

  async #until(holds: () => boolean): Promise<void> {
    const giveUpAt = performance.now() + this.#limitMs
    while (!holds()) {
      if (performance.now() > giveUpAt) throw new NeverBegun(this.#limitMs)
      await pause(5)
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
