/**
 * What a server that was killed leaves in a work queue, and how it is cleared away.
 *
 *     restart ─▶ ghosts      taken, as the consumer says, and no longer in the stream
 *                leftovers   in the stream again, and done, as the consumer says
 *     sweep ─▶ acknowledged once more: the first leave the consumer, the others the stream
 *
 * nats-server 2.9 stores a stream and the state of its consumers apart, some milliseconds after it
 * acknowledges. It also forgets to store the acknowledgement of a message that was given twice
 * (`UpdateAcks` in its file store compares the wrong number). So after a restart, the two disagree.
 *
 * Each ghost takes the place of an answer whenever its lease lapses: the pull that meets it is
 * answered by nothing. Some dozens of them keep a queue from moving. A leftover is given to nobody
 * and stays in the store for good, and as long as it does, the server keeps the ghosts behind it.
 *
 * An acknowledgement removes the message whose number it names, whatever the consumer thinks of it.
 * So only two sorts of numbers are acknowledged here: those that are not in the stream, and those
 * of this lane up to the floor under which the consumer has everything acknowledged.
 */
import { runtime, type Timer } from '../../runtime/runtime.ts'
import type { Requests } from './requests.ts'
import type { ConsumerInfo, Streams } from './streams.ts'

/** A part of a queue, with the consumer that gives its messages. */
export interface SweptLane {
  readonly consumer: string
  /** Of its messages, as a filter. */
  readonly subjects: string
}

export interface SweepParts {
  readonly requests: Requests
  readonly streams: Streams
  readonly stream: string
  /** Of all messages in the stream, as a filter. */
  readonly subjects: string
  readonly lanes: readonly SweptLane[]
}

/** A server that has just begun looks through its own state in this time. */
const settlingMs = 1_500
/** How often leftovers are looked for when there is no cause to. */
const everyMs = 60_000
/** The most that is looked through at a time: more is left to whoever makes the consumer anew. */
const mostWalked = 20_000
const mostGone = 100_000
const acksAtOnce = 256

/** What a sweep has cleared away. */
export interface Swept {
  readonly ghosts: number
  readonly leftovers: number
}

/** Sweeps after each restart of the server, and from time to time; none of it may fail anybody. */
export class Sweeper {
  readonly #parts: SweepParts
  #timer: Timer | undefined
  #thorough = false
  #stopped = false

  constructor(parts: SweepParts) {
    this.#parts = parts
  }

  /** The server may have begun anew just now. */
  soon(): void {
    if (this.#thorough) return
    this.#thorough = true
    // Not all nodes at once: whoever is first does it for all.
    this.#after(settlingMs * (1 + runtime().random()))
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  #after(ms: number): void {
    this.#timer?.cancel()
    if (this.#stopped) return
    this.#timer = runtime().setTimer(ms, () => {
      const thorough = this.#thorough
      this.#thorough = false
      void sweep(this.#parts, thorough)
        .catch(() => {}) // The server does not answer, or this user may not look.
        .then(() => {
          if (!this.#thorough) this.#after(everyMs * (0.5 + runtime().random()))
        })
    })
    this.#timer.unref()
  }
}

/**
 * Clears the leftovers away; after a restart, `thorough`, the ghosts too.
 * @throws Unanswered, Denied
 */
export async function sweep(parts: SweepParts, thorough: boolean): Promise<Swept> {
  let ghosts = 0
  let leftovers = 0
  for (const lane of parts.lanes) {
    if (thorough) ghosts += await clearGhosts(parts, lane)
    leftovers += await clearLeftovers(parts, lane)
  }
  return { ghosts, leftovers }
}

async function clearGhosts(parts: SweepParts, lane: SweptLane): Promise<number> {
  const { streams, stream } = parts
  const before = await streams.consumer(stream, lane.consumer)
  if (before.num_ack_pending === 0) return 0
  const gone = await goneIn(parts, before)
  if (gone.length === 0) return 0
  await acknowledge(parts, lane, gone)
  const after = await streams.consumer(stream, lane.consumer)
  return Math.max(0, before.num_ack_pending - after.num_ack_pending)
}

/** The numbers between the floor and the last one given that are not in the stream. */
async function goneIn({ streams, stream, subjects }: SweepParts, info: ConsumerInfo): Promise<number[]> {
  const last = info.delivered.stream_seq
  const gone: number[] = []
  let at = floorOf(info) + 1
  for (let walked = 0; at <= last; walked += 1) {
    const found = await streams.next(stream, subjects, at)
    const end = Math.min(found?.seq ?? last + 1, last + 1)
    if (walked > mostWalked || gone.length + (end - at) > mostGone) return []
    for (let seq = at; seq < end; seq += 1) gone.push(seq)
    at = end + 1
  }
  return gone
}

async function clearLeftovers(parts: SweepParts, lane: SweptLane): Promise<number> {
  const { streams, stream } = parts
  const floor = floorOf(await streams.consumer(stream, lane.consumer))
  let cleared = 0
  for (let last = 0; ; cleared += 1) {
    const first = await streams.next(stream, lane.subjects, 1)
    if (first === undefined || first.seq > floor || first.seq === last) return cleared
    last = first.seq
    await acknowledge(parts, lane, [first.seq])
  }
}

/** Up to this number, the consumer has everything acknowledged. */
function floorOf({ num_ack_pending: taken, ack_floor: acked, delivered }: ConsumerInfo): number {
  return taken === 0 ? delivered.stream_seq : acked.stream_seq
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
