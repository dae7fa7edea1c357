/**
 * A transport between two threads: a MessagePort, and beside it a ring on shared memory for each
 * direction.
 *
 *     caller (port-caller.ts)                                            worker (port-worker.ts)
 *     small and plain ─▶ record in the ring ────────────────────────────┐
 *     other calls     ─▶ message on the port, and a marker in the ring, ┴▶ reads the ring in order, and takes a
 *                        so that calls keep their order                     marked call from the port
 *     the worker sleeps, and has read the ring
 *                     ─▶ a call's message is all there is: it wakes the worker
 *     shared memory   ─▶ its number in a record; posted with it when it goes with a call for the second time (memories.ts)
 *     anything else   ─▶ message on the port
 *     the reader sleeps ─▶ the bell: an empty message on the port
 *     the worker is to end ─▶ the farewell: it is heard until it has ended
 *
 * A record can be seen by the other side as soon as it is written, whatever this thread does next.
 * That is what makes it safe to have several calls in one worker's hands: what it has answered
 * before it died or froze is never lost.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { type RingMemory, ringMemory } from './ring.ts'
import type { Transfer } from './transport.ts'

/** The memory that both sides of a connection share. */
export interface SharedRings {
  readonly toWorker: RingMemory
  readonly fromWorker: RingMemory
}

/** How much a ring holds. */
export const ringBytes = 65_536
/**
 * After so many records the loop gets its turn, so that a busy worker does not starve this thread's
 * timers.
 */
export const recordsPerTurn = 2_048
/** Wakes the other side. */
export const bell = 0
/** Asks the worker to end. */
export const farewell = 1

export function sharedRings(): SharedRings {
  return { toWorker: ringMemory(ringBytes), fromWorker: ringMemory(ringBytes) }
}

/** What is needed of a MessagePort; one end of a loopback (loopback.ts) has it too. */
export interface Port {
  postMessage(message: unknown, transfer?: Transfer): void
  on(event: 'message', heard: (message: unknown) => void): unknown
  on(event: 'messageerror', heard: (error: Error) => void): unknown
  on(event: 'close', heard: () => void): unknown
  ref(): void
  unref(): void
  close(): void
  /** Takes the next message out, ahead of its event; only of a port that is not the platform's. */
  receive?(): { readonly message: unknown } | undefined
}

const everyTime = { once: false, capture: false, passive: false }

/**
 * Hears an event of a port each time it comes. `on` of the platform's ports takes a listener's
 * options from `Object.prototype`: a `once` that somebody has put there would end the connection
 * after its first message. `addEventListener` takes them from us, but makes an event of each.
 */
export function hear(port: Port, event: 'message', heard: (message: unknown) => void): void
export function hear(port: Port, event: 'messageerror', heard: (error: Error) => void): void
export function hear(port: Port, event: 'close', heard: () => void): void
export function hear(port: Port, event: string, heard: (said: never) => void): void {
  const isPolluted = Object.keys(everyTime).some(name => name in Object.prototype)
  if (isPolluted && port instanceof EventTarget)
    (port as EventTarget).addEventListener(
      event,
      said => heard((said as MessageEvent).data as never),
      everyTime,
    )
  else port.on(event as 'message', heard as (message: unknown) => void)
}

/** Takes the next message out, ahead of its event. */
export function receiveOn(port: Port): { readonly message: unknown } | undefined {
  return port.receive === undefined ? receiveMessageOnPort(port as MessagePort) : port.receive()
}
