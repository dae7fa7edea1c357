/**
 * What a server that was killed leaves in a work queue, and how it is cleared away. Why none of it
 * loses a task: ../README.md.
 *
 *     given, and in the stream ─▶ settled?  ─▶ acknowledged once more: it leaves the stream
 *                                 nothing is pending at the consumer ─▶ submitted again
 *     pending, and not in the stream        ─▶ acknowledged once more: it leaves the consumer
 *
 * An acknowledgement removes the message whose number it names, whatever the consumer thinks of it.
 * So nothing else is acknowledged here than what is settled, and what is not in the stream.
 */
import { runtime, type Timer } from '../../runtime/runtime.ts'
import { labelOf } from './frames.ts'
import { Denied, encodedHeaders, type Requests } from './requests.ts'
import type { ConsumerInfo, StoredMessage, Streams } from './streams.ts'

/** A part of a queue, with the consumer that gives its messages. */
export interface SweptLane {
  readonly consumer: string
  /** What the subjects of its messages begin with, and no others. */
  readonly prefix: string
}

export interface SweepParts {
  readonly requests: Requests
  readonly streams: Streams
  readonly stream: string
  readonly lanes: readonly SweptLane[]
  readonly leaseMs: number
  /** Whether the task of that message never runs again. */
  isOver(message: StoredMessage): Promise<boolean>
  /** Whether it may be given once more, though it may have run. */
  mayRunAgain(message: StoredMessage): Promise<boolean>
}

/** A server that has just begun looks through its own state in this time. */
const settlingMs = 1_500
const longestPauseMs = 300_000
/** The most messages that are looked at in one sweep; the next one goes on there. */
const mostLooked = 5_000
/** So many numbers before the last one given are searched for ghosts. */
const mostGone = 20_000
const acksAtOnce = 256

/** What a sweep has done. */
export interface Swept {
  readonly ghosts: number
  readonly settled: number
  readonly again: number
  /** Whether another one is to come soon. */
  readonly unfinished: boolean
}

/** What is known from one sweep to the next. */
export class SweepState {
  /** Where to go on. */
  from = 1
  /** Everything was looked at since the server may have begun anew. */
  isWhole = false
  /** Given, in the stream, and not pending, as the last sweep saw it. */
  lost: ReadonlySet<number> = new Set()
}

/** Sweeps after each restart of the server, and from time to time; none of it may fail anybody. */
export class Sweeper {
  readonly #parts: SweepParts
  readonly #state = new SweepState()
  #timer: Timer | undefined
  #pauseMs: number
  /** A restart has not been swept after yet. */
  #isSoon = false
  #isSweeping = false
  /** Ghosts are to be looked for, even if the numbers give no reason to. */
  #ghostly = false
  #stopped = false

  constructor(parts: SweepParts) {
    this.#parts = parts
    this.#pauseMs = parts.leaseMs
  }

  /** The server may have begun anew just now. */
  soon(): void {
    this.#isSoon = true
    this.#state.isWhole = false
    this.#pauseMs = this.#parts.leaseMs
    this.#again()
  }

