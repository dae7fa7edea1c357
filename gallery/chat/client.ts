/** A client of the chat room, and what it has heard. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { linesOf } from './lines.ts'

/** What a client has heard, in short. */
export interface Heard {
  readonly lines: number
  /** How many of them were different. */
  readonly different: number
  /** Of the lines in their order: equal for clients that heard the same. */
  readonly transcript: string
}

export class Client {
  readonly #socket: Socket
  readonly #heard: string[] = []
  #here = 0
  #wanted: { readonly isThere: () => boolean; readonly resolve: () => void } | undefined
  #gone: Error | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    void this.#listen()
  }

  /**
   * Enters the room on that port. The signal ends the connection, and with it whatever waits for
   * it.
   */
  static async enter(port: number, name: string, signal?: AbortSignal): Promise<Client> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...(signal && { signal }) })
    await once(socket, 'connect')
    socket.write(`${name}\n`)
    return new Client(socket)
  }

  say(line: string): void {
    this.#socket.write(`${line}\n`)
  }

  /** Waits until so many clients are in the room. Rejects if the connection ends first. */
  untilHere(clients: number): Promise<void> {
    return this.#until(() => this.#here >= clients)
  }

  /** Waits until so many lines were heard. Rejects if the connection ends first. */
  untilHeard(lines: number): Promise<void> {
    return this.#until(() => this.#heard.length >= lines)
  }

  leave(): void {
    this.#socket.destroy()
  }

  get heard(): Heard {
    const transcript = createHash('sha256').update(this.#heard.join('\n')).digest('hex').slice(0, 16)
    return { lines: this.#heard.length, different: new Set(this.#heard).size, transcript }
  }

  async #listen(): Promise<void> {
    try {
      for await (const lines of linesOf(this.#socket)) {
        for (const line of lines) {
          if (line.startsWith('* ')) this.#here = Number.parseInt(line.slice(2), 10)
          else this.#heard.push(line)
        }
        this.#check()
      }
      this.#gone = new Error('The chat room has ended the connection.')
    } catch (error) {
      this.#gone = error as Error
    }
    this.#check()
  }

  async #until(isThere: () => boolean): Promise<void> {
    if (!isThere()) {
      await new Promise<void>(resolve => {
        this.#wanted = { isThere, resolve }
        this.#check()
      })
    }
    if (!isThere()) throw this.#gone
  }

  #check(): void {
    if (this.#wanted === undefined || !(this.#gone !== undefined || this.#wanted.isThere())) return
    this.#wanted.resolve()
    this.#wanted = undefined
  }
}
