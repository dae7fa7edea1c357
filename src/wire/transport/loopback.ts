/**
 * A connection whose two ends are in one thread: for tests that play both sides under one schedule.
 *
 *     postMessage ─▶ copy ─▶ inbox of the other end ─▶ travel: sooner or later, in order ─▶ its hearer
 *                                  └─ receive(): ahead of that, by whoever reads to the end
 *
 * Messages are copied as the platform copies them, and are heard in the asynchronous context and on
 * the runtime of the end that hears them: nothing of the sender's call, or of its thread, goes
 * along.
 */
import { inRuntime, type Runtime, runtime } from '../../runtime/runtime.ts'
import type { Port } from './port.ts'
import type { Transfer } from './transport.ts'

const { AsyncResource } = process.getBuiltinModule('node:async_hooks')

/** How messages travel, and who sees them pass. */
export interface Lane {
  /** Calls `arrive` once, later: the oldest message that is under way arrives then. */
  travel(arrive: () => void): void
  /** A message lies in the other end's inbox now. */
  sent?(message: unknown): void
  /** It is heard next, unless the end that would hear it is cut now; and it was heard. */
  arrives?(message: unknown): void
  arrived?(message: unknown): void
}

/** The two ends; `toNear` and `toFar` are the lanes on which they are reached. */
export function loopback(
  toNear: Lane,
  toFar: Lane,
): { readonly near: LoopbackPort; readonly far: LoopbackPort } {
  const near = new LoopbackPort(toNear)
  const far = new LoopbackPort(toFar)
  near.join(far)
  return { near, far }
}

type Hearer = (message: unknown) => void

export class LoopbackPort implements Port {
  readonly #lane: Lane
  readonly #inbox: unknown[] = []
  #other: LoopbackPort | undefined
  #context: InstanceType<typeof AsyncResource> | undefined
  #runtime: Runtime | undefined
  #heard: Hearer | undefined
  #closeHeard: (() => void) | undefined
  #state: 'open' | 'closed' | 'cut' = 'open'
  /** Messages that have arrived before anybody heard them. */
  #unheard = 0
  #held = true

  constructor(lane: Lane) {
    this.#lane = lane
  }

  join(other: LoopbackPort): void {
    this.#other = other
    if (other.#other === undefined) other.join(this)
  }

  /** Whether the program is kept alive for it. */
  get held(): boolean {
    return this.#held
  }

  /** Whether all messages were read. */
  get isRead(): boolean {
    return this.#inbox.length === 0
  }

  /** The first listener decides in which context all messages are heard. */
  on(event: 'message', heard: Hearer): void
  on(event: 'messageerror', heard: (error: Error) => void): void
  on(event: 'close', heard: () => void): void
  on(event: 'message' | 'messageerror' | 'close', heard: Hearer | (() => void)): void {
    if (event === 'messageerror') return // What was copied can be read.
    this.#context ??= new AsyncResource('atonce.loopback')
    this.#runtime ??= runtime()
    if (event === 'close') {
      this.#closeHeard = heard as () => void
      return
    }
    this.#heard = heard as Hearer
    for (; this.#unheard > 0; this.#unheard -= 1) this.#lane.travel(() => this.#arrive())
  }

  /** @throws DataCloneError, as the platform does; nothing was sent then */
  postMessage(message: unknown, transfer: Transfer = []): void {
    const copy: unknown = structuredClone(message, { transfer: [...transfer] })
    const other = this.#other
    if (this.#state === 'open' && other !== undefined) other.#take(copy)
  }

  receive(): { readonly message: unknown } | undefined {
    return this.#inbox.length === 0 ? undefined : { message: this.#inbox.shift() }
  }

  ref(): void {
    this.#held = true
  }

  unref(): void {
    this.#held = false
  }

  /**
   * The other end hears of it after what was sent before; what comes from there is not heard any
   * more.
   */
  close(): void {
    if (this.#state !== 'open') return
    this.#state = 'closed'
    this.finish()
  }

  /** Sends nothing more, and hears what still comes: half of `close`, as a socket has it. */
  finish(): void {
    const other = this.#other
    if (other !== undefined) other.#lane.travel(() => other.#otherClosed())
  }

  /** The owner of this end is gone: it sends and hears nothing more. */
  cut(): void {
    this.#state = 'cut'
  }

  #take(message: unknown): void {
    if (this.#state === 'closed') return
    this.#inbox.push(message)
    this.#lane.sent?.(message)
    this.#lane.travel(() => this.#arrive())
  }

  #arrive(): void {
    if (this.#heard === undefined) this.#unheard += 1
    else if (this.#state === 'open' && this.#inbox.length > 0) {
      this.#lane.arrives?.(this.#inbox[0])
      if ((this.#state as string) !== 'open' || this.#inbox.length === 0) return
      const message = this.#inbox.shift()
      this.#in(() => this.#heard?.(message))
      this.#lane.arrived?.(message)
    }
  }

  /** What was sent before arrives first: each arrival takes the oldest. */
  #otherClosed(): void {
    if (this.#state !== 'open') return
    if (this.#inbox.length > 0) return this.#lane.travel(() => this.#otherClosed())
    this.#state = 'closed'
    this.#in(() => this.#closeHeard?.())
  }

  #in(body: () => void): void {
    this.#context?.runInAsyncScope(() => inRuntime(this.#runtime as Runtime, body))
  }
}
