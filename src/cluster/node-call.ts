/**
 * One taking of a task on a node, from its delivery to what is stored about it. The protocol, and a
 * death at every step: README.md.
 *
 *     taken ─▶ known? ─▶ first? (the record) ─▶ runs, with a heartbeat ─▶ commit ─▶ hint ─▶ done
 *                │          │                        └ the lease is lost: fenced, its ending is dropped
 *                │          └ settled already: dropped, counted
 *                └ handed back, for a node that knows it; in the end a dead letter
 */

import { isPropagatedHere, withStores } from '../declared/propagated.ts'
import { AbortError, TimeoutError } from '../errors.ts'
import type { Backend, Job } from '../executor/backend.ts'
import { inRuntime, runtime, type Timer } from '../runtime/runtime.ts'
import type { Task } from '../task/task.ts'
import { decode, MessageDecoding } from '../wire/codec.ts'
import { decodeFailure } from '../wire/failure.ts'
import type { NestedReply } from '../wire/messages.ts'
import { acceptedOf, refusalOf } from './accepting.ts'
import { pauseMs } from './back-off.ts'
import type { Cancelled } from './cancelling.ts'
import { type Catalogue, show } from './catalogue.ts'
import type { NodeCounts } from './counts.ts'
import { buryDead, forgetRun, noteFailure, noteRun, unbury } from './dead.ts'
import { endingOf, storeEnding, type WrittenEnding, warnUnstored } from './ending.ts'
import type { Delivery, Engine, Records } from './engine.ts'
import { NodeLostError, StoreRefusesError, UnknownTaskError } from './errors.ts'
import { type Envelope, type NodeNews, type Order, readEnding, writeMessage } from './messages.ts'
import { type ChunkInputs, chunkInputs, chunkReply, runApart } from './node-chunk.ts'
import { failureOf, NodeJob, type NodeJobOwner } from './node-job.ts'
import { NodeStream, type StreamOwner } from './node-stream.ts'
import { childOf } from './trace-context.ts'

const { AsyncResource } = process.getBuiltinModule('node:async_hooks')

/**
 * Belongs to no caller: a task runs in a context of its own, with what was sent along and nothing
 * else.
 */
const outside = new AsyncResource('atonce.node')

/** How long a task that this node does not know waits for one that does. */
const unknownPauseMs = 5_000
/** How often it is handed on before it is given up. */
const mostUnknown = 60
/** From this attempt on it is noted that a run begins. */
const watchedFrom = 3
/** So many nodes may fall silent while they run a task, after the first two attempts. */
const mostSilent = 5

/** What a call needs of its node. */
export interface CallHost {
  readonly id: string
  readonly engine: Engine
  readonly backend: Backend
  readonly catalogue: Catalogue
  readonly counts: NodeCounts
  readonly cancelled: Cancelled
  over(call: NodeCall): void
  /** Whether its permit to run is still its own. */
  mayCount(call: NodeCall): boolean
}

export class NodeCall implements NodeJobOwner, StreamOwner {
  readonly #host: CallHost
  readonly #delivery: Delivery
  readonly #envelope: Envelope
  readonly #records: Records | undefined
  /** Of the record that says this node has begun it. */
  #revision: number | undefined
  #jobs: readonly Job[] = []
  #inputs: ChunkInputs | undefined
  #stream: NodeStream | undefined
  #beat: Timer | undefined
  #told = false
  /** Its run stands in the history as one of which nothing was heard yet. */
  #noted = false
  #fenced = false
  /** Its ending is on its way to the store, which decides whether it counts. */
  #settling = false
  #over = false

  constructor(host: CallHost, delivery: Delivery, envelope: Envelope) {
    this.#host = host
    this.#delivery = delivery
    this.#envelope = envelope
    const { keep, idempotent } = envelope
    const bucket = keep === 'none' ? (idempotent ? undefined : 'calls') : keep
    this.#records = bucket === undefined ? undefined : host.engine.records(bucket)
  }

  get id(): string {
    return this.#envelope.id
  }

  get queue(): string {
    return this.#delivery.queue
  }

