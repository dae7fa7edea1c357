/**
 * One worker that is never replaced, as a backend: what is accepted waits in a queue, and goes into
 * the worker's hands in its order.
 *
 *     submit(job) ─▶ check ─▶ queue ─▶ #give (some in hand at a time) ─▶ Slot ─┊─▶ far side
 *     job.settled ◀─────────────────────────────────────────────────── Slot ◀──┊◀── done | failed
 *     the worker's end ─▶ `dead`: what was not begun, and all that comes later, is refused with it
 *
 * Not a pool of one: a pool's first rule is that it mends itself, and here the state is the point.
 * What a worker has in its hands is the same, so that is the pool's slot (pool/README.md).
 */
import { type ClosedError, QueueFullError, WorkerStartError } from '../errors.ts'
import { addressOf } from '../executor/address.ts'
import { Admitting } from '../executor/admitting.ts'
import type { Backend } from '../executor/backend.ts'
import { executorNode, type LiveExecutor, listExecutor, queuedNodes } from '../executor/live.ts'
import { PriorityQueue } from '../executor/queue.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import type { ExecutorStats } from '../executor/stats.ts'
import type { Look } from '../live/look.ts'
import type { LiveNode } from '../live/tree.ts'
import { Accepted } from '../pool/accepted.ts'
import { runningIn, waitingNode, workerNode } from '../pool/live.ts'
import { NestedJobs } from '../pool/nested.ts'
import type { PoolOptions } from '../pool/options.ts'
import { encodeArguments, noteOn } from '../pool/readying.ts'
import { Slot, type SlotOwner } from '../pool/slot.ts'
import type { EndOfSlot } from '../pool/slot-owner.ts'
import { mayWaitInHand } from '../pool/worth.ts'
import { runtime } from '../runtime/runtime.ts'
import { insideTask } from '../task/context.ts'
import type { Outcome } from '../task/results.ts'
import { publishWorkerCrash } from '../trace.ts'
import type { Crossing } from '../wire/codec.ts'
import { declareEnds } from '../wire/lent/lend.ts'
import type { NestMessage, UnnestMessage } from '../wire/messages.ts'
import { encodeStores } from '../wire/propagation.ts'
import { isStarted } from '../worker/birth.ts'
import type { StartWorker } from '../worker/far-worker.ts'
import { refuseExecutor } from '../worker/refusal.ts'
import { IsolateDiedError } from './errors.ts'

/**
 * How many calls travel ahead of the running one: a burst pays for one bell, and a late call of
 * higher priority waits for few.
 */
const mostInHand = 16

export class OneWorker extends Admitting implements Backend<ReadyJob>, SlotOwner, LiveExecutor {
  readonly model = 'threads'
  readonly workers = 1
  readonly #queueLimit: number
  readonly #crossing: Crossing
  /** The same, for arguments. */
  readonly #lending: Crossing
  readonly #slot: Slot
  readonly #queue = new PriorityQueue<ReadyJob>()
  readonly #accepted: Accepted
  readonly #nested: NestedJobs
  /** Why nothing runs any more, once the worker has ended. */
  #dead: Error | undefined
  /** Calls are in hand that have not left yet. */
  #flushing = false
  #giving = false

  constructor(options: PoolOptions, start: StartWorker, crossing: Crossing) {
    if (isStarted && !insideTask()) refuseExecutor()
    super(options.name, options.closeGraceMs)
    declareEnds()
    this.#queueLimit = options.queueLimit
    this.#crossing = crossing
    this.#lending = { ...crossing, lends: true }
    this.#accepted = new Accepted(this.name, this.admission, this.#queue, () => {})
    this.#nested = new NestedJobs(crossing)
    this.#slot = new Slot(1, start, this, options)
    listExecutor(this)
  }

  get alive(): boolean {
    return this.#dead === undefined && !this.admission.isClosing
  }

  submit(job: ReadyJob): void {
    try {
      this.#ready(job)
    } catch (error) {
      return this.#accepted.refuse(job, error)
    }
    this.#accepted.came(job, this.#queue.size, job.within?.owner)
    this.#queue.push(job)
    this.admission.room.taken()
    this.#give()
  }

  cancel(job: ReadyJob, error: Error): void {
    this.#accepted.cancel(job, error)
  }

  pull(job: ReadyJob, count: number): void {
    job.slot?.pull(job, count)
  }

