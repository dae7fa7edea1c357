/**
 * A node: takes tasks from queues, as many as it has places, and runs them on an executor of its
 * own.
 *
 *     engine ── consume ──▶ Node ── NodeCall ──▶ the executor's backend
 *     engine ── order.<node> ──▶ Node ──▶ the call that it is for
 *
 * Who runs what is the store's to decide; a node decides nothing about other nodes, and knows none.
 */

import type { Definition } from '../actors/contract.ts'
import { OptionError } from '../errors.ts'
import type { Backend } from '../executor/backend.ts'
import { backendOf, type Executor } from '../executor/executor.ts'
import { type Parked, park } from '../runtime/park.ts'
import { runtime, type Timer } from '../runtime/runtime.ts'
import { toBytes } from '../wire/portable/writer.ts'
import { Sessions } from './actors/sessions.ts'
import { Ahead } from './ahead.ts'
import { Cancelled } from './cancelling.ts'
import type { Catalogue } from './catalogue.ts'
import type { NodeCounts } from './counts.ts'
import type { Consumer, Delivery, Engine } from './engine.ts'
import { EntityHost } from './entities/host.ts'
import { isSettled, mayRunAgain, settleGone } from './left-over.ts'
import { readEnvelope, readOrder } from './messages.ts'
import { type CallHost, NodeCall } from './node-call.ts'
import { parting } from './parting.ts'
import { Permits } from './permits/permits.ts'
import type { NodeStatus } from './status.ts'

export interface NodeParts {
  readonly id: string
  readonly engine: Engine
  /** What runs the tasks; it ends with the node. */
  readonly on: Executor
  readonly queues: readonly string[]
  readonly catalogue: Catalogue
  /** Classes whose actors may live here; undefined: all that this program's modules declare. */
  readonly classes?: readonly Definition[]
}

/** How often a node says that it is there; a record of it is kept for five times as long. */
const aliveEveryMs = 3_000
/** How long a task that was taken ahead may wait for its turn, until others are asked. */
const patientMs = 250
/** The pause before a task that came without a permit is given to anybody. */
const crowdedMs = 100

export class Node implements CallHost {
  readonly id: string
  readonly engine: Engine
  readonly backend: Backend
  readonly catalogue: Catalogue
  readonly on: Executor
  readonly queues: readonly string[]
  readonly counts: NodeCounts = {
    done: 0,
    failed: 0,
    late: 0,
    duplicates: 0,
    fenced: 0,
    forged: 0,
    handedOn: 0,
  }
  readonly cancelled: Cancelled
  readonly #calls = new Map<string, NodeCall>()
  /** Taken ahead of their turn; nothing was done for them yet. */
  readonly #held: NodeCall[] = []
  readonly #ahead = new Ahead()
  #handingBack: Timer | undefined
  #host: EntityHost | undefined
  readonly #classes: readonly Definition[] | undefined
  #sessions: Sessions | undefined
  #permits: Permits | undefined
  #consumer: Consumer | undefined
  #silence: (() => void)[] = []
  #alive: Timer | undefined
  #revision: number | undefined
  #closing = false
  #left: Parked<void> | undefined

  /** @throws OptionError if `on` is not an executor of this copy of atonce */
  constructor({ id, engine, on, queues, catalogue, classes }: NodeParts) {
    const backend = backendOf(on)
    if (backend === undefined || backend.model === 'cluster')
      throw new OptionError(
        'cluster({ on }) takes an executor of this program: threads(), processes() or coroutines().',
      )
    this.id = id
    this.engine = engine
    this.on = on
    this.backend = backend
    this.queues = queues
    this.catalogue = catalogue
    this.#classes = classes
    this.cancelled = new Cancelled(engine)
  }

  /** How many tasks it runs at a time. */
  get places(): number {
    return this.backend.concurrency ?? this.backend.workers
  }

  get running(): number {
    return this.#calls.size
  }

