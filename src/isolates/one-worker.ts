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
import { CallTimes } from '../executor/call-times.ts'
import { callerError } from '../executor/caller.ts'
import { executorNode, type LiveExecutor, listExecutor, queuedNodes } from '../executor/live.ts'
import { PriorityQueue } from '../executor/queue.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import { makerCancelled } from '../executor/refusals.ts'
import type { ExecutorStats } from '../executor/stats.ts'
import { type Ending, Tally } from '../executor/tally.ts'
import type { Look } from '../live/look.ts'
import type { LiveNode } from '../live/tree.ts'
import { Families } from '../pool/families.ts'
import { runningIn, waitingNode, workerNode } from '../pool/live.ts'
import { NamedTasks, NestedJob } from '../pool/nested.ts'
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
import { isWorker } from '../worker/birth.ts'
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
  readonly #families = new Families()
  readonly #named = new NamedTasks()
  readonly #times: CallTimes
  readonly #tally = new Tally()
  /** Jobs that were accepted and have no outcome yet. */
  #open = 0
  /** Why nothing runs any more, once the worker has ended. */
  #dead: Error | undefined
  /** Calls are in hand that have not left yet. */
  #flushing = false
  #giving = false

  constructor(options: PoolOptions, start: StartWorker, crossing: Crossing) {
    if (isWorker && !insideTask()) refuseExecutor()
    super(options.name, options.closeGraceMs)
    declareEnds()
    this.#times = new CallTimes(options.name)
    this.#queueLimit = options.queueLimit
    this.#crossing = crossing
    this.#lending = { ...crossing, lends: true }
    this.#slot = new Slot(1, start, this, options)
    listExecutor(this)
  }

  get alive(): boolean {
    return this.#dead === undefined && !this.admission.isClosing
  }

  submit(job: ReadyJob): void {
    let ready: ReadyJob
    try {
      ready = this.#check(job)
    } catch (error) {
      this.#tally.ended(job, 'failed')
      return job.settled({ ok: false, error })
    }
    this.#open += 1
    this.#tally.came(job)
    this.#times.came(ready, this.#queue.size, job.within?.owner)
    this.#queue.push(ready)
    this.admission.room.taken()
    this.#give()
  }

  cancel(job: ReadyJob, error: Error): void {
    if (!job.over) this.#end(job, error, () => job.settled({ ok: false, error }))
  }

  pull(job: ReadyJob, count: number): void {
    job.slot?.pull(job, count)
  }

  leave(job: ReadyJob, reason: Error): void {
    if (this.#queue.withdraw(job)) this.#settle(job, { ok: true, value: undefined }, 'cancelled')
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
    const { model } = this
    return {
      model,
      workers,
      crashes,
      queued: this.#open - running,
      running,
      ...this.#tally.counts,
      ...this.#times.all,
      pids: [],
    }
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
    if (this.#open > 0) return false
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
    const job = new NestedJob(message, this.#named.find(message), this.#crossing, news => life.send(news))
    const refusal = this.admission.forced ?? (parent.over ? makerCancelled(parent.task) : undefined)
    if (refusal !== undefined) return job.settled({ ok: false, error: refusal })
    const { id, args, special, moved } = message
    const ready = noteOn(job, { value: args, special, transfer: moved }, parent.stores)
    this.#families.add(ready, parent, id)
    this.#open += 1
    this.#times.came(ready, 0, parent)
    this.#slot.help(ready) // Beside the call that made it: there is nobody else.
  }

  unnest(parent: ReadyJob, { id, failure }: UnnestMessage): void {
    const ready = parent.nested?.get(id)
    if (ready !== undefined) this.cancel(ready, callerError(failure, undefined))
  }

  began(ready: ReadyJob, nowMs: number): void {
    this.#times.began(ready, ready.task, nowMs)
  }

  settled(ready: ReadyJob, outcome: Outcome<unknown>, workMs?: number): void {
    this.#settle(ready, outcome, outcome.ok ? 'done' : 'failed', workMs)
  }

  returned(jobs: readonly ReadyJob[]): void {
    const wanted = jobs.filter(ready => !ready.over)
    const refusal = this.admission.forced ?? this.#dead
    if (refusal === undefined) this.#queue.putBack(wanted)
    else for (const ready of wanted) this.#settle(ready, { ok: false, error: refusal }, 'failed')
  }

  ended(slot: Slot, why: Error, { expected, untold, wasReady, back }: EndOfSlot): void {
    const dead = this.admission.forced ?? new IsolateDiedError(this.name, why)
    this.#dead = dead
    if (!expected || (!wasReady && !this.admission.isClosing))
      publishWorkerCrash({ executor: this.name, worker: slot.life.worker.name, error: why })
    // Who waits is told by the refusal.
    if (untold && this.#open === 0)
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

  /** Refuses the job, or readies it for the wire. */
  #check(job: ReadyJob): ReadyJob {
    const refusal = this.admission.refusalOf(job, this.admission.isPart(job)) ?? this.#dead
    if (refusal !== undefined) throw refusal
    if (this.places() <= 0 && (job.attempt ?? 1) === 1) throw new QueueFullError(this.name, this.#queueLimit)
    addressOf(job.task)
    return noteOn(job, encodeArguments(job, this.#lending), encodeStores(this.#crossing))
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
    const { state, hand, life, helping, congested } = this.#slot
    if (next === undefined || life.state !== 'ready' || helping.count > 0) return undefined
    if (state === 'idle') return next
    if (state !== 'busy' || hand.count >= mostInHand || congested) return undefined
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
      this.#settle(ready, { ok: false, error: why }, 'cancelled')
    }
  }

  #settle(ready: ReadyJob, outcome: Outcome<unknown>, as: Ending, workMs?: number): void {
    if (ready.over) return
    this.#count(ready, as, workMs, outcome.ok ? outcome.value : undefined)
    const made = ready.nested !== undefined
    ready.settled(outcome, workMs)
    if (made) this.#leave(ready, undefined)
    if (this.#open === 0) this.admission.checkClosed()
  }

  #count(ready: ReadyJob, as: Ending, workMs?: number, answer?: unknown): void {
    this.#times.settled(ready, as, workMs)
    ready.over = true
    this.#open -= 1
    this.#tally.ended(ready, as, answer)
    this.#families.settled(ready)
  }

  /** Ends a job early: it, then what it has made. */
  #end(ready: ReadyJob, error: Error, tell: () => void): void {
    const waited = this.#queue.withdraw(ready)
    this.#count(ready, 'cancelled')
    const made = ready.nested !== undefined
    tell()
    if (!waited) ready.slot?.abandon(ready, error)
    if (made) this.#leave(ready, error)
    this.admission.room.changed()
    if (this.#open === 0) this.admission.checkClosed()
  }

  #leave(parent: ReadyJob, cause: Error | undefined): void {
    this.#families.leave(parent, cause, (ready, why) => this.#end(ready, why, () => ready.left?.(why)))
  }
}
