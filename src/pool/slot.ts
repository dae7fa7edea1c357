/**
 * The near side of one worker of a pool: what is in its hands. Its life is worker/life.ts; states
 * and steps: README.md.
 *
 *     assign(job) ─▶ hand ─▶ Giving ─▶ FarWorker ─┊─▶ far side
 *     owner.settled ◀─ Answers ◀─ Life.hears ◀────┊◀── done | failed | yielded | nest | …
 */
import { WorkerCrashedError } from '../errors.ts'
import type { Job } from '../executor/backend.ts'
import { noteWorker } from '../executor/call-notes.ts'
import type { Holder, ReadyJob } from '../executor/ready-job.ts'
import { type Runtime, runtime } from '../runtime/runtime.ts'
import type { Task } from '../task/task.ts'
import type { FromWorker, NestMessage } from '../wire/messages.ts'
import type { FarWorker, StartWorker } from '../worker/far-worker.ts'
import { type EndOfLife, Life, type LifeOwner } from '../worker/life.ts'
import { unsendable } from '../worker/reply.ts'
import { giveUp, isUntold } from './aftermath.ts'
import { type Answer, Answers, type StreamMessage } from './answers.ts'
import { Giving } from './giving.ts'
import { Hand } from './hand.ts'
import { Helping } from './helping.ts'
import { Leaving } from './leaving.ts'
import type { OwnerOf, SlotOptions } from './slot-owner.ts'
import { Wear } from './wear.ts'
import { type Bounds, patience } from './worth.ts'

/** What the worker does, as its pool sees it: its life's states, and those of the hand. */
export type SlotState = 'starting' | 'idle' | 'busy' | 'draining' | 'stopping' | 'ended'

/** What a slot tells the pool. */
export type SlotOwner = OwnerOf<Slot>

export class Slot implements Holder, LifeOwner {
  readonly index: number
  readonly #owner: SlotOwner
  readonly #graceMs: number
  readonly #runtime: Runtime
  /** From the start of the worker to its end. */
  readonly life: Life
  readonly #worker: FarWorker
  /** How many calls the worker runs side by side. With more than one, none waits in the hand. */
  readonly #places: number
  /** Whether a call may be sent while it starts: it has nothing to do before. */
  readonly #startsBare: boolean
  /** The calls in the worker's hands, the one that it runs first. */
  readonly hand = new Hand<ReadyJob>()
  /** The calls that it runs beside its hand. */
  readonly helping = new Helping()
  readonly #leaving: Leaving
  readonly #wear: Wear
  readonly #giving: Giving
  readonly #answers: Answers
  /** Only while its life is `ready` does this say what it does. */
  #doing: 'idle' | 'busy' | 'draining' = 'idle'
  /** The number of the call that the worker was asked to leave. */
  #draining: number | undefined
  /** The worker's fast lane had no room for a call, and was not looked at since. */
  #congested = false
  #givenSinceIdle = 0
  /** When the worker was started, began with the first call in its hands, or turned idle. */
  #sinceMs = runtime().now()

