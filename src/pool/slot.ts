/** The near side of one worker: what is in its hands, and what its messages and its end mean. States and steps: README.md. */
import {
  AtonceError,
  ClosedError,
  ProtocolError,
  WorkerCrashedError,
  type WorkerErrorDetails,
  WorkerStartError,
  WorkerStartTimeoutError,
} from '../errors.ts'
import { callerError, learnClasses } from '../executor/caller.ts'
import type { Holder, ReadyJob } from '../executor/ready-job.ts'
import { runtime, type Timer } from '../runtime/runtime.ts'
import type { Outcome } from '../task/results.ts'
import { nameOf, type Task } from '../task/task.ts'
import { decode } from '../wire/codec.ts'
import { encodeFailure, type WireFailure } from '../wire/failure.ts'
import {
  type FromWorker,
  isFromWorker,
  type NestedMessage,
  type NestMessage,
  type UnnestMessage,
} from '../wire/messages.ts'
import { yieldedValues } from '../wire/yields.ts'
import { messageOf, reasonOf } from '../worker/exit-reason.ts'
import type { Exit, FarWorker, StartWorker } from '../worker/far-worker.ts'
import { failuresIn, outcomeOf, unsendable } from '../worker/reply.ts'
import { ToldTasks } from '../worker/told-tasks.ts'
import { Giving } from './giving.ts'
import { Hand } from './hand.ts'
import { Helping } from './helping.ts'
import { relayedOutcome, rootOf, waits } from './nested.ts'
import { Wear } from './wear.ts'
import {
  type Bounds,
  isLate,
  lowestWaiting,
  patience,
  roomFor,
  roomWithin,
  waitsLong,
  wantsMore,
} from './worth.ts'

export type SlotState = 'starting' | 'idle' | 'busy' | 'draining' | 'stopping' | 'ended'

/** What a slot tells the pool. */
export interface SlotOwner {
  /** The worker has nothing in its hands. */
  idle(slot: Slot): void
  /** The worker has answered and may be given more. */
  answered(slot: Slot): void
  /** The job has an outcome. */
  settled(ready: ReadyJob, outcome: Outcome<unknown>, workMs?: number): void
  /** These jobs are back, in their order; the worker has not begun them. */
  returned(jobs: readonly ReadyJob[]): void
  /** A call that the worker runs has made a call of its own. */
  nest(slot: Slot, parent: ReadyJob, message: NestMessage): void
  /** It does not want that one any more. */
  unnest(parent: ReadyJob, message: UnnestMessage): void
  /** Nothing of the worker is left. `loading` is the module that it died of, if it was importing one. */
  ended(slot: Slot, why: Error, details: EndDetails): void
}

export interface EndDetails {
  readonly wasReady: boolean
  readonly loading: string | undefined
  /** This side wanted it. */
  readonly expected: boolean
  readonly idle: boolean
}

export interface SlotOptions {
  readonly startTimeoutMs: number
  readonly graceMs: number
  readonly maxCallsPerWorker: number
  readonly initialize: Task | undefined
}

/** The number of the call that a new worker begins with. */
const initializing = -(2 ** 30)

/** A worker's message that ends a call. */
type Answer = Extract<FromWorker, { kind: 'done' | 'doneChunk' | 'failed' | 'dropped' }>

export class Slot implements Holder {
  readonly index: number
  readonly #owner: SlotOwner
  readonly #options: SlotOptions
  readonly #worker: FarWorker
  readonly #hand = new Hand<ReadyJob>()
  readonly #helping = new Helping()
  readonly #wear: Wear
  readonly #tasks = new ToldTasks()
  readonly #giving: Giving
  #state: SlotState = 'starting'
  /** The worker has ended, and what it said last is being read: a job that it were given now would seem to have ended it. */
  gone = false
  #wasReady = false
  /** The number of the call that the worker was asked to leave. */
  #draining: number | undefined
  #crash: WireFailure | undefined
  /** Why this side ends the worker, if it does. */
  #verdict: Error | undefined
  #deadline: Timer | undefined
  /** The worker's fast lane had no room for a call, and was not looked at since. */
  #congested = false
  #held = true
  #givenSinceIdle = 0
  /** When the worker began with the first call in its hands, or turned idle. */
  #sinceMs = 0

