/**
 * A chat room on one event loop: what anybody says, everybody hears, all in the same order.
 *
 *     client ── its name, one line ─▶ room ── `* 3 here` to everybody
 *     client ── a line ─────────────▶ room ── `name: line` to everybody, the speaker too
 *
 * The loop takes one line at a time and writes it to every connection before it takes the next:
 * that alone makes the order the same for all. There is no lock, for there is nothing to lock.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { linesOf } from './lines.ts'

// A client that does not read is sent away before what waits for it fills the memory.
const mostWaitingBytes = 16 * 2 ** 20

export class Room implements AsyncDisposable {
  readonly port: number
  readonly #server: ReturnType<typeof createServer>
  readonly #clients: Set<Socket>

  private constructor(server: ReturnType<typeof createServer>, clients: Set<Socket>) {
    this.#server = server
    this.#clients = clients
    this.port = (server.address() as AddressInfo).port
  }

  /** Opens a room on a free port of 127.0.0.1. */
  static async open(): Promise<Room> {
    const clients = new Set<Socket>()
    const server = createServer({ noDelay: true }, client => void welcome(client, clients))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Room(server, clients)
  }

  get clients(): number {
    return this.#clients.size
  }

  /** Ends all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.destroy()
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }
}

/** Follows one connection to its end, whichever way it ends. */
async function welcome(client: Socket, clients: Set<Socket>): Promise<void> {
  const tellAll = (line: string) => {
    for (const listener of clients) {
      listener.write(`${line}\n`)
      if (listener.writableLength > mostWaitingBytes) listener.destroy()
    }
  }
  client.on('close', () => {
    if (clients.delete(client)) tellAll(`* ${clients.size} here`)
  })
  let name: string | undefined
  try {
    for await (const lines of linesOf(client)) {
      for (const line of lines) {
        if (name === undefined) {
          name = line
          clients.add(client)
          tellAll(`* ${clients.size} here`)
        } else {
          tellAll(`${name}: ${line}`)
        }
      }
    }
  } catch {
    // The connection broke: its client is gone, and nobody else has to know why.
  }
}
