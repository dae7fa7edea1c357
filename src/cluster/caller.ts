/**
 * The caller's side: jobs become tasks in the store, endings become outcomes.
 *
 *     submit ─▶ Envelope ─▶ engine.submit ─┊─▶ … a node … ─┊─▶ news: started · progress · yielded · settled ─▶ job
 *                                          ┊               ┊     └ lost? look: the record in the store ─────▶ job
 *     cancel ─▶ the ending, as if a node had written it; and an order to the node that runs it
 *
 * A task belongs to the store, not to its caller: who dies loses nothing but its ear.
 */

import { refuseWhileImported } from '../actors/remote/place.ts'
import { type ClosedError, OptionError, QueueFullError } from '../errors.ts'
import { Admitting } from '../executor/admitting.ts'
import type { Backend, Job } from '../executor/backend.ts'
import { learnClasses } from '../executor/caller.ts'
import { callNode, executorNode, type LiveExecutor, listExecutor } from '../executor/live.ts'
import type { ExecutorStats } from '../executor/stats.ts'
import { callsIn, type Ending, Tally } from '../executor/tally.ts'
import { TimeHistogram } from '../executor/time-histogram.ts'
import type { Look } from '../live/look.ts'
import { type LiveNode, nodesOf } from '../live/tree.ts'
import { runtime } from '../runtime/runtime.ts'
import type { Outcome } from '../task/results.ts'
import { failuresIn } from '../worker/reply.ts'
import { Call } from './call.ts'
import { cancelInStore, orderToStop } from './cancelling.ts'
import { Ears } from './ears.ts'
import type { Engine } from './engine.ts'
import { Looks } from './looks.ts'
import { type NodeNews, type Order, readNews, type Settled, writeMessage } from './messages.ts'
import type { Node } from './node.ts'
import { failureOf } from './node-job.ts'
import { believed, taskOf } from './outward.ts'
import type { WorkerCount } from './status.ts'
import { traceparentFrom } from './trace-context.ts'

export interface CallerParts {
  readonly name: string
  readonly id: string
  readonly engine: Engine
  /** Whether the engine ends with this caller. */
  readonly ownsEngine: boolean
  readonly queue: string
  readonly queueLimit: number
  readonly closeGraceMs: number
  /** To which trace what is submitted now belongs. */
  readonly traceparent: (() => string | undefined) | undefined
  /** Nodes in this program that end with it. */
  readonly nodes: readonly Node[]
  /** Called when it ends, before its nodes do; what it waits for `giveUp` ends. */
  ending?(): Promise<void>
  /** The grace of its close is over. */
  giveUp?(): void
  /** How many workers there are on other machines, as far as it is known. */
  readonly elsewhere: WorkerCount | undefined
}

export class Caller extends Admitting implements Backend, LiveExecutor {
  readonly model = 'cluster'
  readonly id: string
  readonly engine: Engine
  readonly #parts: CallerParts
  readonly #calls = new Map<string, Call>()
  readonly #tally = new Tally()
  readonly #looks: Looks
  readonly ears: Ears
  readonly #silence: () => void
  readonly #queueMs = new TimeHistogram()
  readonly #runMs = new TimeHistogram()
  #numbered = 0
  #running = 0
  #ending: 'no' | 'ending' | 'ended' = 'no'

