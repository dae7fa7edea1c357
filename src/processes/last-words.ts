/**
 * Passes a worker's stderr on, and keeps its last bytes: often they are the only trace of why a
 * process died.
 */
import type { Socket } from 'node:net'

const keptBytes = 4_096

export class LastWords {
  readonly #stderr: Socket
  #kept: Buffer = Buffer.alloc(0)
  #ended = false

  /** Passes each part on, and calls `ended` when stderr was closed. */
  constructor(stderr: Socket, passOn: (part: Buffer) => void, ended: () => void) {
    this.#stderr = stderr
    stderr.on('data', (part: Buffer) => {
      passOn(part)
      this.#kept = Buffer.concat([this.#kept, part]).subarray(-keptBytes)
    })
    stderr.on('error', () => {})
    stderr.once('close', () => {
      this.#ended = true
      ended()
    })
    stderr.unref()
  }

  get ended(): boolean {
    return this.#ended
  }

  get text(): string {
    return this.#kept.toString('utf8').trim()
  }

  /** Waits no longer. */
  close(): void {
    this.#ended = true
    this.#stderr.destroy()
  }
}
