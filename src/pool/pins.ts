/**
 * Jobs that only one worker may run: calls with a key, and the calls of `runOnEach`.
 *
 *     add(ready) ─▶ its worker: what `to` names, or by its key ─▶ waits for that one alone ─▶ next(slot)
 *                                                 ▲                        │
 *                                                 └──── its worker ended ──┘
 *
 * A key is no entry in a table, or many keys would be a leak: its hash is the number of a place, of
 * which there are as many as workers, and a place has one worker as long as that lives.
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

  /** Lets the job wait for its worker, which is started if need be. */
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
   * The worker has ended: takes the jobs out that waited for it, and those for which there was
   * none.
   */
  ended(slot: Slot): ReadyJob[] {
    const all: ReadyJob[] = []
    for (const worker of [undefined, slot]) {
      all.push(...(this.#waiting.get(worker) ?? []))
      this.#waiting.delete(worker)
    }
    return all
  }

  /** Undefined while there is none, and none can be started. */
  #workerOf({ to }: ReadyJob): Slot | undefined {
    if (to instanceof Slot) return to.stays ? to : this.#spare()
    const place = hash(String(to)) % this.#places.length
    const had = this.#places[place]
    if (had?.stays) return had
    const slot = this.#spare()
    this.#places[place] = slot
    return slot
  }

  /** One that has no place, if possible; an idle one first. */
  #spare(): Slot | undefined {
    const taken = new Set(this.#places)
    const all = [...this.#crew.all].filter(slot => slot.stays)
    const free = all.filter(slot => !taken.has(slot))
    const idle = free.find(({ state }) => state === 'idle') ?? free[0]
    return idle ?? this.#crew.startOne() ?? all[0]
  }
}

/**
 * Glenn Fowler, Landon Curt Noll, Phong Vo: FNV-1a, of 32 bits, over units of text instead of
 * bytes.
 */
function hash(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
