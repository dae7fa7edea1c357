/**
 * The near side of one worker of a pool: gives it calls and follows what it does with them. Its
 * life: worker/life.ts. Its states and steps: README.md.
 *
 *     assign(job) ─▶ hand ─▶ Giving ─▶ FarWorker ─┊─▶ far side
 *     owner.settled ◀─ Answers ◀─ Life.hears ◀────┊◀── done | failed | yielded | nest | …
 */
import type { Job } from '../executor/backend.ts'
import type { Holder, ReadyJob } from '../executor/ready-job.ts'
import { type Runtime, runtime } from '../runtime/runtime.ts'
import type { Task } from '../task/task.ts'
import type { NestMessage } from '../wire/messages.ts'
import type { FarWorker, StartWorker } from '../worker/far-worker.ts'
import { type EndOfLife, Life, type LifeOwner } from '../worker/life.ts'
import { unsendable } from '../worker/reply.ts'
import { giveUp, isUntold } from './aftermath.ts'
import { Answers } from './answers.ts'
import { Calls } from './calls.ts'
import { Giving } from './giving.ts'
import type { Hand } from './hand.ts'
import type { Helping } from './helping.ts'
import type { Leaving } from './leaving.ts'
import type { OwnerOf, SlotOptions } from './slot-owner.ts'
import { patience } from './worth.ts'

/** What the worker does, as its pool sees it: the states of its life and those of its hand. */
export type SlotState = 'starting' | 'idle' | 'busy' | 'draining' | 'stopping' | 'ended'

/** What a slot tells the pool. */
export type SlotOwner = OwnerOf<Slot>

export class Slot implements Holder, LifeOwner {
  readonly #owner: SlotOwner
  readonly #runtime: Runtime
  /** From the start of the worker to its end. */
  readonly life: Life
  readonly #worker: FarWorker
  /** How many calls the worker runs side by side. With more than one, none waits in the hand. */
  readonly #places: number
  readonly giving: Giving
  readonly #calls: Calls
  /** The calls in the worker's hand; the first one is the one that it runs. */
  readonly hand: Hand<ReadyJob>
  /** The calls that it runs beside its hand. */
  readonly helping: Helping
  readonly #leaving: Leaving
  readonly #answers: Answers
  /** What it does; valid only while its life is `ready`. */
  #doing: 'idle' | 'busy' | 'draining' = 'idle'
  /** When the worker was started, began the first call of its hand, or turned idle. */
  #sinceMs = runtime().now()

  constructor(index: number, start: StartWorker, owner: SlotOwner, options: SlotOptions) {
    this.#owner = owner
    this.#runtime = runtime()
    this.#places = options.callsPerWorker
    this.life = new Life(index, start, this, options)
    this.#worker = this.life.worker
    this.giving = new Giving(this.life, options)
    this.#calls = new Calls(this.life, this.giving, options.graceMs)
    this.hand = this.#calls.hand
    this.helping = this.#calls.helping
    this.#leaving = this.#calls.leaving
    this.#answers = new Answers(this.life, this.#calls, this, owner)
  }

  // ── what is seen of it ──

  get state(): SlotState {
    const { state, wasReady, isLeaving } = this.life
    if (state === 'ready') return this.#doing
    if (state === 'ended') return 'ended'
    if (!wasReady) return 'starting'
    return this.#doing === 'idle' && isLeaving ? 'stopping' : this.#doing
  }

