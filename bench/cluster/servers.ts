/**
 * The servers of a measurement, on the loopback, each with a store of its own that is removed at
 * its end.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export class RedisServer implements AsyncDisposable {
  readonly port: number
  readonly #child: ChildProcess
  readonly #folder: string

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port
    this.#child = child
    this.#folder = folder
  }

  /**
   * `fsync` as of `appendfsync`: a file that is appended to, flushed every second or with each
   * command.
   */
  static async start(port: number, fsync: 'everysec' | 'always'): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), 'atonce-redis-'))
    const child = spawn(
      'redis-server',
      ['--port', `${port}`, '--dir', folder, '--save', '', '--appendonly', 'yes', '--appendfsync', fsync],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    for await (const text of child.stdout as AsyncIterable<Buffer>)
      if (String(text).includes('Ready to accept connections')) break
    return new RedisServer(port, child, folder)
  }

  get pid(): number {
    return this.#child.pid as number
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** A worker's program, once it is up; killed at the end. */
export class WorkerProgram implements AsyncDisposable {
  readonly child: ChildProcess

  private constructor(child: ChildProcess) {
    this.child = child
  }

  static async start(file: string, ...words: readonly string[]): Promise<WorkerProgram> {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), words)
    await once(child, 'message')
    return new WorkerProgram(child)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await gone
  }
}