  /** The server has not answered for what it has: that may be a ghost. */
  suspect(): void {
    if (this.#ghostly) return
    this.#ghostly = true
    this.#pauseMs = this.#parts.leaseMs
    this.#again()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  #again(): void {
    if (this.#stopped || this.#isSweeping) return
    this.#timer?.cancel()
    // Not all nodes at once: whoever is first does it for all.
    const ms = this.#isSoon
      ? settlingMs * (1 + runtime().random())
      : this.#pauseMs * (0.5 + runtime().random())
    this.#timer = runtime().setTimer(ms, () => void this.#sweep())
    this.#timer.unref()
  }

  async #sweep(): Promise<void> {
    const ghostly = this.#ghostly
    this.#isSoon = false
    this.#ghostly = false
    this.#isSweeping = true
    const unfinished = await sweep(this.#parts, this.#state, ghostly).then(
      swept => swept.unfinished,
      () => {
        this.#ghostly ||= ghostly // The server does not answer, or this user may not look.
        return false
      },
    )
    this.#isSweeping = false
    this.#pauseMs = unfinished
      ? this.#parts.leaseMs
      : Math.min(Math.max(longestPauseMs, this.#parts.leaseMs), 2 * this.#pauseMs)
    this.#again()
  }
}

/**
 * Looks at each lane once. With `ghostly`, ghosts are searched even where the consumer does not
 * count more messages than there are.
 * @throws Unanswered, Denied, EngineUnavailableError
 */
export async function sweep(parts: SweepParts, state: SweepState, ghostly: boolean): Promise<Swept> {
  let ghosts = 0
  let settled = 0
  let again = 0
  const lost = new Set<number>()
  const infoOf = ({ consumer }: SweptLane) => parts.streams.consumer(parts.stream, consumer)
  const lanes: [SweptLane, ConsumerInfo][] = []
  for (const lane of parts.lanes) lanes.push([lane, await infoOf(lane)])
  const { messages, next, isAll } = await given(parts, lanes, state.from)
  for (const [lane, before] of lanes) {
    const { left, over } = await sorted(parts, lane, messages)
    await acknowledge(parts, lane, over)
    settled += over.length
    let info = await infoOf(lane)
    const isCounted = isAll && isStill(before, info) && info.num_ack_pending > left.length
    if (info.num_ack_pending > 0 && (ghostly || isCounted)) {
      ghosts += await clearGhosts(parts, lane, info)
      info = await infoOf(lane)
    }
    if (info.num_ack_pending > 0) continue
    for (const message of left)
      if (!state.lost.has(message.seq)) lost.add(message.seq)
      else if (await submitAgain(parts, message)) {
        await acknowledge(parts, lane, [message.seq])
        again += 1
      }
  }
  state.lost = lost
  if (lost.size === 0) state.from = next // Otherwise the next sweep looks at the same ones.
  if (next === 1) state.isWhole = true
  const isDone = state.isWhole && ghosts + settled + again + lost.size === 0
  return { ghosts, settled, again, unfinished: !isDone }
}

/** The same bytes under the same id; the server takes two sweeps that do it for one. */
async function submitAgain(parts: SweepParts, message: StoredMessage): Promise<boolean> {
  if (!(await parts.mayRunAgain(message))) return false
  const { subject, seq } = message
  const lines = Buffer.from(message.headers, 'base64').toString().trimEnd().split('\r\n').slice(1)
  const headers = encodedHeaders(
    `Nats-Msg-Id: ${taskIn(message).id}.again.${seq}`,
    ...lines.filter(line => !line.startsWith('Nats-Msg-Id:')),
  )
  try {
    return 'seq' in (await parts.requests.write(subject, Buffer.from(message.data, 'base64'), headers))
  } catch (error) {
    if (error instanceof Denied) return false // A worker's user does not submit; another node may.
    throw error
  }
}

/**
 * What the stream has from that number on and the consumers had given; `next` is where to go on,
 * and `isAll` whether that was all.
 */
async function given(
  { streams, stream }: SweepParts,
  lanes: readonly [SweptLane, ConsumerInfo][],
  from: number,
): Promise<{ messages: StoredMessage[]; next: number; isAll: boolean }> {
  const last = Math.max(...lanes.map(([, { delivered }]) => delivered.stream_seq))
  const messages: StoredMessage[] = []
  let at = from
  for (let looked = 0; looked < mostLooked; looked += 1) {
    const message = at > last ? undefined : await streams.next(stream, at)
    if (message === undefined || message.seq > last) return { messages, next: 1, isAll: from === 1 }
    const { subject, seq } = message
    const lane = lanes.find(([{ prefix }]) => subject.startsWith(prefix))
    if (lane !== undefined && seq <= lane[1].delivered.stream_seq) messages.push(message)
    at = seq + 1
  }
  return { messages, next: at, isAll: false }
}

/** What of a lane is over, and what is not. */
async function sorted(
  { isOver }: SweepParts,
  { prefix }: SweptLane,
  messages: readonly StoredMessage[],
): Promise<{ left: StoredMessage[]; over: number[] }> {
  const left: StoredMessage[] = []
  const over: number[] = []
  for (const message of messages)
    if (!message.subject.startsWith(prefix)) continue
    else if (await isOver(message)) over.push(message.seq)
    else left.push(message)
  return { left, over }
}

/** Whether nothing was given or acknowledged between the two looks: then their counts compare. */
function isStill(before: ConsumerInfo, after: ConsumerInfo): boolean {
  const isSame = before.delivered.consumer_seq === after.delivered.consumer_seq
  return isSame && before.num_ack_pending === after.num_ack_pending
}

/** How many the consumer had for taken that are not in the stream. */
async function clearGhosts(parts: SweepParts, lane: SweptLane, before: ConsumerInfo): Promise<number> {
  const gone = await goneUpTo(parts, before.delivered.stream_seq)
  await acknowledge(parts, lane, gone)
  const after = await parts.streams.consumer(parts.stream, lane.consumer)
  return gone.length === 0 ? 0 : Math.max(0, before.num_ack_pending - after.num_ack_pending)
}

/** The numbers up to that one which no message has, nor ever will have. */
async function goneUpTo({ streams, stream }: SweepParts, given: number): Promise<number[]> {
  const state = (await streams.stream(stream))?.state
  if (state === undefined) return []
  const last = Math.min(given, state.last_seq) // Above the stream's last one, numbers are yet to come.
  const gone: number[] = []
  let at = Math.max(1, last - mostGone)
  for (let looked = 0; at <= last && looked < mostLooked; looked += 1) {
    const found = await streams.next(stream, at)
    const end = Math.min(found?.seq ?? last + 1, last + 1)
    for (let seq = at; seq < end; seq += 1) gone.push(seq)
    at = end + 1
  }
  return gone
}

/** The task in a message: its id, and its frame. */
export function taskIn({ data }: StoredMessage): ReturnType<typeof labelOf> {
  return labelOf(Buffer.from(data, 'base64'))
}

async function acknowledge(
  { requests, stream }: SweepParts,
  { consumer }: SweptLane,
  seqs: readonly number[],
): Promise<void> {
  const done = Buffer.from('+ACK')
  for (let from = 0; from < seqs.length; from += acksAtOnce)
    await Promise.all(
      seqs
        .slice(from, from + acksAtOnce)
        // Deliveries, its number, its number in the consumer, time and what waits: only the second
        // counts.
        .map(seq => requests.ask(`$JS.ACK.${stream}.${consumer}.1.${seq}.0.0.0`, done)),
    )
}