  start(): void {
    this.cancelled.load()
    for (const at of [`node.${this.id}`, 'nodes']) this.#silence.push(this.engine.listen(at, this.#hear))
    this.#permits = new Permits(this)
    this.#consumer = this.engine.consume({
      queues: this.queues,
      places: queue => Math.min(this.#room, this.#permits?.room(queue) ?? 0),
      take: delivery => this.#take(delivery),
      gone: id => settleGone(this.engine, id),
      isAlone: async () => (await this.engine.records('nodes').keys()).every(id => id === this.id),
      isOver: id => isSettled(this.engine, id),
      mayRunAgain,
    })
    const { engine, id, on } = this
    this.#sessions = new Sessions({ engine, node: id, on, classes: this.#classes })
    if (!engine.isLocal) this.#sayAlive()
  }

  /**
   * Takes nothing more, lets what runs end within `graceMs`, hands the rest back, and leaves; its
   * executor is closed then. Never rejects.
   */
  async close(graceMs: number): Promise<void> {
    this.#closing = true
    this.cancelled.stop()
    await this.#consumer?.stop().catch(() => {})
    this.#handBack()
    this.#sessions?.close()
    await parting(this.#host?.close())
    if (this.#calls.size > 0 && graceMs > 0) await this.#drain(graceMs)
    await parting(this.#leave())
    this.#alive?.cancel()
    for (const stop of this.#silence.splice(0)) stop()
    await this.on.close({ graceMs })
  }

  async #leave(): Promise<void> {
    await Promise.all([...this.#calls.values()].map(call => call.giveUp()))
    await this.#permits?.leave()
    this.#alive?.cancel()
    if (!this.engine.isLocal) await this.engine.records('nodes').remove(this.id)
  }

  over(call: NodeCall): void {
    if (this.#calls.get(call.id) === call) this.#calls.delete(call.id)
    this.#permits?.over(call.queue)
    this.#ahead.over()
    const next = this.#held.shift()
    if (next !== undefined) void next.begin()
    if (this.#calls.size === 0) this.#left?.unpark()
    if (this.#room > 0) this.#consumer?.wake()
  }

  // ── ahead of their turn ──

  /**
   * How many more to take: all that there is room for, or none while that would be a few at a time.
   */
  get #room(): number {
    if (this.#closing) return 0
    const room = this.places + this.#ahead.count - this.#calls.size
    const isFew = room < this.#ahead.count / 2
    return isFew && this.#calls.size >= this.places ? 0 : room
  }

  /** Each worker has one more at hand when the present ones are short. */
  get #begins(): number {
    return this.places + Math.min(this.places, this.#ahead.count)
  }

  #hold(call: NodeCall): void {
    this.#held.push(call)
    if (this.#handingBack !== undefined) return
    const first = this.#held[0]
    this.#handingBack = runtime().setTimer(patientMs, () => {
      this.#handingBack = undefined
      if (this.#held[0] === first) this.#handBack() // What runs now is long.
      const [next] = this.#held.splice(0, 1)
      if (next !== undefined) this.#hold(next)
    })
    this.#handingBack.unref()
  }

  /** To whoever has a place for them. */
  #handBack(): void {
    this.#ahead.forget()
    for (const call of this.#held.splice(0)) call.handBack()
  }

  async #drain(graceMs: number): Promise<void> {
    this.#left = park<void>('the tasks of a node to end', this)
    const timer = runtime().setTimer(graceMs, () => this.#left?.unpark())
    await this.#left.promise
    timer.cancel()
  }

  #take(delivery: Delivery): void {
    const envelope = readEnvelope(delivery.bytes)
    if (envelope === undefined || envelope.id !== delivery.id || this.#calls.has(envelope.id)) {
      // Forged; or this node has it already, and was silent too long.
      if (envelope === undefined) this.counts.forged += 1
      if (envelope === undefined || envelope.id !== delivery.id) return delivery.done()
      return delivery.back(this.engine.leaseMs / 3, true)
    }
    // Asked for before others got the permits; on its way since.
    if ((this.#permits?.room(delivery.queue) ?? 0) <= 0)
      return delivery.back(crowdedMs * (0.5 + runtime().random()), false)
    const call = new NodeCall(this, delivery, envelope)
    this.#calls.set(envelope.id, call)
    this.#permits?.took(call.queue)
    if (this.#calls.size - this.#held.length > this.#begins) this.#hold(call)
    else void call.begin()
  }

  readonly #hear = (bytes: Uint8Array): void => {
    const order = readOrder(bytes)
    if (order === undefined) return
    if (order.kind === 'look') this.cancelled.hear(order.id)
    else this.#calls.get(order.id)?.hear(order)
  }

  // ── permits ──

  more(): void {
    this.#consumer?.wake()
  }

  lost(queue: string): void {
    for (const call of this.#calls.values())
      if (call.queue === queue)
        call.fence('The permit to run it was lost: another task may run in its place.')
  }

  mayCount(call: NodeCall): boolean {
    return this.#permits?.isHeld(call.queue) ?? false
  }

  // ── entities ──

  /** Their entities may live here from now on. */
  host(definitions: Iterable<Definition>): void {
    if (this.#closing) return
    this.#host ??= new EntityHost(this.engine, this.id, [])
    for (const definition of definitions) this.#host.know(definition)
  }

  // ── what others see of it ──

  #sayAlive(): void {
    void this.#write().catch(() => {})
    this.#alive = runtime().setTimer(aliveEveryMs, () => this.#sayAlive())
    this.#alive.unref()
  }

  get status(): NodeStatus {
    return {
      id: this.id,
      queues: this.queues,
      workers: this.places,
      running: this.running,
      tasks: this.catalogue.names(),
      counts: { ...this.counts },
      shards: this.#host?.shards ?? [],
      sessions: this.#sessions?.count ?? 0,
      silent: this.#consumer?.silent ?? [],
      pid: process.pid,
    }
  }

  async #write(): Promise<void> {
    const records = this.engine.records('nodes')
    const bytes = toBytes(this.status, false, { maxBytes: 1 << 20 })
    const revision = this.#revision
    this.#revision =
      revision === undefined
        ? await records.create(this.id, bytes)
        : await records.replace(this.id, bytes, revision)
    this.#revision ??= (await records.get(this.id))?.revision
  }
}
