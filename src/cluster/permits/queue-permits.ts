/**
 * The permits of one queue, as one node holds them: README.md tells the states, and a death at each
 * step.
 *
 *     look ─▶ the record ─┬─ no limit ─▶ unlimited
 *                         └─ its share of them ─▶ compare and set ─┬─ done: held for two thirds of a lease
 *                                 ▲                                └─ somebody was first ─▶ look
 *                                 └── every quarter of a lease, and when another node has changed something
 *
 * Fewer permits count before the record says so, more of them after: so that at no moment two nodes
 * count on the same one, whatever becomes of the answer.
 */
import { runtime, type Timer } from '../../runtime/runtime.ts'
import type { Engine } from '../engine.ts'
import { DeniedError } from '../errors.ts'
import { type Holder, readPermits, sharesOf, writePermits } from './record.ts'

/** What the permits are for. */
export interface PermitUser {
  /** How many tasks of the queue the node has. */
  readonly using: number
  /** How many it could have. */
  readonly wanting: number
  /** There may be more room. */
  more(): void
  /** Other nodes may have its permits: what runs on them counts no more. */
  lost(): void
}

/** A sign of life that was seen: when it has not changed for a lease, its node is silent. */
interface Seen {
  readonly beat: number
  readonly sinceMs: number
}

/** How often a node looks whether there is a limit. */
const lookEveryMs = 3_000
/** The pause before a change is tried again, of those who met at it. */
const conflictMs = 30

export class QueuePermits {
  readonly queue: string
  readonly #engine: Engine
  readonly #node: string
  readonly #user: PermitUser
  readonly #seen = new Map<string, Seen>()
  /** How many tasks may run; none until the record was read. */
  #usable = 0
  /** What the record has for this node. */
  #count = 0
  #untilMs = Number.NEGATIVE_INFINITY
  #isEntered = false
  #beat: number
  #dueMs = Number.NEGATIVE_INFINITY
  #next: Timer | undefined
  #lapse: Timer | undefined
  #looking = false
  #again = false
  #over = false

  constructor(queue: string, engine: Engine, node: string, user: PermitUser) {
    this.queue = queue
    this.#engine = engine
    this.#node = node
    this.#user = user
    this.#beat = Math.floor(runtime().random() * 1e9) // Nobody has seen it before.
  }

