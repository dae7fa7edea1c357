/** How many tasks of each of its queues a node may take; and how a queue's limit is set. */
import type { Engine } from '../engine.ts'
import { QueuePermits } from './queue-permits.ts'
import { type PermitRecord, readPermits, writePermits } from './record.ts'

export interface PermitsOwner {
  readonly id: string
  readonly engine: Engine
  readonly queues: readonly string[]
  readonly places: number
  /** There may be room for more tasks. */
  more(): void
  /** What runs of the queue counts no more. */
  lost(queue: string): void
}

export class Permits {
  readonly #queues = new Map<string, QueuePermits>()
  readonly #using = new Map<string, number>()
  readonly #silence: () => void
  #used = 0

  constructor(owner: PermitsOwner) {
    const { engine, id, queues } = owner
    for (const queue of queues) {
      const using = () => this.#using.get(queue) ?? 0
      const elsewhere = () => this.#used - using()
      const user = {
        get using() {
          return using()
        },
        get wanting() {
          return Math.max(0, owner.places - elsewhere())
        },
        more: () => owner.more(),
        lost: () => owner.lost(queue),
      }
      this.#queues.set(queue, new QueuePermits(queue, engine, id, user))
    }
    this.#silence = engine.listen('permits', bytes => this.#queues.get(Buffer.from(bytes).toString())?.look())
    for (const permits of this.#queues.values()) permits.look()
  }

  /** How many more tasks of the queue may be taken; Infinity where nobody has set a limit. */
  room(queue: string): number {
    return this.#queues.get(queue)?.room ?? 0
  }

  /** Whether what runs of the queue counts. */
  isHeld(queue: string): boolean {
    return this.#queues.get(queue)?.isHeld ?? false
  }

  took(queue: string): void {
    this.#used += 1
    this.#using.set(queue, (this.#using.get(queue) ?? 0) + 1)
  }

  over(queue: string): void {
    this.#used -= 1
    this.#using.set(queue, (this.#using.get(queue) ?? 0) - 1)
    this.#queues.get(queue)?.ended()
  }

  /** Gives all back. Never rejects. */
  async leave(): Promise<void> {
    this.#silence()
    await Promise.all([...this.#queues.values()].map(permits => permits.leave()))
  }
}

/** The record of a queue; undefined where no limit was ever set. */
export async function permitsOf(engine: Engine, queue: string): Promise<PermitRecord | undefined> {
  const kept = await engine.records('permits').get(queue)
  return kept === undefined ? undefined : readPermits(kept.bytes)
}

/** From now on no more tasks of the queue are begun than that, on all nodes together. */
export async function limitQueue(engine: Engine, queue: string, most: number): Promise<void> {
  const records = engine.records('permits')
  for (;;) {
    const kept = await records.get(queue)
    const holders = (kept === undefined ? undefined : readPermits(kept.bytes))?.holders ?? []
    const bytes = writePermits({ most, holders })
    const revision =
      kept === undefined
        ? await records.create(queue, bytes)
        : await records.replace(queue, bytes, kept.revision)
    if (revision !== undefined) return engine.publish('permits', Buffer.from(queue))
  }
}
