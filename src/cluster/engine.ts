/**
 * The port to whatever stores tasks and results: a server, or this program.
 *
 *     submit ─▶ stored ─▶ consume ─▶ Delivery ─┬─ extend … done      gone
 *                  ▲                           ├─ back               waits again
 *                  └── the lease has lapsed ◀──┴─ silence            given to somebody else
 *
 *     records: create · replace (compare and set) · get            results, dead letters, what was seen
 *     publish ─▶ listen                                            hints: any of them may be lost
 *
 * An engine promises little: a task is delivered at least once, a record changes only by its
 * revision, and a hint may get lost. What a result, a repeat, a cancellation or a dead letter is,
 * is decided above it, the same on every engine: README.md.
 */

/** A task on its way into the store. */
export interface Entry {
  readonly queue: string
  /** What tells it from every other one; the same id again is stored once. */
  readonly id: string
  readonly bytes: Uint8Array
  /** Higher ones leave the queue first; an engine may know fewer levels than there are numbers. */
  readonly priority: number
  /** Nobody takes it before. */
  readonly delayMs: number
  /** Whether it may wait for longer than its caller lives. */
  readonly outlives: boolean
  /** To which trace it belongs, for tools that look into the store. */
  readonly traceparent?: string | undefined
}

/** A task that was taken, on a lease. */
export interface Delivery {
  readonly id: string
  readonly queue: string
  readonly bytes: Uint8Array
  /** How often it was taken, this time included. */
  readonly attempt: number
  /** A sign of life: the lease begins anew. False once another node may have the task. */
  extend(): Promise<boolean>
  /** Nothing is left to do for it. A lease that has lapsed changes nothing. */
  done(): void
  /**
   * Hands it back: somebody takes it, not before `delayMs`. `counts` says whether this was an
   * attempt.
   */
  back(delayMs: number, counts: boolean): void
}

export interface Taking {
  readonly queues: readonly string[]
  /** How many more tasks of the queue could begin now. */
  places(queue: string): number
  take(delivery: Delivery): void
  /** A task was taken whose large arguments the store has no more: resolves once that is stored. */
  gone(id: string): Promise<void>
  /** Whether no other node is there. */
  isAlone(): Promise<boolean>
  /** Whether the task of that id never runs again: what a server still has of it may go. */
  isOver(id: string): Promise<boolean>
  /**
   * Whether a task that the server has and gives to nobody, since it was killed, may be given once
   * more; `bytes` as it was submitted, so long ago.
   */
  mayRunAgain(bytes: Uint8Array, ageMs: number): boolean
}

export const defaultLeaseMs = 30_000

export interface Consumer {
  /** Queues, or parts of them, of which the server gives no sign when it is asked for tasks. */
  readonly silent: readonly string[]
  /** There may be more places than before. */
  wake(): void
  /** Nothing is taken any more. */
  stop(): Promise<void>
}

export interface KeptRecord {
  readonly bytes: Uint8Array
  readonly revision: number
}

/** Small pieces of data by key. Each change has a revision, and all revisions of a key rise. */
export interface Records {
  /** Of one record. */
  readonly mostBytes: number
  /** The revision; undefined if there is a record already. */
  create(key: string, bytes: Uint8Array): Promise<number | undefined>
  /** The new revision; undefined if the record is another one by now, or gone. */
  replace(key: string, bytes: Uint8Array, revision: number): Promise<number | undefined>
  get(key: string): Promise<KeptRecord | undefined>
  /** With a revision: unless the record is another one by now. Whether it was removed. */
  remove(key: string, revision?: number): Promise<boolean>
  keys(): Promise<string[]>
}

/**
 * What is kept: outcomes of calls whose caller waits (minutes), of submitted tasks (a day), ids of
 * cancelled ones (an hour), failures of attempts, dead letters (two weeks), idempotency keys (a
 * day), nodes (seconds), who may run how many of a queue.
 */
export const buckets = [
  'calls',
  'results',
  'cancelled',
  'history',
  'dead',
  'keys',
  'nodes',
  'owners',
  'state',
  'permits',
] as const
export type Bucket = (typeof buckets)[number]

/** How long records of a bucket are kept after they were written. */
export const keptMs: Readonly<Record<Bucket, number>> = {
  calls: 10 * 60_000,
  results: 24 * 3_600_000,
  cancelled: 3_600_000,
  history: 24 * 3_600_000,
  dead: 14 * 24 * 3_600_000,
  keys: 24 * 3_600_000,
  nodes: 15_000,
  owners: 14 * 24 * 3_600_000,
  state: Number.POSITIVE_INFINITY,
  permits: Number.POSITIVE_INFINITY,
}

/** How full a queue is. */
export interface Depth {
  readonly waiting: number
  readonly taken: number
  /** Of those taken: how many were taken before. */
  readonly redelivered: number
  /** How long the oldest is there; undefined if there is none, or this user may not look. */
  readonly oldestMs: number | undefined
}

export interface Engine {
  /** As messages name it: `the engine in this program`, `NATS at nats://127.0.0.1:4222`. */
  readonly name: string
  /**
   * How long a taken task may be silent before another node gets it; once the queues are known, as
   * they have it.
   */
  readonly leaseMs: number
  /**
   * Whether tasks can only come from this program: then a task that no module here has will never
   * be known.
   */
  readonly isLocal: boolean
  /** Milliseconds since 1970, as far as machines agree on them. */
  wallMs(): number
  /** Resolves once it can be used. @throws EngineUnavailableError */
  open(): Promise<void>
  /**
   * Resolves once the task is stored. @throws EngineUnavailableError, QueueFullError,
   * PayloadTooLargeError
   */
  submit(entry: Entry): Promise<void>
  consume(taking: Taking): Consumer
  records(bucket: Bucket): Records
  /** Tells whoever listens; it may get lost, and so may the order. */
  publish(to: string, bytes: Uint8Array): void
  /** Returns the way to stop. */
  listen(at: string, hear: (bytes: Uint8Array) => void): () => void
  depth(queue: string): Promise<Depth>
  /** The names of all queues that were ever used, as far as this user may know them. */
  queues(): Promise<readonly string[]>
  close(): Promise<void>
}