  /** The calls of the hand that it has begun, as far as this side knows. */
  get begun(): readonly ReadyJob[] {
    if (!this.life.wasReady) return []
    if (this.#places > 1) return [...this.hand]
    const { first } = this.hand
    return first === undefined ? [] : [first]
  }

  /** How long, at `nowMs`, it has run the first call of its hand, or been idle. */
  sinceMs(nowMs: number): number {
    return nowMs - this.#sinceMs
  }

  /** Whether it runs calls, and can be given more behind them. */
  get isBusy(): boolean {
    return this.#doing === 'busy' && this.life.state === 'ready'
  }

  /** Whether it takes calls, or will do so once it has started. */
  get stays(): boolean {
    const { state } = this.life
    return (state === 'ready' || state === 'starting') && !this.giving.isWorn
  }

  /** Whether it runs as many calls as it may. */
  get isFull(): boolean {
    return this.hand.count >= this.#places
  }

  /** Whether it can run one more call side by side. */
  get hasPlace(): boolean {
    const { giving, hand } = this
    if (this.#places === 1) return false // Its hand is empty while its last answer is being heard.
    return this.isBusy && !this.isFull && hand.room > 0 && !giving.isWorn && !giving.congested
  }

  // ── what it is given, and what is taken back ──

  /** Adds the job to the hand; it leaves with `flush`. Settles it at once if it can't be sent. */
  assign(ready: ReadyJob): void {
    if (this.#doing === 'idle') {
      this.#doing = 'busy'
      this.giving.beginsAnew()
      this.life.hold()
    } else if (this.#places > 1) this.life.hold() // A stream may rest beside it.
    const seq = this.hand.add(ready)
    ready.slot = this
    try {
      this.giving.give(seq, ready)
    } catch (cause) {
      this.#calls.take(seq)
      this.#owner.settled(ready, unsendable(cause))
      if (this.hand.count === 0) this.#next()
      return
    }
    if (this.life.wasReady && (this.hand.count === 1 || this.#places > 1)) this.#begin(ready)
  }

  /** Gives it a nested call beside its hand. Settles that at once if it can't be sent. */
  help(ready: ReadyJob): void {
    const seq = this.hand.numberBeside()
    this.helping.add(seq, ready)
    ready.slot = this
    try {
      this.giving.help(seq, ready)
    } catch (cause) {
      this.#calls.take(seq)
      return this.#owner.settled(ready, unsendable(cause))
    }
    this.#owner.began(ready, this.#runtime.now())
    ready.started()
  }

  /** The job was settled elsewhere: takes it back, or asks the worker to stop it. */
  abandon(ready: ReadyJob, reason: Error): void {
    if (this.life.isLost) return
    const { seq } = ready
    if (this.helping.has(seq)) return this.#leaving.ask(seq, reason)
    const isFirst = this.hand.first === ready
    if (this.#calls.recall(ready)) {
      if (isFirst || this.#places > 1) this.#next()
      return
    }
    if (this.#places > 1 && this.life.wasReady) return this.#leaving.ask(seq, reason)
    this.#leaving.tell(seq, reason)
    // The worker drops the call when it comes to it. If it comes to it before it has read the
    // message, #next lets it drain.
    if (this.life.wasReady && (isFirst || this.#worker.hadBegun(seq, false))) this.#drain(seq)
  }

  /** Lets the generator of a stream yield `count` more values. */
  pull({ seq }: ReadyJob, count: number): void {
    if (this.life.isLost) return
    this.life.hold()
    this.#worker.send({ kind: 'pull', seq, count })
  }

  /** The consumer of a stream has left: ends the generator, or else the worker. */
  leave(ready: ReadyJob, reason: Error): void {
    if (ready.over) return
    this.abandon(ready, reason)
    if (ready.slot === this) this.life.hold()
    else this.#owner.settled(ready, { ok: true, value: undefined })
  }

  /** Takes back what it has not begun: all but the first call, or everything while it starts. */
  takeBack(): ReadyJob[] {
    const [first] = this.begun
    return [...this.hand].filter(ready => ready !== first && !ready.over && this.#calls.recall(ready))
  }

  // ── what its life tells ──

  /**
   * The call that it runs. Of several side by side: the only one whose module is imported, or the
   * first one if none is.
   */
  get at(): Job | undefined {
    if (!this.life.wasReady) return undefined
    if (this.hand.count < 2 || this.#places === 1) return this.hand.first
    const running = this.begun.filter(({ task }) => this.life.hasImported(task))
    if (running.length === 0) return this.hand.first
    return running.length === 1 ? running[0] : undefined
  }

  jobOf(seq: number): ReadyJob | undefined {
    return this.#calls.get(seq)
  }

  ready(): void {
    this.#owner.started?.(this, this.#runtime.now() - this.#sinceMs)
    const { first } = this.hand
    if (first !== undefined && this.#places > 1)
      first.over ? this.#leaving.await(first.seq) : this.#begin(first)
    this.#next()
  }

  /** The worker has imported the task's module: calls that waited for that begin. */
  imported(task: Task): void {
    for (const ready of this.begun) if (ready.task === task && !ready.over) ready.started()
  }

  patience(): number {
    return this.#doing === 'busy' && this.#places === 1 ? patience(this.hand.count) : 0
  }

  done(seq: number, workMs: number, value: unknown, more: boolean): void {
    const beside = this.helping.has(seq)
    const ready = this.#calls.take(seq)
    if (ready === undefined) return void this.life.forged('done for a call that it does not have')
    if (!ready.over) this.#answers.settlePlain(ready, value, workMs)
    // More answers follow at once: the rest is done after the last of them.
    if (more && !beside && !this.life.deadline.isSet && this.helping.count === 0) return
    this.freed(ready, beside)
  }

  ended(why: Error, end: EndOfLife): void {
    this.#leaving.clear()
    const { hand } = this
    const calls = { hand, beside: this.helping.clear(), areSideBySide: this.#places > 1 }
    const remains = { worker: this.#worker, life: this.life, end }
    const { back, someBegun, someTold } = giveUp(calls, why, remains, this.#owner)
    const idle = this.#doing === 'idle'
    const untold = !someTold && isUntold(why, end, someBegun)
    const fruitless = end.wasReady && !someBegun && !this.#answers.some
    this.#owner.ended(this, why, { ...end, idle, untold, back, fruitless })
  }

  // ── what its answers tell ──

  freed(ready: ReadyJob, beside: boolean): void {
    const { life } = this
    if (beside || life.deadline.isSet) life.imported(ready.task)
    if (!beside) {
      this.#leaving.drained(ready.seq)
      this.#next()
    } else if (this.#doing === 'draining' || this.#places > 1) this.#next()
    else this.#owner.answered(this)
  }

  nest(ready: ReadyJob, message: NestMessage): void {
    this.#owner.nest(this, ready, message)
  }

  /** Lets the program end, if it waits for nothing else of this worker. */
  rests(): void {
    if (this.isBusy && this.hand.count + this.helping.count === 1) this.life.release()
  }

  /** The worker finishes what it has and is replaced. */
  wearOut(): void {
    this.giving.wearOut()
    if (this.state === 'idle') this.life.stop()
  }

  // ── what follows ──

  #next(): void {
    if (this.#leaving.isDraining || this.life.isLost) return
    // Calls that run side by side were begun when they came.
    if (this.#places > 1)
      return this.hand.count + this.helping.count === 0 ? this.#turnIdle() : this.#owner.answered(this)
    if (this.helping.count > 0) {
      this.#doing = 'draining' // The worker begins no other call before they have ended.
      const back = [...this.hand].filter(ready => !ready.over && this.#calls.recall(ready))
      return this.#owner.returned(back)
    }
    const next = this.hand.first
    if (next === undefined) return this.#turnIdle()
    if (this.life.state === 'gone') return
    if (next.over) return this.#drain(next.seq)
    if (this.#doing === 'draining') this.life.hold()
    this.#doing = 'busy'
    this.#begin(next)
    this.#owner.answered(this)
  }

  /** The worker runs a cancelled call, or will run it next: it has `graceMs` to leave it. */
  #drain(seq: number): void {
    this.#doing = 'draining'
    this.#leaving.drain(seq)
    this.#owner.returned(this.takeBack())
    this.life.release()
  }

  #begin(ready: ReadyJob): void {
    this.#sinceMs = this.#runtime.now()
    this.#owner.began(ready, this.#sinceMs)
    if (!ready.over && this.life.hasImported(ready.task)) ready.started()
  }

  #turnIdle(): void {
    this.#doing = 'idle'
    this.#sinceMs = this.#runtime.now()
    if (this.life.state !== 'ready') return
    if (this.giving.isWorn) this.life.stop()
    else this.#owner.idle(this)
  }
}