  /** Never rejects: what the store does not answer is left to the lease. */
  async begin(): Promise<void> {
    try {
      const { catalogue } = this.#host
      const found = catalogue.find(this.#envelope.task)
      this.#beatSoon()
      const isFirst = this.#isFirst()
      if (!(isFirst === true || (await isFirst))) return this.#end()
      if (this.#fenced || !this.#host.mayCount(this)) return await this.#handOn(0, false)
      if ('why' in found) return await this.#unknown(found.why)
      if (this.#envelope.untilMs < this.#host.engine.wallMs())
        return await this.#settle(failed(this.#expired()), 0)
      if (await this.#killsNodes()) return
      await this.#run(found.task)
    } catch {
      this.#end()
    }
  }

  /** An order of the caller's. */
  hear(order: Exclude<Order, { kind: 'look' }>): void {
    const { backend } = this.#host
    if (order.kind === 'granted') {
      const more = this.#stream?.grant(order.total) ?? 0
      for (const job of this.#jobs) if (more > 0) backend.pull(job, more)
      return
    }
    const reason = decodeFailure(order.failure, new MessageDecoding())
    for (const job of this.#jobs)
      if (order.kind === 'leave') backend.leave(job, reason)
      else backend.cancel(job, reason)
  }

  /** It was taken ahead of its turn and not begun: another node may have it at once. */
  handBack(): void {
    this.#delivery.back(0, false)
    this.#end()
  }

  /** The node ends before it: whoever may run it again gets it at once. */
  async giveUp(): Promise<void> {
    if (this.#over) return
    const { idempotent, task } = this.#envelope
    this.#fenced = true
    for (const job of this.#jobs)
      this.#host.backend.cancel(job, new AbortError(`${this.#host.id} was stopped.`))
    if (idempotent) this.#delivery.back(0, true)
    else if (this.#revision !== undefined) {
      const { bytes } = this.#endingOf(failed(new NodeLostError(task.name, this.#host.id)), 0)
      // If the store does not answer, whoever is given it next finds that it was begun.
      await storeEnding(this.#records, this.id, bytes, this.#revision).then(
        () => this.#delivery.done(),
        () => {},
      )
    }
    await this.#takeBackNote()
    this.#end()
  }

  // ── whether to run it ──

  /**
   * Whether nobody has settled it, nor begun what may not be run twice; most times that is known at
   * once.
   */
  #isFirst(): true | Promise<boolean> {
    const { cancelled, engine } = this.#host
    if (this.#records === undefined) return true
    const isFresh = this.#envelope.idempotent && this.#delivery.attempt === 1
    // In one program a look costs nothing, and no connection keeps orders and tasks in their order.
    const mayBegin = isFresh && !engine.isLocal && cancelled.isLoaded && !cancelled.has(this.id)
    return mayBegin || this.#isFirstIn(this.#records)
  }

  async #isFirstIn(records: Records): Promise<boolean> {
    const { counts, id: node } = this.#host
    const { attempt } = this.#delivery
    if (!this.#envelope.idempotent) {
      this.#revision = await records.create(this.id, writeMessage({ kind: 'begun', node, attempt }))
      if (this.#revision !== undefined) return true
    }
    const record = await records.get(this.id)
    if (record === undefined) return this.#envelope.idempotent
    const ending = readEnding(record.bytes)
    if (ending?.kind === 'begun') {
      // Its node is silent: nobody knows how far it came.
      this.#revision = record.revision
      await this.#settle(failed(new NodeLostError(this.#envelope.task.name, ending.node)), 0)
      return false
    }
    counts.late += 1
    this.#hint(record.bytes)
    this.#delivery.done()
    return false
  }

  async #unknown(why: string): Promise<void> {
    const { engine, counts } = this.#host
    if (!engine.isLocal && this.#delivery.attempt < mostUnknown) {
      counts.handedOn += 1
      return await this.#handOn(unknownPauseMs * (0.5 + runtime().random()), true)
    }
    const error = new UnknownTaskError(
      `No node runs ${show(this.#envelope.task)}: ${why}. Start a worker with its module: npx atonce worker ./tasks.ts, of the version that calls it.`,
    )
    await this.#settle(failed(error), 0)
  }

  /**
   * Nothing was run of it: anybody may have it, whatever it is. Unless somebody has found it begun
   * meanwhile: then its ending stands there, which is not this node's to remove.
   */
  async #handOn(pauseMs: number, counts: boolean): Promise<void> {
    if (this.#revision !== undefined) await this.#records?.remove(this.id, this.#revision)
    this.#delivery.back(pauseMs, counts)
    this.#end()
  }

  /**
   * Whether so many nodes fell silent while they ran it that it is to blame: then it is given up.
   * It is looked at where it comes again and again only.
   */
  async #killsNodes(): Promise<boolean> {
    const { idempotent, task } = this.#envelope
    if (!idempotent || this.#delivery.attempt < watchedFrom) return false
    const { engine } = this.#host
    this.#noted = true
    const silent = await noteRun(engine, this.id, this.#attempt)
    if (silent >= mostSilent)
      await this.#settle(failed(new NodeLostError(task.name, this.#host.id, silent)), 0, false)
    else if (this.#fenced) this.#end()
    return this.#over
  }

  get #attempt(): { attempt: number; node: string; atMs: number } {
    const { id: node, engine } = this.#host
    return { attempt: this.#delivery.attempt, node, atMs: engine.wallMs() }
  }

  #expired(): Error {
    return new TimeoutError(
      `${this.#envelope.task.name} was not begun before its deadline; it was still waiting in ${this.#delivery.queue}.`,
      0,
    )
  }

  // ── running ──

  async #run(task: Task): Promise<void> {
    const { args, special, form, credit, stores } = this.#envelope
    let inputs: ChunkInputs | undefined
    let decoded: readonly unknown[] | undefined
    try {
      if (form === 'chunk') inputs = chunkInputs(args, special)
      else decoded = decode(args, special, 'args') as readonly unknown[]
      if (task.accepts !== undefined) {
        const why = decoded === undefined ? undefined : await refusalOf(task, decoded)
        if (why !== undefined) return await this.#settle(failed(why), 0, false)
        if (inputs !== undefined) inputs = await acceptedOf(task, inputs)
        if (this.#fenced) return this.#end()
      }
    } catch (error) {
      return this.ended(failed(error), 0)
    }
    this.#inputs = inputs
    if (form === 'stream') this.#stream = new NodeStream(this.id, credit, this)
    const held = stores
      .filter(({ place }) => isPropagatedHere(place))
      .map(({ place, value, special: revive }) => ({ place, value: decode(value, revive, 'context') }))
    const kept = runtime()
    outside.runInAsyncScope(() =>
      inRuntime(kept, () => withStores(held, () => this.#submit(task, decoded, inputs))),
    )
  }

  #submit(task: Task, args: readonly unknown[] | undefined, inputs: ChunkInputs | undefined): void {
    const { backend } = this.#host
    const { traceparent } = this.#envelope
    const apart = backend.model === 'coroutines'
    const parts = {
      task,
      attempt: Math.max(this.#envelope.attempt, this.#delivery.attempt),
      relayed: !apart,
      stream: this.#stream,
      context: new AsyncResource('atonce.call'),
      to: this.#envelope.key,
      traceparent: traceparent === undefined ? undefined : childOf(traceparent),
    }
    if (inputs !== undefined && apart) {
      const jobOf = (one: readonly unknown[], ended: (reply: NestedReply) => void) =>
        new NodeJob(
          { ...parts, args: one, inputs: undefined },
          { started: () => this.started(), progressed: () => {}, ended },
        )
      this.#jobs = runApart(backend, task, inputs, jobOf, reply => this.ended(reply, 0))
      return
    }
    if (inputs?.inputs.length === 0) return this.ended({ kind: 'doneChunk', outcomes: [] }, 0)
    const job = new NodeJob({ ...parts, args, inputs: inputs?.inputs }, this)
    this.#jobs = [job]
    backend.submit(job)
  }

  started(): void {
    if (this.#told) return
    this.#told = true
    this.tell({ kind: 'started', id: this.id, node: this.#host.id })
  }

  progressed(done: number, total: number | undefined): void {
    this.tell({ kind: 'progress', id: this.id, done, total })
  }

  /** A value of the stream can't be sent: nobody asks for more. */
  refused(error: Error): void {
    runtime().soon(() => {
      for (const job of this.#jobs) this.#host.backend.cancel(job, error)
    })
  }

  ended(reply: NestedReply, workMs: number): void {
    if (this.#over) return
    if (this.#fenced || !this.#host.mayCount(this)) return this.#end()
    this.#settling = true
    const refused = this.#stream?.refused
    const said = refused === undefined ? reply : failed(refused)
    const whole = this.#inputs === undefined ? said : chunkReply(said, this.#inputs)
    void this.#settle(whole, workMs)
      .catch((error: unknown) => {
        if (!(error instanceof StoreRefusesError)) throw error
        return this.#settle(failed(error), workMs, false) // Why is short, and may find room.
      })
      .catch((error: unknown) => {
        if (error instanceof StoreRefusesError) warnUnstored(this.id, error)
        this.#end()
      })
  }

  // ── what is stored about it ──

  async #settle(reply: NestedReply, workMs: number, mayRepeat = true): Promise<void> {
    const { counts, engine } = this.#host
    const { bytes, reply: kept } = this.#endingOf(reply, workMs)
    if (kept.kind === 'failed' && this.#envelope.keep !== 'calls') {
      const failures = await noteFailure(engine, this.id, this.#attempt, kept.failure)
      if (mayRepeat && failures <= this.#envelope.retries) {
        this.#delivery.back(pauseMs(this.#envelope.retryDelayMs, failures), true)
        return this.#end()
      }
      await buryDead(engine, this.#delivery, kept.failure)
    }
    const isFirst = await storeEnding(this.#records, this.id, bytes, this.#revision)
    if (!isFirst) return await this.#comeSecond(kept)
    counts[kept.kind === 'failed' ? 'failed' : 'done'] += 1
    this.#noted = false
    this.#hint(bytes)
    this.#delivery.done()
    this.#end()
  }

  /** The record is another one by now: somebody has settled it, or handed it on without a run. */
  async #comeSecond(own: NestedReply): Promise<void> {
    const record = await this.#records?.get(this.id)
    const first = record && readEnding(record.bytes)
    const hasFailed = first?.kind === 'settled' && first.reply.kind === 'failed'
    if (own.kind === 'failed' && !hasFailed) await unbury(this.#host.engine, this.id)
    this.#host.counts.duplicates += 1
    if (first === undefined) this.#delivery.back(0, true)
    else this.#delivery.done()
    this.#end()
  }

  #endingOf(reply: NestedReply, workMs: number): WrittenEnding {
    const { attempt } = this.#delivery
    const batches = this.#stream?.batches ?? 0
    return endingOf({ id: this.id, reply, workMs, node: this.#host.id, attempt, batches })
  }

  /** The ending as it is stored is the news of it. */
  #hint(ending: Uint8Array): void {
    const { to } = this.#envelope
    if (to !== '') this.#host.engine.publish(`caller.${to}`, ending)
  }

  tell(news: NodeNews): void {
    // Of a submitted task nobody hears anything but its ending.
    if (this.#envelope.keep === 'calls') this.#hint(writeMessage(news))
  }

  // ── the lease ──

  #beatSoon(): void {
    this.#beat = runtime().setTimer(this.#host.engine.leaseMs / 3, () => void this.#beatOnce())
    this.#beat.unref()
  }

  /**
   * A sign of life; and a look whether somebody has settled it meanwhile, as the order to stop may
   * be lost.
   */
  async #beatOnce(): Promise<void> {
    try {
      const held = await this.#delivery.extend()
      if (this.#over) return
      if (!held)
        return this.#settling ? undefined : this.fence('Its lease was lost: another node may run it.')
      const record = await this.#records?.get(this.id)
      if (this.#over) return
      if (record !== undefined && readEnding(record.bytes)?.kind === 'settled')
        this.#cancel('Its caller has cancelled it.')
    } catch {} // The store does not answer: the lease may lapse, and the next beat tells.
    if (!this.#over) this.#beatSoon()
  }

  /** Another node may run it, or another one in its place: what this one comes to is dropped. */
  fence(why: string): void {
    if (this.#over || this.#fenced || this.#settling) return
    this.#host.counts.fenced += 1
    this.#fenced = true
    this.#cancel(why)
  }

  #cancel(why: string): void {
    for (const job of this.#jobs)
      this.#host.backend.cancel(job, new AbortError(`${this.#envelope.task.name} was stopped. ${why}`))
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#beat?.cancel()
    void this.#takeBackNote()
    this.#host.over(this)
  }

  /** Its run was broken off, and the node lives: the task is not to blame. */
  async #takeBackNote(): Promise<void> {
    if (!this.#noted) return
    this.#noted = false
    await forgetRun(this.#host.engine, this.id, this.#attempt).catch(() => {})
  }
}

function failed(error: unknown): NestedReply {
  return { kind: 'failed', failure: failureOf(error) }
}