  /** How many more of its tasks the node may take. */
  get room(): number {
    return this.isHeld ? Math.max(0, this.#usable - this.#user.using) : 0
  }

  /** Whether nobody else can have the permits of what runs here. */
  get isHeld(): boolean {
    return runtime().now() < this.#untilMs
  }

  /** Reads the record, and changes it if there is a reason. */
  look(): void {
    if (this.#over) return
    if (this.#looking) {
      this.#again = true
      return
    }
    this.#looking = true
    void this.#round()
      .catch(error => this.#unread(error))
      .then(pauseMs => {
        this.#looking = false
        if (this.#again) {
          this.#again = false
          this.look()
        } else this.#lookIn(pauseMs)
      })
  }

  /** A task of the queue has ended here. */
  ended(): void {
    if (this.#count > this.#usable && this.#user.using < this.#count) this.look()
  }

  /** Gives all of them back. Never rejects. */
  async leave(): Promise<void> {
    this.#over = true
    this.#next?.cancel()
    this.#lapse?.cancel()
    if (!this.#isEntered) return
    this.#usable = 0
    for (let tries = 0; tries < 10; tries += 1)
      try {
        const kept = await this.#records.get(this.queue)
        const record = kept === undefined ? undefined : readPermits(kept.bytes)
        if (kept === undefined || record === undefined) return
        const holders = record.holders.filter(({ node }) => node !== this.#node)
        if (holders.length === record.holders.length) return
        const bytes = writePermits({ ...record, holders })
        if ((await this.#records.replace(this.queue, bytes, kept.revision)) !== undefined) return this.#tell()
      } catch {
        return // The store does not answer: others take them after a lease.
      }
  }

  get #records() {
    return this.#engine.records('permits')
  }

  #lookIn(ms: number): void {
    if (this.#over) return
    this.#next?.cancel()
    this.#next = runtime().setTimer(ms, () => this.look())
    this.#next.unref()
  }

  /** Returns when to look again. */
  async #round(): Promise<number> {
    const { leaseMs } = this.#engine
    const askedMs = runtime().now()
    const kept = await this.#records.get(this.queue)
    const record = kept === undefined ? undefined : readPermits(kept.bytes)
    if (this.#over) return lookEveryMs
    if (kept === undefined || record === undefined || record.most === Number.POSITIVE_INFINITY) {
      this.#unlimited()
      return Math.min(lookEveryMs, leaseMs / 4)
    }
    const { most, holders } = record
    const others = this.#alive(holders)
    const own = holders.find(({ node }) => node === this.#node)
    if (own === undefined && this.#isEntered) this.#lose()
    const { share, entry } = this.#entryOf(own, others, most)
    const isSame =
      own?.count === entry.count && own.want === entry.want && others.length === holders.length - 1
    this.#usable = Math.min(this.#usable, share)
    if (isSame && askedMs < this.#dueMs) return Math.max(1, this.#dueMs - askedMs)
    const bytes = writePermits({ most, holders: [...others, entry] })
    if ((await this.#records.replace(this.queue, bytes, kept.revision)) === undefined)
      return conflictMs * runtime().random()
    this.#isEntered = true
    this.#beat = entry.beat
    this.#count = entry.count
    this.#dueMs = askedMs + leaseMs / 4
    this.#hold(Math.min(share, entry.count), askedMs)
    if (!isSame) this.#tell()
    return leaseMs / 4
  }

  /** What is held lapses by its own timer. */
  #unread(error: unknown): number {
    // A store that was set up before there were permits has none, and no limits either.
    if (error instanceof DeniedError) this.#unlimited()
    return lookEveryMs / 3
  }

  /** Those of the others that have given a sign of life in the last lease, on this side's clock. */
  #alive(holders: readonly Holder[]): Holder[] {
    const nowMs = runtime().now()
    const others = holders.filter(({ node }) => node !== this.#node)
    for (const { node, beat } of others)
      if (this.#seen.get(node)?.beat !== beat) this.#seen.set(node, { beat, sinceMs: nowMs })
    for (const node of this.#seen.keys())
      if (!others.some(other => other.node === node)) this.#seen.delete(node)
    return others.filter(({ node }) => nowMs - (this.#seen.get(node) as Seen).sinceMs < this.#engine.leaseMs)
  }

  /** What this node says of itself; a permit that is in use is kept until it is not. */
  #entryOf(
    own: Holder | undefined,
    others: readonly Holder[],
    most: number,
  ): { readonly share: number; readonly entry: Holder } {
    const { using, wanting } = this.#user
    const want = Math.min(most, Math.max(using, wanting))
    const all = [...others, { node: this.#node, want }].sort((one, other) => (one.node < other.node ? -1 : 1))
    const at = all.findIndex(({ node }) => node === this.#node)
    const share = sharesOf(
      most,
      all.map(holder => holder.want),
    )[at] as number
    const free = most - others.reduce((sum, { count }) => sum + count, 0)
    const inUse = own === undefined ? 0 : Math.min(own.count, using)
    const count = Math.max(inUse, Math.min(share, free), 0)
    return { share, entry: { node: this.#node, count, want, beat: this.#beat + 1 } }
  }

  #unlimited(): void {
    this.#lapse?.cancel()
    this.#isEntered = false
    this.#count = 0
    this.#untilMs = Number.POSITIVE_INFINITY
    const isMore = this.#usable !== Number.POSITIVE_INFINITY
    this.#usable = Number.POSITIVE_INFINITY
    if (isMore) this.#user.more()
  }

  #hold(usable: number, askedMs: number): void {
    this.#untilMs = askedMs + (2 * this.#engine.leaseMs) / 3
    this.#lapse?.cancel()
    this.#lapse = runtime().setTimer(Math.max(0, this.#untilMs - runtime().now()), () => this.#lose())
    this.#lapse.unref()
    const isMore = usable > this.#usable
    this.#usable = usable
    if (isMore) this.#user.more()
  }

  #lose(): void {
    this.#lapse?.cancel()
    this.#isEntered = false
    this.#usable = 0
    this.#count = 0
    this.#untilMs = Number.NEGATIVE_INFINITY
    this.#user.lost()
  }

  /** Others look at once, instead of at their next sign of life. */
  #tell(): void {
    this.#engine.publish('permits', Buffer.from(this.queue))
  }
}
