/**
 * The engine in this program: no server, nothing stored beyond the program's own life. The default,
 * and what tests use: all time in it is the runtime's, so that it runs in a simulation too.
 */
import { PriorityQueue, type Queued } from '../executor/queue.ts'
import { runtime, type Timer } from '../runtime/runtime.ts'
import {
  type Bucket,
  type Consumer,
  type Delivery,
  type Depth,
  defaultLeaseMs,
  type Engine,
  type Entry,
  type KeptRecord,
  keptMs,
  type Records,
  type Taking,
} from './engine.ts'
import { maxMessageBytes } from './messages.ts'

/** How long an id that is done is remembered, so that a submission that comes again is known. */
const rememberedMs = 2 * 60_000

export interface EmbeddedOptions {
  readonly leaseMs?: number
}

export class EmbeddedEngine implements Engine {
  readonly name = 'the engine in this program'
  readonly leaseMs: number
  readonly isLocal = true
  readonly #lines = new Map<string, Line>()
  readonly #buckets = new Map<Bucket, EmbeddedRecords>()
  readonly #listeners = new Map<string, Set<(bytes: Uint8Array) => void>>()
  readonly #known = new Remembered()

  constructor({ leaseMs = defaultLeaseMs }: EmbeddedOptions = {}) {
    this.leaseMs = leaseMs
  }

  wallMs(): number {
    return runtime().now()
  }

  async open(): Promise<void> {}

