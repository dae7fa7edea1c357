/**
 * While races are looked for, each message carries the clock of its thread: what was done before it
 * was sent happens before what is done after it is received (`src/runtime/races/`). Otherwise ports
 * are used as they are.
 */
import { clockToSend, hearClock, racesWanted } from '../../runtime/races/wanted.ts'
import { hear, type Port, receiveOn } from './port.ts'
import type { Transfer } from './transport.ts'

const tag = 'clock'

type Clocked = readonly [tag: typeof tag, clock: Int32Array, message: unknown]

/** The port, whose messages carry clocks if races are looked for; both ends are told the same. */
export function clocked(port: Port): Port {
  return racesWanted() ? new ClockedPort(port) : port
}

class ClockedPort implements Port {
  readonly #port: Port

  constructor(port: Port) {
    this.#port = port
  }

  postMessage(message: unknown, transfer?: Transfer): void {
    this.#port.postMessage([tag, clockToSend(), message] satisfies Clocked, transfer)
  }

  on(event: 'message', heard: (message: unknown) => void): unknown
  on(event: 'messageerror', heard: (error: Error) => void): unknown
  on(event: 'close', heard: () => void): unknown
  on(event: string, heard: (said: never) => void): unknown {
    if (event !== 'message') return hear(this.#port, event as 'close', heard as () => void)
    return hear(this.#port, event, message => heard(withoutClock(message) as never))
  }

  receive(): { readonly message: unknown } | undefined {
    const next = receiveOn(this.#port)
    return next === undefined ? undefined : { message: withoutClock(next.message) }
  }

  ref(): void {
    this.#port.ref()
  }

  unref(): void {
    this.#port.unref()
  }

  close(): void {
    this.#port.close()
  }
}

function withoutClock(message: unknown): unknown {
  if (!(Array.isArray(message) && message[0] === tag)) return message
  const [, clock, plain] = message as unknown as Clocked
  hearClock(clock)
  return plain
}