  constructor(parts: CallerParts) {
    super(parts.name, parts.closeGraceMs)
    this.#parts = parts
    this.id = parts.id
    this.engine = parts.engine
    this.#looks = new Looks(parts.engine, this.#calls, {
      started: (call, node) => this.#started(call, node),
      settled: (call, ending) => this.#settle(call, ending),
      failed: (call, error) => this.#over(call, { ok: false, error }, 'failed'),
      order: (node, order) => this.#order(node, order),
    })
    this.ears = new Ears(parts.name)
    this.#silence = this.engine.listen(`caller.${this.id}`, this.#hear)
    listExecutor(this)
  }

  get workers(): number {
    const own = this.#parts.nodes.reduce(
      (sum, { backend }) => sum + (backend.concurrency ?? backend.workers),
      0,
    )
    return Math.max(1, own, this.#parts.elsewhere?.workers ?? 0)
  }

  /** On a server, where a task costs caller, server and node about 1 ms together at first. */
  get chunkMs(): number | undefined {
    return this.engine.isLocal ? undefined : 12
  }

  /** Nothing is left to run, and the engine is being closed. */
  get isOver(): boolean {
    return this.#ending !== 'no'
  }

  nextId(): string {
    this.#numbered += 1
    return `${this.id}-${this.#numbered}`
  }

  /** To which trace what is submitted now belongs. */
  get traceparent(): string | undefined {
    return traceparentFrom(this.#parts.traceparent)
  }

  // ── jobs ──

  submit(job: Job): void {
    refuseWhileImported()
    const isRepeat = job.attempt !== undefined && job.attempt > 1
    const isPart = this.admission.isPart(job)
    const refusal = this.admission.refusalOf(job, isPart)
    if (refusal !== undefined) return this.#refuse(job, refusal)
    if (!isRepeat && this.places() <= 0)
      return this.#refuse(job, new QueueFullError(this.name, this.#parts.queueLimit))
    const id = this.nextId()
    const granted = job.stream?.credit() ?? 0
    const traceparent = this.traceparent
    const bytes = taskOf(job, { id, to: this.id, credit: granted, traceparent })
    if (!(bytes instanceof Uint8Array)) return this.#refuse(job, bytes)
    this.#tally.came(job)
    const call = new Call(id, job, granted, runtime().now())
    job.ready = call
    this.#calls.set(id, call)
    this.admission.room.taken()
    this.#looks.soon()
    const { queue } = this.#parts
    this.engine
      .submit({ queue, id, bytes, priority: job.priority, delayMs: 0, outlives: false, traceparent })
      .catch((error: unknown) => this.#over(call, { ok: false, error }, 'failed'))
  }

  /** @throws OptionError: what a node's workers need, its own `initialize` brings them */
  each(): never {
    throw new OptionError(
      `runOnEach is for executors whose workers are this program's own; those of ${this.name} belong to its nodes. Give it to the executor of the node: threads({ initialize }).`,
    )
  }

  cancel(job: Job, error: Error): void {
    const call = callOf(job)
    if (call === undefined || call.state === 'over') return
    this.#stop(call, error)
    this.#over(call, { ok: false, error }, 'cancelled')
  }

  /** Nobody shall begin it, and who has begun shall stop. */
  #stop(call: Call, error: Error): void {
    const failure = failureOf(error)
    orderToStop(this.engine, call.node, call.id, failure)
    void cancelInStore(this.engine, 'calls', call.id, failure).catch(() => {})
  }

  pull(job: Job, count: number): void {
    const call = callOf(job)
    if (call === undefined || call.state === 'over') return
    call.granted += count
    this.#order(call.node, { kind: 'granted', id: call.id, total: call.granted })
  }

  leave(job: Job, reason: Error): void {
    const call = callOf(job)
    if (call === undefined || call.state === 'over') return
    if (call.state === 'queued') {
      this.#stop(call, reason)
      return this.#over(call, { ok: true, value: undefined }, 'cancelled')
    }
    call.leaving = reason
    this.#order(call.node, { kind: 'leave', id: call.id, failure: failureOf(reason) })
  }

  #order(node: string | undefined, order: Order): void {
    this.engine.publish(node === undefined ? 'nodes' : `node.${node}`, writeMessage(order))
  }

  // ── news ──

  readonly #hear = (bytes: Uint8Array): void => {
    if (this.#calls.size + this.ears.count === 0) return // Of tasks that nobody here waits for.
    const news = readNews(bytes)
    if (news === undefined) return
    const call = this.#calls.get(news.id)
    if (call !== undefined) return this.#heard(call, news)
    if (news.kind === 'settled') this.ears.hear(news)
  }

  #heard(call: Call, news: NodeNews): void {
    switch (news.kind) {
      case 'started':
        return this.#started(call, news.node)
      case 'progress':
        if (call.state === 'queued') this.#started(call, call.node)
        return call.job.progressed(news.done, news.total)
      case 'settled':
        if (call.isWhole(news)) this.#settle(call, news)
        return
      default: {
        if (call.state === 'queued') this.#started(call, call.node)
        const ending = this.#values(call, news)
        if (ending !== undefined) this.#settle(call, ending)
      }
    }
  }

  #values(call: Call, news: Extract<NodeNews, { kind: 'yielded' | 'returning' }>): Settled | undefined {
    try {
      return call.heard(news)
    } catch (error) {
      this.#stop(call, error as Error)
      this.#over(call, { ok: false, error }, 'failed') // An instance that can't be made here.
      return undefined
    }
  }

  #started(call: Call, node: string | undefined): void {
    if (call.state === 'queued') {
      call.waitedMs = runtime().now() - call.sinceMs
      this.#running += 1
      this.admission.room.changed()
    }
    call.started(node as string)
  }

  #settle(call: Call, ending: Settled): void {
    const { reply, workMs } = ending
    const { job } = call
    const failures = failuresIn(reply)
    const learning = failures.length === 0 ? undefined : learnClasses(failures, job)
    const settle = () => {
      if (call.state === 'over') return
      const outcome = believed(reply, job)
      if (ending.node !== '' && job.stream === undefined) this.#measured(call, workMs)
      this.#over(call, outcome, outcome.ok ? 'done' : 'failed', workMs)
    }
    if (learning === undefined) settle()
    else void learning.then(settle)
  }

  #measured({ job, state, waitedMs, sinceMs }: Call, workMs: number): void {
    const calls = callsIn(job)
    // The answer of a short one overtakes the news that it began.
    this.#queueMs.add(state === 'queued' ? Math.max(0, runtime().now() - sinceMs - workMs) : waitedMs)
    this.#runMs.add(workMs / calls, calls)
  }

  #over(call: Call, outcome: Outcome<unknown>, as: Ending, workMs?: number): void {
    if (call.state === 'over') return
    if (call.state === 'running') this.#running -= 1
    call.state = 'over'
    call.job.ready = undefined
    this.#calls.delete(call.id)
    this.#tally.ended(call.job, as, outcome.ok ? outcome.value : undefined)
    call.job.settled(outcome, workMs)
    this.admission.room.changed()
    if (this.admission.isClosing) this.admission.checkClosed()
  }

  #refuse(job: Job, error: Error): void {
    this.#tally.ended(job, 'failed')
    job.settled({ ok: false, error })
  }

  // ── what is seen of it ──

  stats(): ExecutorStats {
    const own = this.#parts.nodes.map(({ on }) => on.stats())
    const sum = (of: (stats: ExecutorStats) => number) => own.reduce((total, stats) => total + of(stats), 0)
    return {
      model: this.model,
      workers: {
        starting: sum(({ workers }) => workers.starting),
        idle: sum(({ workers }) => workers.idle),
        busy: sum(({ workers }) => workers.busy),
      },
      crashes: sum(({ crashes }) => crashes),
      queued: this.#calls.size - this.#running,
      running: this.#running,
      ...this.#tally.counts,
      queueMs: this.#queueMs.times,
      runMs: this.#runMs.times,
      pids: own.flatMap(({ pids }) => pids),
    }
  }

  live(_look: Look): LiveNode | undefined {
    const { state } = this.admission
    if (state === undefined) return undefined
    const node = ({ job, state: at }: Call) => callNode(job, { state: at, maker: undefined })
    return executorNode(this, state, this.stats(), nodesOf([...this.#calls.values()], node))
  }

  // ── closing ──

  places(): number {
    return this.#parts.queueLimit + this.workers - this.#calls.size
  }

  refuseQueued(why: ClosedError): void {
    for (const call of [...this.#calls.values()]) if (call.state === 'queued') this.cancel(call.job, why)
  }

  force(why: ClosedError): void {
    this.#parts.giveUp?.()
    for (const call of [...this.#calls.values()]) this.cancel(call.job, why)
  }

  finish(): boolean {
    if (this.#calls.size > 0) return false
    if (this.#ending === 'no') {
      this.#ending = 'ending'
      void this.#end().then(() => {
        this.#ending = 'ended'
        this.admission.checkClosed()
      })
    }
    return this.#ending === 'ended'
  }

  async #end(): Promise<void> {
    await this.#parts.ending?.()
    const { graceMs } = this.admission
    await Promise.all(this.#parts.nodes.map(node => node.close(graceMs)))
    this.#looks.stop()
    await this.ears.close()
    this.#silence()
    this.#parts.elsewhere?.stop()
    if (this.#parts.ownsEngine) await this.engine.close().catch(() => {})
  }
}

function callOf(job: Job): Call | undefined {
  return job.ready as Call | undefined
}