  constructor(index: number, start: StartWorker, owner: SlotOwner, options: SlotOptions) {
    this.index = index
    this.#owner = owner
    this.#graceMs = options.graceMs
    this.#runtime = runtime()
    this.#places = options.callsPerWorker
    this.#startsBare = options.initialize === undefined
    this.#wear = new Wear(options.maxCallsPerWorker)
    this.life = new Life(index, start, this, options)
    this.#worker = this.life.worker
    this.#giving = new Giving(this.life)
    this.#leaving = new Leaving(this.#worker, options.graceMs, seq => this.#graceIsOver(seq))
    this.#answers = new Answers(this.life, (ready, outcome, workMs) => owner.settled(ready, outcome, workMs))
    this.#converse()
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

  /** Whether it has been given several calls since it was idle the last time. */
  get wasGivenMany(): boolean {
    return this.#givenSinceIdle > 1
  }

  /** How long, by `nowMs`, it has been at the first call in its hands, or idle. */
  sinceMs(nowMs: number): number {
    return nowMs - this.#sinceMs
  }

  // ── what it may be given ──

  /** Whether it runs calls, and can be given more behind them. */
  get isBusy(): boolean {
    return this.#doing === 'busy' && this.life.state === 'ready'
  }

  /** What bounds its hand beside the cost of calls. */
  bounds(takesBack: boolean): Bounds {
    return { takesBack, capacity: this.#worker.capacity, callsLeft: this.#wear.callsLeft }
  }

  /** Whether what is given to it now would have to leave by a slower way than what it has. */
  get congested(): boolean {
    if (this.#congested) this.#congested = this.#worker.congested ?? false
    return this.#congested
  }

  /** Whether it takes calls, or will when it has started. */
  get stays(): boolean {
    const { state } = this.life
    return (state === 'ready' || state === 'starting') && !this.#wear.isWorn
  }

  /** Whether it runs as many calls as it may. */
  get isFull(): boolean {
    return this.hand.count >= this.#places
  }

  /** Whether it can begin one more call beside those that it runs. */
  get hasPlace(): boolean {
    return this.isBusy && !this.isFull && this.hand.room > 0 && !this.#wear.isWorn && !this.congested
  }

  /** Whether it still starts and may be given its first call: only one, even if taken back. */
  get isVacant(): boolean {
    return this.#startsBare && this.life.state === 'starting' && this.#givenSinceIdle === 0
  }

  // ── what it is given, and what is taken back ──

  /** Adds the job to the hand, to leave with `flush`. Settles it now if it can't be sent. */
  assign(ready: ReadyJob): void {
    if (this.#doing === 'idle') {
      this.#doing = 'busy'
      this.#givenSinceIdle = 0
      this.life.hold()
    } else if (this.#places > 1) this.life.hold() // A stream may rest beside it.
    this.#givenSinceIdle += 1
    const seq = this.hand.add(ready)
    ready.slot = this
    noteWorker(ready, this.#worker)
    this.#wear.given(ready)
    try {
      if (!this.#giving.give(seq, ready)) this.#congested = this.#worker.congested ?? false
    } catch (cause) {
      this.#take(seq)
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
    noteWorker(ready, this.#worker)
    this.#wear.given(ready)
    try {
      this.#giving.help(seq, ready)
    } catch (cause) {
      this.#take(seq)
      return this.#owner.settled(ready, unsendable(cause))
    }
    this.#owner.began(ready, this.#runtime.now())
    ready.started()
  }

  /** The job was settled elsewhere: takes it back, asks to leave it, or ends the worker. */
  abandon(ready: ReadyJob, reason: Error): void {
    if (this.life.isLost) return
    const { seq } = ready
    if (this.helping.has(seq)) return this.#leaving.ask(seq, reason)
    const isFirst = this.hand.first === ready
    if (this.#worker.recall(seq)) {
      this.#take(seq)
      this.#wear.takenBack(ready)
      if (isFirst || this.#places > 1) this.#next()
      return
    }
    if (this.#places > 1 && this.life.wasReady) return this.#leaving.ask(seq, reason)
    this.#leaving.tell(seq, reason)
    // The worker drops it when it comes to it; if that is before it has read this, #next drains it.
    if (this.life.wasReady && (isFirst || this.#worker.hadBegun(seq, false))) this.#drain(seq)
  }

  /** The generator of a stream in this worker's hand may yield so much more. */
  pull({ seq }: ReadyJob, count: number): void {
    if (this.life.isLost) return
    this.life.hold()
    this.#worker.send({ kind: 'pull', seq, count })
  }

  /** Nobody wants more of a stream in its hand: ends the generator, or else the worker. */
  leave(ready: ReadyJob, reason: Error): void {
    if (ready.over) return
    this.abandon(ready, reason)
    if (ready.slot === this) this.life.hold()
    else this.#owner.settled(ready, { ok: true, value: undefined })
  }

  /** Takes back what it has not begun: all but the first call; everything while it starts. */
  takeBack(): ReadyJob[] {
    const [first] = this.begun
    return this.#takeBackAll(ready => ready !== first)
  }

  #takeBackAll(wanted: (ready: ReadyJob) => boolean): ReadyJob[] {
    const back = [...this.hand].filter(
      ready => wanted(ready) && !ready.over && this.#worker.recall(ready.seq),
    )
    for (const ready of back) {
      this.#take(ready.seq)
      this.#wear.takenBack(ready)
    }
    return back
  }

  // ── what its life tells ──

  /** Of several calls side by side, the only one that runs; or the one whose module comes first. */
  get at(): Job | undefined {
    if (!this.life.wasReady) return undefined
    if (this.hand.count < 2 || this.#places === 1) return this.hand.first
    const running = this.begun.filter(({ task }) => this.life.hasImported(task))
    if (running.length === 0) return this.hand.first
    return running.length === 1 ? running[0] : undefined
  }

  ready(): void {
    this.#owner.started?.(this, this.#runtime.now() - this.#sinceMs)
    const { first } = this.hand
    if (first !== undefined && this.#places > 1)
      first.over ? this.#leaving.await(first.seq) : this.#begin(first)
    this.#next()
  }

  /** The worker has imported the module of a task: a call that waited for that begins. */
  imported(task: Task): void {
    for (const ready of this.begun) if (ready.task === task && !ready.over) ready.started()
  }

  patience(): number {
    return this.#doing === 'busy' && this.#places === 1 ? patience(this.hand.count) : 0
  }

  done(seq: number, workMs: number, value: unknown, more: boolean): void {
    const beside = this.helping.has(seq)
    const ready = this.#take(seq)
    if (ready === undefined) return void this.life.forged('done for a call that it does not have')
    if (!ready.over) this.#answers.settlePlain(ready, value, workMs)
    if (beside) return this.#helped(ready)
    // The worker is past the next call already: the rest is done after the last of these answers.
    if (more && !this.life.deadline.isSet && this.helping.count === 0) return
    this.#answered(ready)
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

  // ── what the worker says ──

  #converse(): void {
    const answer = (message: Answer) => this.#of(message, ready => this.#answer(ready, message))
    const yielded = (message: StreamMessage) => this.#of(message, ready => this.#yielded(ready, message))
    this.life.hears
      .on('worn', () => this.wearOut())
      .on('progress', ({ seq, done, total }) => {
        const ready = this.jobOf(seq)
        if (ready !== undefined && !ready.over) ready.progressed(done, total)
      })
      .on('done', answer)
      .on('doneChunk', answer)
      .on('failed', answer)
      .on('dropped', answer)
      .on('yielded', yielded)
      .on('yieldedOne', yielded)
      .on('returning', yielded)
      .on('nest', message => this.#of(message, ready => this.#nest(ready, message)))
      .on('unnest', message => this.#of(message, ready => this.#owner.unnest(ready, message)))
  }

  /** Looks up the call that the message is about. */
  #of({ kind, seq }: Extract<FromWorker, { seq: number }>, hear: (ready: ReadyJob) => void): void {
    const ready = this.jobOf(seq)
    if (ready === undefined) this.life.forged(`${kind} for a call that it does not have`)
    else hear(ready)
  }

  #answer(ready: ReadyJob, message: Answer): void {
    const wasLeft = this.#draining === ready.seq || this.#leaving.has(ready.seq)
    const beside = this.helping.has(message.seq)
    this.#take(message.seq)
    if (!ready.over) {
      if (message.kind === 'dropped') this.#answers.drop(ready, wasLeft)
      else this.#answers.settle(ready, message)
    }
    if (beside) this.#helped(ready)
    else this.#answered(ready)
  }

  #yielded(ready: ReadyJob, message: StreamMessage): void {
    if (ready.over || this.#answers.yielded(ready, message)) return
    // Nobody waits: the program may end.
    if (this.isBusy && this.hand.count + this.helping.count === 1) this.life.release()
  }

  #nest(ready: ReadyJob, message: NestMessage): void {
    // The first one would never be left: it ends with the call that made it, by this number.
    if (ready.nested?.has(message.id)) this.life.forged('nest, with a number that is taken')
    else this.#owner.nest(this, ready, message)
  }

  /** It finishes what it has, and another takes its place. */
  wearOut(): void {
    this.#wear.grown()
    if (this.state === 'idle') this.life.stop()
  }

  jobOf(seq: number): ReadyJob | undefined {
    return this.hand.get(seq) ?? this.helping.get(seq)
  }

  #take(seq: number): ReadyJob | undefined {
    const ready = this.hand.remove(seq) ?? this.helping.remove(seq)
    if (ready === undefined) return undefined
    ready.slot = undefined
    this.#leaving.left(seq)
    return ready
  }

  // ── what follows ──

  /** The call is out of the worker's hands. */
  #answered(ready: ReadyJob): void {
    const life = this.life
    if (life.deadline.isSet) life.imported(ready.task)
    if (this.#draining === ready.seq) {
      this.#draining = undefined
      life.deadline.clear() // While a later call drains, the limit is that one's.
    }
    this.#next()
  }

  /** A call beside the hand has ended. */
  #helped(ready: ReadyJob): void {
    this.life.imported(ready.task)
    if (this.#doing === 'draining' || this.#places > 1) this.#next()
    else this.#owner.answered(this)
  }

  #next(): void {
    if (this.#draining !== undefined || this.life.isLost) return
    // Where calls run side by side, each was begun when it came.
    if (this.#places > 1)
      return this.hand.count + this.helping.count === 0 ? this.#turnIdle() : this.#owner.answered(this)
    if (this.helping.count > 0) {
      this.#doing = 'draining' // The worker begins no other call before they have ended.
      return this.#owner.returned(this.#takeBackAll(() => true))
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

  /** The worker is in a cancelled call, or will be next: it has `graceMs` to leave it. */
  #drain(seq: number): void {
    this.#worker.flagCancelled(seq)
    this.#draining = seq
    this.#doing = 'draining'
    this.life.deadline.set(this.#graceMs, () => this.#graceIsOver(seq))
    this.#owner.returned(this.takeBack())
    this.life.release()
  }

  /** One turn later: the answer may lie here unread, or the worker may be in its next call. */
  async #graceIsOver(seq: number): Promise<void> {
    await this.#runtime.yieldToLoop()
    if (this.#draining !== seq && !this.#leaving.has(seq)) return
    const details = this.life.detailsOf(this.jobOf(seq))
    this.life.end(new WorkerCrashedError('it did not leave a cancelled call within graceMs', details))
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
    if (this.#wear.isWorn) this.life.stop()
    else this.#owner.idle(this)
  }
}
