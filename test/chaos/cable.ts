/** A way to a server on the loopback that can be cut, slowed down and blocked, as a network can. */
import { type AddressInfo, createServer, type Server, type Socket, connect as socketTo } from 'node:net'

/** One connection: what comes from one end goes to the other, in order. */
class Pair {
  readonly near: Socket
  readonly far: Socket

  constructor(near: Socket, far: Socket) {
    this.near = near
    this.far = far
  }

  cut(): void {
    this.near.destroy()
    this.far.destroy()
  }
}

/** One direction of a connection: pieces may be slow, and keep their order all the same. */
class Way {
  readonly #to: Socket
  readonly #delayMs: () => number
  readonly #pieces: Buffer[] = []

  constructor(to: Socket, delayMs: () => number) {
    this.#to = to
    this.#delayMs = delayMs
  }

  readonly take = (piece: Buffer): void => {
    this.#pieces.push(piece)
    const delayMs = this.#delayMs()
    if (delayMs > 0) setTimeout(this.#write, delayMs)
    else if (this.#pieces.length === 1) this.#write()
    else setTimeout(this.#write, 0) // Behind slower ones.
  }

  /** One piece for each timer: whose turn it is, the order tells. */
  readonly #write = (): void => {
    const piece = this.#pieces.shift()
    if (piece !== undefined && !this.#to.destroyed) this.#to.write(piece)
  }
}

export class Cable {
  readonly #server: Server
  readonly #targetPort: number
  readonly #pairs = new Set<Pair>()
  #delayMs = 0
  #blocked = false

  private constructor(targetPort: number) {
    this.#targetPort = targetPort
    this.#server = createServer(near => this.#join(near))
  }

  static async to(targetPort: number): Promise<Cable> {
    const cable = new Cable(targetPort)
    await new Promise<void>(resolve => cable.#server.listen(0, '127.0.0.1', resolve))
    return cable
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Ends every connection at once, whatever is on its way. */
  cut(): void {
    for (const pair of this.#pairs) pair.cut()
  }

  /** From now on each piece arrives so much later. */
  delay(ms: number): void {
    this.#delayMs = ms
  }

  /** Nothing gets through, and neither side is told: as when a cable is out. */
  block(): void {
    this.#blocked = true
    for (const { near, far } of this.#pairs) {
      near.pause()
      far.pause()
    }
  }

  unblock(): void {
    this.#blocked = false
    for (const { near, far } of this.#pairs) {
      near.resume()
      far.resume()
    }
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #join(near: Socket): void {
    const far = socketTo(this.#targetPort, '127.0.0.1')
    const pair = new Pair(near, far)
    this.#pairs.add(pair)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      const way = new Way(to, () => this.#delayMs)
      from.setNoDelay(true)
      from.on('data', way.take)
      from.on('error', () => {})
      from.on('close', () => {
        pair.cut()
        this.#pairs.delete(pair)
      })
    }
    if (this.#blocked) this.block()
  }
}
