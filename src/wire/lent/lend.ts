/** Lends the ends of a channel to calls on other threads; README.md tells how the two sides work together. */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { Channel } from '../../channel/channel.ts'
import { ReceiverEnd, SenderEnd } from '../../channel/ends.ts'
import { type PackCrossing, shareable, sharedClassOf } from '../../declared/shareable.ts'
import { DeclarationError } from '../../errors.ts'
import { CarryIn } from './carry-in.ts'
import { CarryOut } from './carry-out.ts'
import { FarSender } from './far-sender.ts'

/** What a call has on loan; `end` gives it back. */
export interface Loan {
  end(): void
}

/** The most items that may be on their way, whatever the channel's capacity. */
const widestWindow = 1_024
const crossing = { sharedMemory: true, maxPayloadBytes: Number.POSITIVE_INFINITY }

interface WireEnd {
  readonly port: MessagePort
  readonly name: string
  readonly capacity: number
  readonly window: number
  /** Of a receiver: the word that counts what was taken. */
  readonly taken: Int32Array
}

let borrower: Loan[] | undefined

/** Notes in `loans` the ends that arrive while `body` runs. Ends that arrive otherwise are refused: nobody would give them back. */
export function borrowing<T>(loans: Loan[], body: () => T): T {
  const before = borrower
  borrower = loans
  try {
    return body()
  } finally {
    borrower = before
  }
}

/** Lets the ends of channels cross; each side calls it before its first message. More than once is as good as once. */
export function declareEnds(): void {
  if (sharedClassOf(SenderEnd.prototype) !== undefined) return
  shareable(import.meta, SenderEnd<unknown>, {
    pack: (end: SenderEnd<unknown>, to) => {
      const { near, wire, channel } = openFor(SenderEnd.channelOf(end), to)
      void new CarryIn(channel, near, wire.window, crossing)
      return wire
    },
    unpack: ({ port, name, capacity, window }: WireEnd) => {
      const loans = borrowerOf(port)
      const far = new FarSender<unknown>(name, capacity, window, port, crossing)
      loans.push(far)
      return new SenderEnd(far)
    },
  })
  shareable(import.meta, ReceiverEnd<unknown>, {
    pack: (end: ReceiverEnd<unknown>, to) => {
      const { near, wire, channel } = openFor(ReceiverEnd.channelOf(end), to)
      void new CarryOut(channel, near, wire.taken, crossing)
      return wire
    },
    unpack: ({ port, name, window, taken }: WireEnd) => {
      const loans = borrowerOf(port)
      const here = new Channel<unknown>(0, { name })
      borrowed.add(here)
      loans.push(new CarryIn(here, port, window, crossing, taken))
      return new ReceiverEnd<unknown>(here)
    },
  })
}

/** The near sides of ends that are on loan here. */
const borrowed = new WeakSet<object>()

function openFor(
  channel: object,
  to: PackCrossing,
): { readonly near: MessagePort; readonly wire: WireEnd; readonly channel: Channel<unknown> } {
  if (!to.sharedMemory)
    throw new DeclarationError(
      "a channel's end can go to a thread, not to another process. Use threads(), or stream() what the task makes.",
    )
  if (!(channel instanceof Channel) || borrowed.has(channel))
    throw new DeclarationError(
      'this end was lent to the call that runs here, and can neither be returned nor lent on. Pass the end from where its channel is.',
    )
  const { port1: near, port2: port } = new MessageChannel()
  to.transfer(port)
  const { name, capacity } = channel as Channel<unknown>
  const window = Math.min(widestWindow, Math.max(1, capacity))
  const taken = new Int32Array(new SharedArrayBuffer(4))
  return { near, wire: { port, name, capacity, window, taken }, channel: channel as Channel<unknown> }
}

function borrowerOf(port: MessagePort): Loan[] {
  if (borrower !== undefined) return borrower
  port.close()
  throw new DeclarationError(
    "a channel's end can be an argument of a task, not a result: make the channel where it is called, and pass its ends",
  )
}