  constructor(index: number, start: StartWorker, owner: SlotOwner, options: SlotOptions) {
    this.index = index
    this.#owner = owner
    this.#options = options
    this.#wear = new Wear(options.maxCallsPerWorker)
    this.#setDeadline(options.startTimeoutMs, () =>
      this.#end(new WorkerStartTimeoutError('starting', options.startTimeoutMs, this.#details())),
    )
    this.#worker = start(index, {
      message: message => this.#receive(message),
      done: (seq, workMs, value, more) => this.#done(seq, workMs, value, more),
      patience: () => (this.#state === 'busy' ? patience(this.#hand.count) : 0),
      ending: () => {
        this.gone = true
      },
      exited: exit => this.#exited(exit),
    })
    this.#giving = new Giving(this.#worker, this.#tasks, task => this.#loads(task))
    this.#worker.hold()
  }

  get state(): SlotState {
    return this.#state
  }

  get pid(): number | undefined {
    return this.#worker.pid
  }

  get threadId(): number | undefined {
    return this.#worker.threadId
  }

  get name(): string {
    return this.#worker.name
  }

  /** Whether it is at a call that somebody waits for. */
  get running(): boolean {
    return this.#state === 'busy' || (this.#state === 'draining' && this.#hand.first?.over === false)
  }

  /** Whether it has been given several calls since it was idle the last time. */
  get wasGivenMany(): boolean {
    return this.#givenSinceIdle > 1
  }

  /** How many calls the worker has in its hands. */
  get inHand(): number {
    return this.#hand.count
  }

  /** The calls in its hands, the one that it runs first. */
  get inHandNow(): readonly ReadyJob[] {
    return [...this.#hand]
  }

  /** The calls that it runs beside its hand. */
  get helpedNow(): readonly ReadyJob[] {
    return this.#helping.all
  }

  /** How many calls it runs beside its hand. */
  get helping(): number {
    return this.#helping.open
  }

  /** How long, by `nowMs`, it has been at the first call in its hands, or idle. */
  sinceMs(nowMs: number): number {
    return nowMs - this.#sinceMs
  }

  /** Whether the program is kept alive for this worker. */
  get held(): boolean {
    return this.#held
  }

  /**
   * How many calls like this one a busy worker may be given behind what it has: it knows the task, there is room, and the
   * call that it is in is a cheap one too.
   */
  roomFor({ task, cost }: ReadyJob, takesBack: boolean): number {
    return this.#takes(task) ? roomFor(this.#hand, cost, this.#bounds(takesBack)) : 0
  }

  /** The same for a worker that can be taken calls back from, before all that is in its hands takes `ms`. */
  roomWithin(ms: number, { task, cost }: ReadyJob): number {
    return this.#takes(task) ? roomWithin(ms, this.#hand, cost, this.#bounds(true)) : 0
  }

  #takes(task: Task): boolean {
    return this.#state === 'busy' && !this.gone && !this.congested && this.#tasks.isLoaded(task)
  }

  #bounds(takesBack: boolean): Bounds {
    return { takesBack, capacity: this.#worker.capacity, callsLeft: this.#wear.callsLeft }
  }

  /** Whether what is given to it now would have to leave by a slower way than what it has. */
  get congested(): boolean {
    if (this.#congested) this.#congested = this.#worker.congested ?? false
    return this.#congested
  }

  /** Whether the worker has come to the middle of what it may have in its hands: then more is given, many at once. */
  wantsMore(takesBack: boolean): boolean {
    return !this.congested && wantsMore(this.#hand, takesBack, this.#worker.capacity)
  }

  /** Lets those leave that were assigned since the last time. */
  deliver(): void {
    this.#worker.deliver()
  }

  /** Puts the job into the worker's hands, to leave with `deliver`. Settles it at once if it can't be sent. */
  assign(ready: ReadyJob): void {
    if (this.#state === 'idle') {
      this.#state = 'busy'
      this.#givenSinceIdle = 0
      this.#hold()
    }
    this.#givenSinceIdle += 1
    const seq = this.#hand.add(ready)
    ready.slot = this
    this.#wear.given(ready)
    try {
      if (!this.#giving.give(seq, ready)) this.#congested = this.#worker.congested ?? false
    } catch (cause) {
      this.#take(seq)
      this.#owner.settled(ready, unsendable(cause))
      if (this.#hand.count === 0) this.#next()
      return
    }
    if (this.#hand.count === 1) this.#begin(ready)
  }

  /** The job was settled by somebody else: takes it back, or asks the worker to leave it, and ends a worker that does not. */
  abandon(ready: ReadyJob, reason: Error): void {
    if (ready.seq < 0) return this.#abandonHelp(ready, reason)
    if (this.#verdict !== undefined) return
    const { seq } = ready
    const isFirst = this.#hand.first === ready
    if (this.#worker.recall(seq)) {
      this.#take(seq)
      this.#wear.takenBack(ready)
      if (isFirst) this.#next()
      return
    }
    this.#sendCancel(seq, reason)
    // The worker drops it when it comes to it, and says so; if it comes to it before it has read this, #next drains it.
    if (isFirst || this.#worker.hadBegun(seq, false)) this.#drain(seq)
  }

  /** The calls that wait for it on the same worker end with it, if the worker must be ended. */
  #abandonHelp({ seq }: ReadyJob, reason: Error): void {
    if (this.#verdict !== undefined || this.#state === 'ended') return
    this.#sendCancel(seq, reason)
    this.#worker.flagCancelled(seq)
    this.#helping.expire(
      seq,
      runtime().setTimer(this.#options.graceMs, () => this.#graceIsOver(seq)),
    )
  }

  #sendCancel(seq: number, reason: Error): void {
    const failure = encodeFailure(reason, value => ({ value: String(value), special: false }))
    this.#worker.send({ kind: 'cancel', seq, failure })
  }

  /** The generator of a stream in this worker's hand may yield so much more. */
  pull(ready: ReadyJob, count: number): void {
    if (this.#verdict !== undefined) return
    this.#hold()
    this.#worker.send({ kind: 'pull', seq: ready.seq, count })
  }

  /** Nobody wants more of a stream in this worker's hand: asks its generator to end, and ends a worker where it does not. */
  leave(ready: ReadyJob, reason: Error): void {
    if (ready.over) return
    this.abandon(ready, reason)
    if (ready.slot === this) this.#hold()
    else this.#owner.settled(ready, { ok: true, value: undefined })
  }

  /** Whether what waits behind the first call is worth to be given to another worker. */
  get waitsLong(): boolean {
    return this.#state === 'busy' && waitsLong(this.#hand)
  }

  /** Whether what is behind the first call waits for one that takes longer than it should, by `slackMs` at least. */
  isLate(nowMs: number, slackMs: number): boolean {
    return this.#state === 'busy' && isLate(this.#hand, this.sinceMs(nowMs), slackMs)
  }

  /** The lowest priority behind the first call. */
  get lowestWaiting(): number {
    return lowestWaiting(this.#hand)
  }

  /** Takes back what waits behind the first call, as far as the worker has not begun it and that can be known. */
  takeBack(): ReadyJob[] {
    const { first } = this.#hand
    return this.#takeBackAll(ready => ready !== first)
  }

  #takeBackAll(wanted: (ready: ReadyJob) => boolean): ReadyJob[] {
    const back = [...this.#hand].filter(
      ready => wanted(ready) && !ready.over && this.#worker.recall(ready.seq),
    )
    for (const ready of back) {
      this.#take(ready.seq)
      this.#wear.takenBack(ready)
    }
    return back
  }

  /** The family whose nested calls the worker may run now, as all that it has begun wait for theirs. */
  get helps(): ReadyJob | undefined {
    const { first } = this.#hand
    if (this.#state !== 'busy' || first === undefined || !waits(first)) return undefined
    return this.#helping.allWait ? rootOf(first) : undefined
  }

  /** Gives the worker a nested call beside those in its hands. Settles it at once if it can't be sent. */
  help(ready: ReadyJob): void {
    const seq = this.#helping.add(ready)
    ready.slot = this
    this.#wear.given(ready)
    try {
      this.#giving.help(seq, ready)
    } catch (cause) {
      this.#take(seq)
      return this.#owner.settled(ready, unsendable(cause))
    }
    ready.started()
  }

  /** Sends the news of a nested call to the worker that made it, if it still wants any. */
  tell(message: NestedMessage): void {
    if (this.#state !== 'ended' && this.#verdict === undefined) this.#worker.send(message)
  }

  /** Asks an idle worker to end; kills it if it does not. */
  stop(): void {
    if (this.#state !== 'idle') return this.kill(new Error('The worker was ended.'))
    this.#state = 'stopping'
    this.#hold()
    this.#worker.stop()
    this.#setDeadline(this.#options.graceMs, () => this.#worker.kill())
  }

  /** Ends the worker now; a call that it has begun is settled with `why`. */
  kill(why: Error): void {
    this.#end(why)
  }

  /** Lets the program end while this worker has nothing to do that anybody waits for. */
  release(): void {
    this.#held = false
    this.#worker.release()
  }

  #hold(): void {
    if (this.#held) return
    this.#held = true
    this.#worker.hold()
  }

  /** The worker has to import the module of a task. */
  #loads(task: Task): void {
    const { startTimeoutMs } = this.#options
    this.#setDeadline(startTimeoutMs, () =>
      this.#end(new WorkerStartTimeoutError(`importing ${task.module}`, startTimeoutMs, this.#details())),
    )
  }

  #receive(message: unknown): void {
    if (this.#state === 'ended') return
    if (!isFromWorker(message)) return this.#end(new ProtocolError(describe(message), this.#details()))
    switch (message.kind) {
      case 'ready':
        return this.#started()
      case 'loaded':
        return this.#loaded(message.ref)
      case 'loadFailed':
        return this.#loaded(message.ref) // The call that it was loaded for fails with the same reason.
      case 'worn':
        this.#wear.grown()
        if (this.#state === 'idle') this.stop()
        return
      case 'crashed':
        this.#crash = message.failure
        return
      default:
        return this.#receiveOfCall(message)
    }
  }

  #started(): void {
    if (this.#state !== 'starting' || this.#tasks.size > 0)
      return this.#end(new ProtocolError('ready, for the second time', this.#details()))
    const { initialize } = this.#options
    if (initialize === undefined) return this.#canWork()
    const ref = this.#giving.tell(initialize)
    this.#worker.send({
      kind: 'help',
      seq: initializing,
      ref,
      args: [],
      special: false,
      chunk: false,
      attempt: 1,
    })
  }

  /** The task that a new worker begins with has ended, or wants what it can't have. */
  #initialized(message: Extract<FromWorker, { seq: number }>): void {
    const task = this.#options.initialize as Task
    switch (message.kind) {
      case 'done':
        this.#tasks.loadedTask(task)
        return this.#canWork()
      case 'failed': {
        const cause = callerError(message.failure, undefined)
        const why = `its initialize task, ${nameOf(task)}, threw ${cause.name}: ${cause.message}`
        return this.#end(new WorkerStartError(why, { ...this.#details(), cause }))
      }
      case 'nest': {
        const error = new ClosedError(
          `${nameOf(task)} initializes a worker, and can't run tasks on its pool yet.`,
        )
        const failure = encodeFailure(error, value => ({ value: String(value), special: false }))
        const reply = { kind: 'failed', failure } as const
        return this.tell({ kind: 'nestedSettled', id: message.id, reply, workMs: undefined, left: false })
      }
    }
  }

  #canWork(): void {
    this.#clearDeadline()
    this.#wasReady = true
    this.#turnIdle()
  }

  #loaded(ref: number): void {
    this.#tasks.loaded(ref)
    if (this.#state === 'busy' || this.#state === 'idle') this.#clearDeadline()
  }

  /** The fast lane's answer. */
  #done(seq: number, workMs: number, value: unknown, more: boolean): void {
    if (this.#state === 'ended') return
    if (seq === initializing && this.#state === 'starting')
      return this.#initialized({ kind: 'done', seq, value, special: false, workMs })
    const ready = this.#take(seq)
    if (ready === undefined)
      return this.#end(new ProtocolError('done for a call that it does not have', this.#details()))
    const outcome: Outcome<unknown> = ready.relayed
      ? relayedOutcome({ kind: 'done', value, special: false })
      : { ok: true, value }
    if (!ready.over) this.#owner.settled(ready, outcome, workMs)
    // The worker is past the next call already: what is to be done now is done after the last of these answers.
    if (more && seq >= 0 && this.#deadline === undefined && this.#helping.count === 0) return
    this.#answered(ready)
  }

  #receiveOfCall(message: Extract<FromWorker, { seq: number }>): void {
    if (message.seq === initializing && this.#state === 'starting') return this.#initialized(message)
    const ready = this.#get(message.seq)
    if (message.kind === 'progress') {
      if (ready !== undefined && !ready.over) ready.progressed(message.done, message.total)
      return
    }
    if (ready === undefined) {
      return this.#end(new ProtocolError(`${message.kind} for a call that it does not have`, this.#details()))
    }
    if (message.kind === 'nest') {
      // The first one would never be left: it ends with the call that made it, by this number.
      if (ready.nested?.has(message.id))
        return this.#end(new ProtocolError('nest, with a number that is taken', this.#details()))
      return this.#owner.nest(this, ready, message)
    }
    if (message.kind === 'unnest') return this.#owner.unnest(ready, message)
    if (message.kind === 'yielded' || message.kind === 'yieldedOne' || message.kind === 'returning')
      return this.#receiveOfStream(ready, message)
    this.#take(message.seq)
    if (!ready.over) this.#settle(ready, message)
    this.#answered(ready)
  }

  #get(seq: number): ReadyJob | undefined {
    return seq < 0 ? this.#helping.get(seq) : this.#hand.get(seq)
  }

  #take(seq: number): ReadyJob | undefined {
    const ready = this.#get(seq)
    if (ready === undefined) return undefined
    ready.slot = undefined
    if (seq < 0) this.#helping.remove(seq)
    else this.#hand.remove(seq)
    return ready
  }

  #receiveOfStream(ready: ReadyJob, message: StreamMessage): void {
    const { stream } = ready
    if (ready.over) return
    if (stream === undefined)
      return this.#end(new ProtocolError(`${message.kind} for a call that is no stream`, this.#details()))
    if (message.kind === 'returning') return stream.returning()
    const weight = message.kind === 'yieldedOne' ? message.weight : 1
    const read = this.#attempt(() => ({
      ok: true,
      value: message.kind === 'yielded' ? yieldedValues(message) : [decode(message.value, message.special)],
    }))
    if (!read.ok) return this.#end(read.error as Error)
    const credit = stream.yielded(read.value as unknown[], weight)
    if (credit < 0) this.#end(new ProtocolError('more values than were asked for', this.#details()))
    // Nobody waits: the program may end.
    if (credit === 0 && this.#state === 'busy') this.release()
  }

  #settle(ready: ReadyJob, message: Answer): void {
    if (message.kind === 'dropped') return this.#owner.settled(ready, this.#dropped(ready))
    if (ready.relayed) return this.#owner.settled(ready, relayedOutcome(message), message.workMs)
    const read = () => outcomeOf(message, ready)
    if (message.kind === 'done') return this.#owner.settled(ready, this.#attempt(read), message.workMs)
    this.#settleKnowing(failuresIn(message), ready, read, message.workMs)
  }

  /** A cancelled call was settled then; this is a stream that was left before it began, or a forgery. */
  #dropped(ready: ReadyJob): Outcome<unknown> {
    if (ready.stream !== undefined && this.#draining === ready.seq) return { ok: true, value: undefined }
    return this.#forged('dropped for a call that nobody cancelled')
  }

  /** What a worker is at that forges answers can't be known: it gets no other call. */
  #forged(what: string): Outcome<unknown> {
    const error = new ProtocolError(what, this.#details())
    this.#end(error)
    return { ok: false, error }
  }

  /** The worker is free at once, even if the answer must wait for its error classes. */
  #settleKnowing(
    failures: readonly WireFailure[],
    ready: ReadyJob,
    read: () => Outcome<unknown>,
    workMs: number,
  ): void {
    const settle = () => {
      if (!ready.over) this.#owner.settled(ready, this.#attempt(read), workMs)
    }
    const learning = failures.length === 0 ? undefined : learnClasses(failures, ready)
    if (learning === undefined) settle()
    else learning.then(settle)
  }

  /** A reply whose inside is not what it should be is a forged one. */
  #attempt(read: () => Outcome<unknown>): Outcome<unknown> {
    try {
      return read()
    } catch (error) {
      if (error instanceof AtonceError) return { ok: false, error }
      return this.#forged(`a reply that can't be read (${messageOf(error)})`)
    }
  }

  /** The call is out of the worker's hands. */
  #answered(ready: ReadyJob): void {
    if (ready.seq < 0) return this.#helped(ready)
    // While a later call drains, the deadline is that one's.
    if (this.#deadline !== undefined && (this.#draining ?? ready.seq) === ready.seq) {
      this.#tasks.loadedTask(ready.task)
      this.#clearDeadline()
    }
    if (this.#draining === ready.seq) this.#draining = undefined
    this.#next()
  }

  /** A call beside the hand has ended. */
  #helped({ task }: ReadyJob): void {
    if (this.#tasks.isLoading(task)) this.#loaded(this.#tasks.refOf(task) as number)
    if (this.#state === 'draining') this.#next()
    else this.#owner.answered(this)
  }

  #next(): void {
    if (this.#draining !== undefined || this.#verdict !== undefined || this.#state === 'ended') return
    if (this.#helping.count > 0) {
      this.#state = 'draining' // The worker begins no other call before they have ended.
      return this.#owner.returned(this.#takeBackAll(() => true))
    }
    const next = this.#hand.first
    if (next === undefined) return this.#turnIdle()
    if (this.gone) return
    if (next.over) return this.#drain(next.seq)
    if (this.#state === 'draining') this.#hold()
    this.#state = 'busy'
    this.#begin(next)
    this.#owner.answered(this)
  }

  /** The worker is in a call that was cancelled, or will be next: lets it end that by itself within `graceMs`. */
  #drain(seq: number): void {
    this.#worker.flagCancelled(seq)
    this.#draining = seq
    this.#state = 'draining'
    this.#setDeadline(this.#options.graceMs, () => this.#graceIsOver(seq))
    this.#owner.returned(this.takeBack())
    this.release()
  }

  /** After a turn of the loop: the answer may have lain here unread, and the worker may be in the next call by now. */
  async #graceIsOver(seq: number): Promise<void> {
    await runtime().yieldToLoop()
    if (this.#draining !== seq && this.#helping.get(seq) === undefined) return
    this.#end(new WorkerCrashedError('it did not leave a cancelled call within graceMs', this.#details()))
  }

  #begin(ready: ReadyJob): void {
    this.#sinceMs = runtime().now()
    if (!ready.over) ready.started()
  }

  #turnIdle(): void {
    this.#state = 'idle'
    this.#sinceMs = runtime().now()
    if (this.gone) return
    if (this.#wear.isWorn)
      this.stop() // Its end makes place for another.
    else this.#owner.idle(this)
  }

  #end(why: Error): void {
    if (this.#state === 'ended' || this.#verdict !== undefined) return
    this.#verdict = why
    if (this.#state === 'idle') this.#state = 'stopping'
    this.#clearDeadline()
    this.#held = true
    this.#worker.hold() // Whoever waits for the end must not lose the program before it comes.
    this.#worker.kill()
  }

  #exited(exit: Exit): void {
    if (this.#state === 'ended') return
    const idle = this.#state === 'idle'
    const expected = this.#verdict !== undefined || this.#state === 'stopping'
    const loading = this.#loadingModule()
    const why =
      this.#verdict ??
      reasonOf({
        exit,
        crash: this.#crash,
        wasReady: this.#wasReady,
        loading,
        job: this.#hand.first,
        details: this.#details(),
      })
    this.#state = 'ended'
    this.#clearDeadline()
    this.#giveUp(why, loading !== undefined)
    this.#owner.ended(this, why, { wasReady: this.#wasReady, loading, expected, idle })
  }

  /** What the worker had begun died with it, and so did the call that it imported the module for; the rest goes back. */
  #giveUp(why: Error, isLoading: boolean): void {
    const back: ReadyJob[] = []
    for (const ready of this.#helping.clear()) {
      ready.slot = undefined
      if (!ready.over) this.#owner.settled(ready, { ok: false, error: why })
    }
    let first = true
    for (const ready of this.#hand) {
      const begun = this.#worker.hadBegun(ready.seq, first) || (first && isLoading) || !canBeGivenAgain(ready)
      first = false
      ready.slot = undefined
      if (ready.over) continue
      if (begun) this.#owner.settled(ready, { ok: false, error: why })
      else back.push(ready)
    }
    if (back.length > 0) this.#owner.returned(back)
  }

  #loadingModule(): string | undefined {
    const task = this.#hand.first?.task
    return task !== undefined && this.#tasks.isLoading(task) ? task.module : undefined
  }

  #details(): WorkerErrorDetails {
    const task = this.#hand.first?.task
    return {
      worker: this.#worker?.name ?? `worker ${this.index}`,
      task: task === undefined ? undefined : nameOf(task),
    }
  }

  #setDeadline(ms: number, passed: () => void): void {
    this.#clearDeadline()
    this.#deadline = runtime().setTimer(ms, passed)
  }

  #clearDeadline(): void {
    this.#deadline?.cancel()
    this.#deadline = undefined
  }
}

type StreamMessage = Extract<FromWorker, { kind: 'yielded' | 'yieldedOne' | 'returning' }>

/** What has moved to one worker can't be sent to another. */
function canBeGivenAgain({ encoded }: ReadyJob): boolean {
  return encoded === undefined || encoded.transfer.length === 0
}

/**
 * Whether the job may wait in a worker's hands. Not a nested one: it would wait behind a call that may wait for it. Not what
 * moves: it could not be given again to another worker. Not a stream: it holds its worker for as long as it likes.
 */
export function mayWaitInHand(ready: ReadyJob): boolean {
  return ready.nesting === undefined && ready.stream === undefined && canBeGivenAgain(ready)
}

function describe(message: unknown): string {
  const kind =
    typeof message === 'object' && message !== null ? (message as { kind?: unknown }).kind : message
  return String(kind).slice(0, 80)
}