  async submit(entry: Entry): Promise<void> {
    if (!this.#known.add(entry.id)) return
    this.#line(entry.queue).submit(new Stored(entry))
  }

  consume(taking: Taking): Consumer {
    const lines = taking.queues.map(queue => this.#line(queue))
    for (const line of lines) line.join(taking)
    return {
      silent: [],
      wake: () => {
        for (const line of lines) line.pumpSoon()
      },
      stop: async () => {
        for (const line of lines) line.leave(taking)
      },
    }
  }

  records(bucket: Bucket): Records {
    const known = this.#buckets.get(bucket) ?? new EmbeddedRecords(keptMs[bucket])
    this.#buckets.set(bucket, known)
    return known
  }

  publish(to: string, bytes: Uint8Array): void {
    for (const hear of this.#listeners.get(to) ?? []) runtime().soon(() => hear(bytes))
  }

  listen(at: string, hear: (bytes: Uint8Array) => void): () => void {
    const listeners = this.#listeners.get(at) ?? new Set()
    this.#listeners.set(at, listeners)
    listeners.add(hear)
    return () => {
      listeners.delete(hear)
      if (listeners.size === 0) this.#listeners.delete(at)
    }
  }

  async queues(): Promise<readonly string[]> {
    return [...this.#lines.keys()]
  }

  async depth(queue: string): Promise<Depth> {
    return this.#line(queue).depth
  }

  async close(): Promise<void> {
    for (const line of this.#lines.values()) line.close()
  }

  #line(queue: string): Line {
    const known = this.#lines.get(queue) ?? new Line(queue, this.leaseMs)
    this.#lines.set(queue, known)
    return known
  }
}

/** A task in the store. */
class Stored implements Queued {
  readonly entry: Entry
  readonly priority: number
  readonly sinceMs = runtime().now()
  waiting = false
  order = 0
  attempt = 0
  /** Counts who took it: what a former one says is not believed. */
  holder = 0

  constructor(entry: Entry) {
    this.entry = entry
    this.priority = entry.priority
  }
}

/** One queue: who waits, who was taken, who takes. */
class Line {
  readonly #queue: string
  readonly #leaseMs: number
  readonly #ready = new PriorityQueue<Stored>()
  readonly #takers: Taking[] = []
  readonly #timers = new Set<Timer>()
  /** The oldest first. */
  readonly #all = new Set<Stored>()
  readonly #given = new Set<Stored>()
  #delayed = 0
  #scheduled = false

  constructor(queue: string, leaseMs: number) {
    this.#queue = queue
    this.#leaseMs = leaseMs
  }

  get depth(): Depth {
    const { value: oldest } = this.#all.values().next()
    return {
      waiting: this.#ready.size + this.#delayed,
      taken: this.#given.size,
      redelivered: [...this.#given].filter(({ attempt }) => attempt > 1).length,
      oldestMs: oldest === undefined ? undefined : runtime().now() - oldest.sinceMs,
    }
  }

  submit(stored: Stored): void {
    this.#all.add(stored)
    this.#enter(stored, stored.entry.delayMs)
  }

  join(taking: Taking): void {
    this.#takers.push(taking)
    this.pumpSoon()
  }

  leave(taking: Taking): void {
    this.#takers.splice(this.#takers.indexOf(taking), 1)
  }

  close(): void {
    this.#takers.length = 0
    for (const timer of this.#timers) timer.cancel()
  }

  pumpSoon(): void {
    if (this.#scheduled || this.#ready.size === 0) return
    this.#scheduled = true
    runtime().soon(this.#pump)
  }

  readonly #pump = (): void => {
    this.#scheduled = false
    for (let round = this.#takers.length; round > 0 && this.#ready.size > 0; round -= 1) {
      const taking = this.#takers.shift() as Taking
      this.#takers.push(taking) // The next one is asked first the next time.
      if (taking.places(this.#queue) <= 0) continue
      this.#give(this.#ready.shift() as Stored, taking)
      round = this.#takers.length + 1
    }
  }

  #give(stored: Stored, taking: Taking): void {
    stored.attempt += 1
    stored.holder += 1
    this.#given.add(stored)
    taking.take(new Lease(stored, this.#leaseMs, this))
  }

  // ── what leases tell ──

  done(stored: Stored): void {
    this.#given.delete(stored)
    this.#all.delete(stored)
  }

  again(stored: Stored, delayMs: number): void {
    this.#given.delete(stored)
    stored.holder += 1
    this.#enter(stored, delayMs)
  }

  #enter(stored: Stored, delayMs: number): void {
    if (delayMs <= 0) {
      this.#ready.push(stored)
      return this.pumpSoon()
    }
    this.#delayed += 1
    this.after(delayMs, () => {
      this.#delayed -= 1
      this.#ready.push(stored)
      this.pumpSoon()
    })
  }

  after(ms: number, body: () => void): Timer {
    const timer = runtime().setTimer(ms, () => {
      this.#timers.delete(timer)
      body()
    })
    this.#timers.add(timer)
    return timer
  }

  forget(timer: Timer): void {
    timer.cancel()
    this.#timers.delete(timer)
  }
}

/**
 * One taking of a task. Its timer is set again only when it has fired: a sign of life costs a
 * number.
 */
class Lease implements Delivery {
  readonly #stored: Stored
  readonly #holder: number
  readonly #leaseMs: number
  readonly #line: Line
  readonly attempt: number
  #untilMs: number
  #timer: Timer

  constructor(stored: Stored, leaseMs: number, line: Line) {
    this.#stored = stored
    this.#holder = stored.holder
    this.attempt = stored.attempt
    this.#leaseMs = leaseMs
    this.#line = line
    this.#untilMs = runtime().now() + leaseMs
    this.#timer = line.after(leaseMs, this.#look)
    this.#timer.unref()
  }

  get id(): string {
    return this.#stored.entry.id
  }

  get queue(): string {
    return this.#stored.entry.queue
  }

  get bytes(): Uint8Array {
    return this.#stored.entry.bytes
  }

  async extend(): Promise<boolean> {
    if (!this.#isHeld) return false
    this.#untilMs = runtime().now() + this.#leaseMs
    return true
  }

  done(): void {
    if (this.#letGo()) this.#line.done(this.#stored)
  }

  back(delayMs: number, counts: boolean): void {
    if (!this.#letGo()) return
    if (!counts) this.#stored.attempt -= 1
    this.#line.again(this.#stored, delayMs)
  }

  get #isHeld(): boolean {
    return this.#stored.holder === this.#holder
  }

  #letGo(): boolean {
    if (!this.#isHeld) return false
    this.#line.forget(this.#timer)
    this.#stored.holder += 1
    return true
  }

  readonly #look = (): void => {
    const leftMs = this.#untilMs - runtime().now()
    if (leftMs > 0) {
      this.#timer = this.#line.after(leftMs, this.#look)
      this.#timer.unref()
    } else if (this.#letGo()) this.#line.again(this.#stored, 0)
  }
}

class EmbeddedRecords implements Records {
  readonly mostBytes = maxMessageBytes
  readonly #keptMs: number
  /** Oldest first, by the time of their making. */
  readonly #records = new Map<string, KeptRecord & { readonly untilMs: number }>()
  #revision = 0

  constructor(keptMs: number) {
    this.#keptMs = keptMs
  }

  async create(key: string, bytes: Uint8Array): Promise<number | undefined> {
    this.#sweep()
    if (this.#records.has(key)) return undefined
    return this.#put(key, bytes)
  }

  async replace(key: string, bytes: Uint8Array, revision: number): Promise<number | undefined> {
    this.#sweep()
    return this.#records.get(key)?.revision === revision ? this.#put(key, bytes) : undefined
  }

  async get(key: string): Promise<KeptRecord | undefined> {
    this.#sweep()
    return this.#records.get(key)
  }

  async remove(key: string, revision?: number): Promise<boolean> {
    if (revision !== undefined && this.#records.get(key)?.revision !== revision) return false
    this.#records.delete(key)
    return true
  }

  async keys(): Promise<string[]> {
    this.#sweep()
    return [...this.#records.keys()]
  }

  #put(key: string, bytes: Uint8Array): number {
    this.#revision += 1
    this.#records.delete(key) // It goes to the end.
    this.#records.set(key, { bytes, revision: this.#revision, untilMs: runtime().now() + this.#keptMs })
    return this.#revision
  }

  #sweep(): void {
    const nowMs = runtime().now()
    for (const [key, { untilMs }] of this.#records) {
      if (untilMs > nowMs) return
      this.#records.delete(key)
    }
  }
}

/** Ids, for as long as one of them may be submitted again. */
class Remembered {
  readonly #untilMs = new Map<string, number>()

  /** Whether the id is new. */
  add(id: string): boolean {
    const nowMs = runtime().now()
    for (const [old, untilMs] of this.#untilMs) {
      if (untilMs > nowMs) break
      this.#untilMs.delete(old)
    }
    if (this.#untilMs.has(id)) return false
    this.#untilMs.set(id, nowMs + rememberedMs)
    return true
  }
}
