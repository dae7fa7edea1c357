/**
 * Lends the ends of a channel to calls on other threads and in other processes; README.md tells how
 * the two sides work together.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { Channel } from '../../channel/channel.ts'
import { ReceiverEnd, SenderEnd } from '../../channel/ends.ts'
import { sharedClassOf, shareOwn } from '../../declared/shareable.ts'
import { DeclarationError } from '../../errors.ts'
import type { Decoding } from '../encoding.ts'
import type { Loan } from './borrower.ts'
import { CarryIn } from './carry-in.ts'
import { CarryOut } from './carry-out.ts'
import { FarReceiver } from './far-receiver.ts'
import { FarSender } from './far-sender.ts'
import type { LendCrossing, Link } from './link.ts'
import { type LinkWords, newLinkWords } from './link-words.ts'
import { PortLink } from './port-link.ts'

/** The most items that may be on their way, whatever the channel's capacity. */
const widestWindow = 1_024

/** An end on its way: with a port and words of shared memory, or with the number of its link. */
interface WireEnd {
  readonly name: string
  readonly capacity: number
  readonly window: number
  readonly way: { readonly port: MessagePort; readonly words: LinkWords } | { readonly link: number }
}

/**
 * Lets the ends of channels cross; each side calls it before its first message. More than once is
 * as good as once.
 */
export function declareEnds(): void {
  if (sharedClassOf(SenderEnd.prototype) !== undefined) return
  shareOwn('SenderEnd', SenderEnd<unknown>, {
    pack: (end: SenderEnd<unknown>, to) =>
      lend(SenderEnd.channelOf(end), to as LendCrossing, (channel, link, window) => {
        void new CarryIn(channel, link, window, { borrowed: false })
      }),
    unpack: ({ way, name, capacity, window }: WireEnd, message) => {
      const { link, loans } = borrowedLink(way, window, message as Decoding)
      const far = new FarSender<unknown>(name, capacity, window, link)
      loans.push(far)
      return new SenderEnd(far)
    },
  })
  shareOwn('ReceiverEnd', ReceiverEnd<unknown>, {
    pack: (end: ReceiverEnd<unknown>, to) =>
      lend(ReceiverEnd.channelOf(end), to as LendCrossing, (channel, link, window) => {
        void new CarryOut(channel, link, window)
      }),
    unpack: ({ way, name, window }: WireEnd, message) => {
      const { link, loans } = borrowedLink(way, window, message as Decoding)
      const far = new FarReceiver<unknown>(name, window, link)
      loans.push(far)
      return new ReceiverEnd<unknown>(far)
    },
  })
}

/**
 * A job is readied before it is known which worker gets it; so a number is used once in this
 * process.
 */
let lastLink = 0

/** Makes what travels of an end; `begin` is called with the owner's side of its link. */
function lend(
  of: object,
  to: LendCrossing,
  begin: (channel: Channel<unknown>, link: Link, window: number) => void,
): WireEnd {
  if (!(of instanceof Channel) || of instanceof FarReceiver)
    throw new DeclarationError(
      'this end was lent to the call that runs here, and can neither be returned nor lent on. Pass the end from where its channel is',
    )
  const channel = of as Channel<unknown>
  const { name, capacity } = channel
  const window = Math.min(widestWindow, Math.max(1, capacity))
  return { name, capacity, window, way: wayTo(to, window, link => begin(channel, link, window)) }
}

function wayTo(to: LendCrossing, window: number, begin: (link: Link) => void): WireEnd['way'] {
  if (to.crossing.lends === false)
    throw new DeclarationError(
      "a channel's end can be an argument of a task, but no item of a channel and no part of an error: pass it beside",
    )
  if (to.crossing.lends === 'looking') {
    to.lend?.({ over() {} })
    return { link: 0 }
  }
  if (to.sharedMemory) {
    const { port1: near, port2: port } = new MessageChannel()
    to.transfer(port)
    const words = newLinkWords()
    const link = new PortLink(near, words, 'owner', window)
    begin(link)
    to.lend?.({ over: () => link.over() })
    return { port, words }
  }
  if (to.lend === undefined)
    throw new DeclarationError(
      "between processes a channel's end can only be an argument of a call from outside: it can't be returned or kept in a propagated storage, and a worker process lends none of its own",
    )
  lastLink = (lastLink + 1) | 0 // As it is written beside counts, in four bytes.
  to.lend({ number: lastLink, begin })
  return { link: lastLink }
}

/**
 * Ends that come in anything but the arguments of a call are refused: nobody would give them back.
 */
function borrowedLink(
  way: WireEnd['way'],
  window: number,
  { borrower }: Decoding,
): { readonly link: Link; readonly loans: Loan[] } {
  if (borrower === undefined) {
    if ('port' in way) way.port.close()
    throw new DeclarationError(
      "a channel's end can be an argument of a task, not a result: make the channel where it is called, and pass its ends",
    )
  }
  const { loans, links } = borrower
  if ('port' in way) return { link: new PortLink(way.port, way.words, 'far', window), loans }
  if (links === undefined)
    throw new DeclarationError('an end came by a number, where there is no connection for it.')
  return { link: links.link(way.link), loans }
}
