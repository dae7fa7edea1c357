/**
 * Jobs that only one worker may run: calls with a key, and the calls of `runOnEach`.
 *
 *     add(ready) ─▶ its worker: what `to` names, or by its key ─▶ waits for that one alone ─▶ next(slot)
 *                                                 ▲                        │
 *                                                 └──── its worker ended ──┘
 *
 * Keys are not kept in a table, since many keys would be a leak. The hash of a key is the number of
 * a place; there are as many places as workers, and each place keeps its worker while that lives.
 */
import { PriorityQueue } from '../executor/queue.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import type { Crew } from './crew.ts'
import { Slot } from './slot.ts'

export class Pins {
  readonly #crew: Crew
  readonly #waiting = new Map<Slot | undefined, PriorityQueue<ReadyJob>>()
  /** The workers of the places. */
  readonly #places: (Slot | undefined)[]

  constructor(crew: Crew, places: number) {
    this.#crew = crew
    this.#places = new Array<Slot | undefined>(places).fill(undefined)
  }

  /** How many jobs wait. */
  get size(): number {
    if (this.#waiting.size === 0) return 0
    let size = 0
    for (const queue of this.#waiting.values()) size += queue.size
    return size
  }

  /** Whether jobs wait for that worker. */
  has(slot: Slot): boolean {
    return (this.#waiting.get(slot)?.size ?? 0) > 0
  }

  *[Symbol.iterator](): Generator<ReadyJob> {
    for (const queue of this.#waiting.values()) yield* queue
  }

  /** Lets the job wait for its worker, and starts that one if needed. */
  add(ready: ReadyJob): void {
    const slot = this.#workerOf(ready)
    let queue = this.#waiting.get(slot)
    if (queue === undefined) {
      queue = new PriorityQueue<ReadyJob>()
      this.#waiting.set(slot, queue)
    }
    ready.pin = queue
    queue.push(ready)
  }

  /** Takes the next job of that worker out. */
  next(slot: Slot): ReadyJob | undefined {
    const queue = this.#waiting.get(slot)
    const ready = queue?.shift()
    if (queue?.size === 0) this.#waiting.delete(slot)
    return ready
  }

  /**
   * The worker has ended: takes out the jobs that waited for it, and those that had no worker.
   */
  ended(slot: Slot): ReadyJob[] {
    const all: ReadyJob[] = []
    for (const worker of [undefined, slot]) {
      all.push(...(this.#waiting.get(worker) ?? []))
      this.#waiting.delete(worker)
    }
    return all
  }

  /** Undefined if there is none and none can be started. */
  #workerOf({ to }: ReadyJob): Slot | undefined {
    if (to instanceof Slot) return to.stays ? to : this.#spare()
    const place = hash(String(to)) % this.#places.length
    const had = this.#places[place]
    if (had?.stays) return had
    const slot = this.#spare()
    this.#places[place] = slot
    return slot
  }

  /** A worker without a place if possible, an idle one first. */
  #spare(): Slot | undefined {
    const taken = new Set(this.#places)
    const all = [...this.#crew.all].filter(slot => slot.stays)
    const free = all.filter(slot => !taken.has(slot))
    const idle = free.find(({ state }) => state === 'idle') ?? free[0]
    return idle ?? this.#crew.startOne() ?? all[0]
  }
}

/**
 * FNV-1a with 32 bits (Glenn Fowler, Landon Curt Noll, Phong Vo), over UTF-16 units instead of
 * bytes.
 */
function hash(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