  leave(job: ReadyJob, reason: Error): void {
    if (this.#queue.withdraw(job)) this.#accepted.settle(job, { ok: true, value: undefined }, 'cancelled')
    else job.slot?.leave(job, reason)
  }

  stats(): ExecutorStats {
    const slot = this.#slot
    const { state } = slot
    const lives = this.#dead === undefined
    const running = runningIn(slot)
    const workers = {
      starting: lives && state === 'starting' ? 1 : 0,
      idle: lives && state === 'idle' ? 1 : 0,
      busy: lives && state !== 'starting' && state !== 'idle' ? 1 : 0,
    }
    const crashes = lives || slot.life.isLeaving ? 0 : 1
    return { model: this.model, workers, crashes, ...this.#accepted.stats(running), pids: [] }
  }

  live(_look: Look): LiveNode | undefined {
    const { state } = this.admission
    if (state === undefined) return undefined
    return executorNode(this, state, this.stats(), [
      ...(this.#dead === undefined ? [workerNode(this.#slot, runtime().now())] : []),
      ...queuedNodes(this.#queue, waitingNode),
    ])
  }

  // ── what the admission asks for ──

  /** All calls but the one that runs wait, wherever they lie. */
  places(): number {
    return this.#queueLimit + 1 - this.#slot.hand.count - this.#queue.size
  }

  refuseQueued(why: ClosedError): void {
    this.#queue.putBack(this.#slot.takeBack().filter(ready => !ready.over))
    this.#refuse(why)
  }

  force(why: ClosedError): void {
    this.#refuse(why)
    this.#slot.life.end(why)
  }

  finish(): boolean {
    if (this.#accepted.open > 0) return false
    if (this.#dead !== undefined) return true
    const { life, state } = this.#slot
    if (state === 'starting')
      life.end(new WorkerStartError(`${this.name} was closed`, { worker: life.worker.name }))
    else life.stop(Number.POSITIVE_INFINITY)
    return false
  }

  // ── what the slot tells ──

  idle({ life }: Slot): void {
    this.#give()
    if (this.#slot.state !== 'idle') return
    life.release()
    this.admission.checkClosed()
  }

  answered(): void {
    this.#give()
  }

  nest({ life }: Slot, parent: ReadyJob, message: NestMessage): void {
    const ready = this.#nested.jobOf(message, parent, life)
    const error = this.#accepted.refusalOfNested(parent)
    if (error !== undefined) return ready.settled({ ok: false, error })
    this.#accepted.cameNested(ready, 0, parent, message.id)
    this.#slot.help(ready) // Beside the call that made it: there is nobody else.
  }

  unnest(parent: ReadyJob, message: UnnestMessage): void {
    this.#accepted.unnest(parent, message)
  }

  began(ready: ReadyJob, nowMs: number): void {
    this.#accepted.began(ready, nowMs)
  }

  settled(ready: ReadyJob, outcome: Outcome<unknown>, workMs?: number): void {
    this.#accepted.settle(ready, outcome, outcome.ok ? 'done' : 'failed', workMs)
  }

  returned(jobs: readonly ReadyJob[]): void {
    const wanted = jobs.filter(ready => !ready.over)
    const error = this.admission.forced ?? this.#dead
    if (error === undefined) this.#queue.putBack(wanted)
    else for (const ready of wanted) this.#accepted.settle(ready, { ok: false, error }, 'failed')
  }

  ended(slot: Slot, why: Error, { expected, untold, wasReady, back }: EndOfSlot): void {
    const dead = this.admission.forced ?? new IsolateDiedError(this.name, why)
    this.#dead = dead
    if (!expected || (!wasReady && !this.admission.isClosing))
      publishWorkerCrash({ executor: this.name, worker: slot.life.worker.name, error: why })
    // Who waits is told by the refusal.
    if (untold && this.#accepted.open === 0)
      process.emitWarning(`${this.name} died while it had nothing to do: ${why.message}`, {
        type: 'AtonceWarning',
        code: 'ATONCE_IDLE_WORKER',
      })
    this.returned(back)
    this.#refuse(dead)
    this.admission.room.changed()
    this.admission.checkClosed()
  }

  // ── steps ──

  /** Readies the job for the wire, or throws why it is refused. */
  #ready(job: ReadyJob): void {
    const refusal = this.admission.refusalOf(job, this.admission.isPart(job)) ?? this.#dead
    if (refusal !== undefined) throw refusal
    if (this.places() <= 0 && (job.attempt ?? 1) === 1) throw new QueueFullError(this.name, this.#queueLimit)
    addressOf(job.task)
    noteOn(job, encodeArguments(job, this.#lending), encodeStores(this.#crossing))
  }

  /** A job that can't be sent makes the worker idle at once, which would call this again. */
  #give(): void {
    if (this.#giving) return
    this.#giving = true
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#queue.shift()
      this.#slot.assign(next)
      this.#flushSoon()
    }
    this.#giving = false
    this.admission.room.changed()
  }

  /**
   * The next call that may leave: with others before it, only one that can be taken back, and whose
   * module need not be imported first, as the limit for that would count while the others run.
   */
  #next(): ReadyJob | undefined {
    const next = this.#queue.peek()
    const { state, hand, life, helping, giving } = this.#slot
    if (next === undefined || life.state !== 'ready' || helping.count > 0) return undefined
    if (state === 'idle') return next
    if (state !== 'busy' || hand.count >= mostInHand || giving.congested) return undefined
    return mayWaitInHand(next) && life.hasImported(next.task) ? next : undefined
  }

  /** Calls of one turn leave together. */
  #flushSoon(): void {
    if (this.#flushing) return
    this.#flushing = true
    runtime().soon(() => {
      this.#flushing = false
      if (this.#dead === undefined) this.#slot.life.worker.flush?.()
    })
  }

  #refuse(why: Error): void {
    for (const ready of [...this.#queue]) {
      this.#queue.withdraw(ready)
      this.#accepted.settle(ready, { ok: false, error: why }, 'cancelled')
    }
  }
}
