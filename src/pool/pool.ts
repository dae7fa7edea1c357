/**
 * A pool of workers: decides which job goes to which worker, and when workers start and end.
 *
 *     submit(job) ─▶ check ─▶ queue ─▶ #assign ─▶ Slot ─▶ FarWorker ─┊─▶ far side
 *     job.settled ◀────────────────────────────── Slot ◀─────────────┊◀── done | failed | the worker's end
 *
 * States, steps and deaths: README.md.
 */
import { AbortError, ClosedError, QueueFullError, WorkerStartError } from '../errors.ts'
import { addressOf } from '../executor/address.ts'
import type { Backend, Job } from '../executor/backend.ts'
import { callerError } from '../executor/caller.ts'
import { executorNode, type LiveExecutor, listExecutor, queuedNodes } from '../executor/live.ts'
import { PriorityQueue } from '../executor/queue.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import { type Pause, type Paused, Pauses } from '../executor/repeat/pauses.ts'
import { Room } from '../executor/room.ts'
import type { ExecutorStats, Model } from '../executor/stats.ts'
import { TaskCost } from '../executor/task-cost.ts'
import type { Look } from '../live/look.ts'
import { type LiveNode, nodesOf } from '../live/tree.ts'
import { bellsPerTurn, holdMs, leastTogether, mostNested, stuckMs, worthWakingMs } from '../policy.ts'
import { type Parked, park } from '../runtime/park.ts'
import { runtime, type Timer } from '../runtime/runtime.ts'
import { insideTask } from '../task/context.ts'
import type { Outcome } from '../task/results.ts'
import { nameOf, type Task } from '../task/task.ts'
import { publishWorkerCrash } from '../trace.ts'
import { type Crossing, type Encoded, encode, needsNoCodec } from '../wire/codec.ts'
import { declareEnds } from '../wire/lent/lend.ts'
import type { NestMessage, UnnestMessage } from '../wire/messages.ts'
import { encodeStores } from '../wire/propagation.ts'
import { stackText } from '../wire/stack-text.ts'
import { isWorker } from '../worker/birth.ts'
import type { StartWorker } from '../worker/far-worker.ts'
import type { EndOfLife } from '../worker/life.ts'
import { refuseExecutor } from '../worker/refusal.ts'
import { waitingNode, workerNode } from './live.ts'
import { Families, NamedTasks, NestedJob, rootOf } from './nested.ts'
import type { PoolOptions } from './options.ts'
import { mayWaitInHand, Slot, type SlotOwner } from './slot.ts'
import { Starts } from './starts.ts'

export class Pool implements Backend, SlotOwner, LiveExecutor {
  readonly model: Model
  readonly name: string
  readonly workers: number
  readonly #options: PoolOptions
  readonly #start: StartWorker
  readonly #crossing: Crossing
  /** The same, for arguments. */
  readonly #lending: Crossing
  readonly #queue = new PriorityQueue<ReadyJob>()
  readonly #slots = new Set<Slot>()
  /** Idle slots, the one that turned idle last at the end. */
  readonly #idle: Slot[] = []
  /** Jobs that were accepted and have no outcome yet. */
  #open = 0
  /** The lowest priority that a job has had since there was none. */
  #lowest = Number.POSITIVE_INFINITY
  /** Jobs that have come since jobs were last given out, and before which others may have to give way. */
  #urgent = 0
  /** Jobs that have come since jobs were last given out. */
  #ungiven = 0
  #assigning = false
  /** So many are given out together next. */
  #together = 0
  /** So many were given out in this turn. */
  #inTurn = 0
  readonly #costs = new Map<Task, TaskCost>()
  readonly #chunkCosts = new Map<Task, TaskCost>()
  readonly #counts = { done: 0, failed: 0, cancelled: 0, crashes: 0, retried: 0 }
  readonly #starts: Starts
  readonly #families = new Families()
  readonly #named = new NamedTasks()
  readonly #room: Room
  readonly #pauses = new Pauses(() => this.#finishClosing())
  /** Whether calls can be taken back from a worker: where memory is shared. */
  readonly #takesBack: boolean
  #giving = false
  #giveAgain = false
  /** Who was given jobs that have not left yet. */
  readonly #given: Slot[] = []
  #lastIndex = 0
  #tidying: Timer | undefined
  #tidyAtMs = 0
  #watching: Timer | undefined
  #closing: Parked<void> | undefined
  #forced: ClosedError | undefined

  constructor(model: Model, options: PoolOptions, start: StartWorker, crossing: Crossing) {
    declareEnds()
    this.model = model
    this.name = options.name
    this.workers = options.workers
    this.#starts = new Starts(
      options.workers,
      () => this.#slots.size,
      () => this.#assign(),
    )
    this.#options = options
    this.#start = start
    this.#crossing = crossing
    this.#lending = { ...crossing, lends: true }
    this.#takesBack = crossing.sharedMemory
    this.#room = new Room(options.name, () => this.#places())
    listExecutor(this)
    if (!isWorker || insideTask()) while (this.#slots.size < options.minWorkers) this.#startWorker()
  }

  submit(job: Job): void {
    if (isWorker && !insideTask()) refuseExecutor()
    const cost = this.#costOf(job)
    let ready: ReadyJob
    try {
      ready = this.#check(job, cost)
    } catch (error) {
      this.#counts.failed += 1
      return job.settled({ ok: false, error })
    }
    this.#open += 1
    if (job.attempt !== undefined && job.attempt > 1) this.#counts.retried += 1
    this.#queue.push(ready)
    this.#room.taken()
    if (ready.priority > this.#lowest) this.#urgent += 1
    else this.#lowest = ready.priority
    this.#assignSoon()
  }

  pause(ms: number, paused: Paused): Pause {
    // What fails while its worker is being ended comes at once, to be refused.
    return this.#pauses.begin(this.#forced === undefined ? ms : 0, paused)
  }

  cancel(job: Job, error: Error): void {
    const ready = job as ReadyJob
    if (!ready.over) this.#end(ready, error, () => job.settled({ ok: false, error }))
  }

  room(signal: AbortSignal | undefined): Promise<void> {
    return this.#room.wait(signal)
  }

  pull(job: Job, count: number): void {
    const ready = job as ReadyJob
    ready.slot?.pull(ready, count)
  }

  leave(job: Job, reason: Error): void {
    const ready = job as ReadyJob
    if (this.#queue.withdraw(ready)) this.#settle(ready, { ok: true, value: undefined }, 'cancelled')
    else ready.slot?.leave(ready, reason)
  }

  stats(): ExecutorStats {
    const count = (...states: Slot['state'][]) =>
      [...this.#slots].filter(slot => states.includes(slot.state)).length
    let running = 0
    for (const slot of this.#slots) running += slot.helping + (slot.running ? 1 : 0)
    return {
      model: this.model,
      workers: {
        starting: count('starting'),
        idle: count('idle'),
        busy: count('busy', 'draining', 'stopping'),
      },
      crashes: this.#counts.crashes,
      queued: this.#open - running,
      running,
      done: this.#counts.done,
      failed: this.#counts.failed,
      cancelled: this.#counts.cancelled,
      retried: this.#counts.retried,
      pids: [...this.#slots].map(slot => slot.worker.pid).filter(pid => pid !== undefined),
    }
  }

  live(_look: Look): LiveNode | undefined {
    if (this.#closing !== undefined && this.#closing.state !== 'waiting') return undefined
    const nowMs = runtime().now()
    return executorNode(this, this.#closing === undefined ? 'open' : 'closing', this.stats(), [
      ...nodesOf([...this.#slots], slot => workerNode(slot, nowMs)),
      ...queuedNodes(this.#queue, waitingNode),
    ])
  }

  async close(graceMs: number): Promise<void> {
    this.#closing ??= park<void>('every job to settle and every worker to end', this)
    this.#room.close()
    const timer = graceMs === 0 ? undefined : runtime().setTimer(graceMs, () => this.#force())
    if (graceMs === 0) this.#force()
    this.#finishClosing()
    await this.#closing.promise
    timer?.cancel()
  }

  // ── what slots tell ──

  idle(slot: Slot): void {
    this.#starts.succeeded()
    this.#idle.push(slot)
    this.#assign()
    if (slot.state === 'idle' && this.#takesBack) this.#takeFromOthers(slot)
    if (slot.state !== 'idle') return
    this.#tidySoon()
    this.#watchStuck()
    this.#finishClosing()
  }

  answered(slot: Slot): void {
    if (this.#queue.size === 0) {
      const idle = this.#takesBack ? this.#idle.at(-1) : undefined
      if (idle !== undefined) this.#takeFromOthers(idle)
      return
    }
    if (slot.wantsMore(this.#takesBack) || slot.helps !== undefined) this.#assign()
  }

  nest(slot: Slot, parent: ReadyJob, message: NestMessage): void {
    const job = new NestedJob(message, this.#named.find(message), this.#crossing, news => slot.tell(news))
    const refusal = this.#whyNotNested(parent)
    if (refusal !== undefined) return job.settled({ ok: false, error: refusal })
    const { id, args, special, moved, attempt } = message
    const encoded = { value: args, special, transfer: moved }
    const ready = this.#noted(job, encoded, parent.stores, this.#costOf(job))
    ready.nesting = { id, parent, root: rootOf(parent) }
    parent.nested ??= new Map()
    parent.nested.set(id, ready)
    this.#open += 1
    if (attempt > 1) this.#counts.retried += 1
    this.#queue.pushFirst(ready)
    this.#urgent += 1
    this.#families.add(ready)
    this.#assign()
  }

  unnest(parent: ReadyJob, { id, failure }: UnnestMessage): void {
    const ready = parent.nested?.get(id)
    if (ready !== undefined) this.cancel(ready, callerError(failure, undefined))
  }

  settled(ready: ReadyJob, outcome: Outcome<unknown>, workMs?: number): void {
    if (outcome.ok) this.#starts.imported(ready.task)
    if (workMs !== undefined && ready.stream === undefined) ready.cost.learn(workMs)
    this.#settle(ready, outcome, outcome.ok ? 'done' : 'failed', workMs)
  }

  returned(jobs: readonly ReadyJob[]): void {
    const wanted = jobs.filter(ready => !ready.over)
    if (this.#forced === undefined) this.#queue.putBack(wanted)
    else for (const ready of wanted) this.#settle(ready, { ok: false, error: this.#forced }, 'cancelled')
    this.#assign()
  }

  ended(
    slot: Slot,
    why: Error,
    { wasReady, loading, expected, idle }: EndOfLife & { readonly idle: boolean },
  ): void {
    this.#slots.delete(slot)
    this.#takeOutOfIdle(slot)
    if (!expected) this.#counts.crashes += 1
    if (!expected || !wasReady)
      publishWorkerCrash({ executor: this.name, worker: slot.worker.name, error: why })
    if (idle && !expected) {
      process.emitWarning(
        `${slot.worker.name} of ${this.name} failed while it had nothing to do: ${why.message}`,
        {
          type: 'AtonceWarning',
          code: 'ATONCE_IDLE_WORKER',
          detail: stackText(String(why), () => why.stack),
        },
      )
    }
    if (!wasReady && this.#closing === undefined) this.#startFailed(why)
    else if (expected) this.#keepMinimum()
    if (loading !== undefined) this.#importFailed(loading, why)
    this.#assign()
    this.#finishClosing()
  }

  // ── steps ──

  /** Refuses the job, or readies it for the wire. */
  #check(job: Job, cost: TaskCost): ReadyJob {
    const isRepeat = job.attempt !== undefined && job.attempt > 1
    if (this.#forced !== undefined || (this.#closing !== undefined && !isRepeat)) {
      throw new ClosedError(
        `${this.name} is closed; ${nameOf(job.task)} was not run. Run tasks before close(), or before the end of the block with \`await using\`.`,
      )
    }
    if (
      this.#queue.size >= this.#options.queueLimit &&
      !isRepeat &&
      this.#places() <= 0 // Dearer to find out.
    ) {
      throw new QueueFullError(this.name, this.#options.queueLimit)
    }
    return this.#noted(job, this.#encode(job), encodeStores(this.#crossing), cost)
  }

  #noted(job: Job, encoded: Encoded | undefined, stores: ReadyJob['stores'], cost: TaskCost): ReadyJob {
    const ready = job as ReadyJob
    ready.encoded = encoded
    ready.stores = stores
    ready.cost = cost
    ready.over = false
    return ready
  }

  #whyNotNested(parent: ReadyJob): Error | undefined {
    if (this.#forced !== undefined) return this.#forced
    if (parent.over) return new AbortError(`The call that made it, ${nameOf(parent.task)}, was cancelled.`)
    return this.#queue.size >= this.#options.queueLimit + mostNested
      ? new QueueFullError(this.name, this.#options.queueLimit)
      : undefined
  }

  #encode({ args, inputs }: Job): Encoded | undefined {
    if (args === undefined) return encode(inputs, 'inputs', this.#lending)
    return needsNoCodec(args) ? undefined : encode(args, 'args', this.#lending)
  }

  /** What is known about calls of the task, or chunks of them; a task that is new here is looked at first. */
  #costOf({ task, inputs }: Job): TaskCost {
    const costs = inputs === undefined ? this.#costs : this.#chunkCosts
    const known = costs.get(task)
    if (known !== undefined) return known
    addressOf(task)
    const cost = new TaskCost()
    costs.set(task, cost)
    return cost
  }

  /** How many more jobs would be taken now: places in the queue, and workers that are free, started or not. */
  #places(): number {
    let busy = 0
    for (const { state } of this.#slots) if (state === 'busy' || state === 'draining') busy += 1
    return this.#options.queueLimit + this.workers - busy - this.#queue.size
  }

  /**
   * The first job of a turn is given out at once; those that come with it travel together, each worker's share behind one bell:
   * few at first, so that a worker finds the next ones while it answers the last; more and more where many come, since each
   * bell costs this thread as much as twenty calls.
   */
  #assignSoon(): void {
    this.#ungiven += 1
    if (this.#assigning && this.#ungiven < this.#together) return
    this.#inTurn += this.#ungiven
    this.#together = Math.max(leastTogether * this.#slots.size, Math.floor(this.#inTurn / bellsPerTurn))
    this.#assign()
    if (this.#assigning) return
    this.#assigning = true
    runtime().soon(() => {
      this.#assigning = false
      this.#inTurn = 0
      if (this.#ungiven > 0) this.#assign()
    })
  }

  /** Jobs that can't be sent turn their worker idle at once, and so would call this again inside of itself, thousands of times deep. */
  #assign(): void {
    this.#ungiven = 0
    this.#giveAgain = true
    if (this.#giving) return
    this.#giving = true
    try {
      while (this.#giveAgain) {
        this.#giveAgain = false
        this.#give()
      }
    } finally {
      this.#giving = false
    }
  }

  #give(): void {
    if (this.#urgent > 0) this.#makeWay()
    if (this.#takesBack && this.#idle.length > 0) this.#giveToAwake() // They can be taken back there.
    while (this.#queue.size > 0) {
      const slot = this.#idleNext()
      if (slot === undefined) break
      if (slot.state === 'idle' && slot.isAlive) this.#hand(slot) // Not one that is being ended.
    }
    if (this.#families.size > 0) this.#help()
    let starting = 0
    for (const slot of this.#slots) if (slot.state === 'starting') starting += 1
    for (; starting < this.#queue.size && this.#slots.size < this.#starts.most; starting += 1)
      this.#startWorker()
    if (this.#queue.size > 0) this.#fillHands()
    this.#deliver()
    this.#watchStuck()
    this.#room.changed()
  }

  /**
   * The idle worker that is given the next job: the one that has hardly gone to sleep, or is about to, so that the others
   * rest, and end after `idleMs`. Where calls come one after the other, two workers take turns: the first is not awake yet
   * when it has answered, and a call comes back a third sooner.
   */
  #idleNext(): Slot | undefined {
    const last = this.#idle.pop()
    if (last === undefined || last.wasGivenMany) return last
    const lastButOne = this.#idle.pop()
    if (lastButOne === undefined) return last
    this.#idle.push(last)
    return lastButOne
  }

  /** Workers whose calls all wait for nested ones run some of these meanwhile: nested.ts. */
  #help(): void {
    for (const slot of this.#slots) {
      for (let family = slot.helps; family !== undefined; family = slot.helps) {
        const ready = this.#families.newest(family)
        if (ready === undefined) break
        this.#queue.withdraw(ready)
        slot.help(ready)
      }
    }
  }

  /** Few and small calls go behind those that a worker has in its hands, though another one idles: see `worthWakingMs`. */
  #giveToAwake(): void {
    if (this.#queue.size === 0) return
    const nowMs = runtime().now()
    for (const slot of this.#slots) {
      if (slot.state === 'busy' && slot.sinceMs(nowMs) < stuckMs)
        this.#fillHand(slot, this.#queue.size, next => slot.roomWithin(worthWakingMs, next))
    }
  }

  /** Cheap calls go together, behind those that a worker has in its hands; not behind one that takes long. */
  #fillHands(): void {
    const nowMs = runtime().now()
    let left = this.#slots.size
    for (const slot of this.#queue.size < left ? this.#leastInHandFirst() : this.#slots) {
      const share = Math.ceil(this.#queue.size / left)
      left -= 1
      if (slot.state === 'busy' && slot.sinceMs(nowMs) < stuckMs)
        this.#fillHand(slot, share, next => slot.roomFor(next, this.#takesBack))
    }
  }

  #leastInHandFirst(): Slot[] {
    return [...this.#slots].sort((one, other) => one.inHand - other.inHand)
  }

  #fillHand(slot: Slot, share: number, roomFor: (next: ReadyJob) => number): void {
    let cost: TaskCost | undefined
    let room = 0
    for (let given = 0; given < share; given += 1) {
      const next = this.#queue.peek()
      if (next === undefined || !mayWaitInHand(next)) return
      if (next.cost !== cost) {
        cost = next.cost // Of calls of the same task, or of chunks of them.
        room = roomFor(next)
      }
      if (room <= 0 || slot.congested) return
      room -= 1
      this.#hand(slot)
    }
  }

  /** Puts the next job into the worker's hands. */
  #hand(slot: Slot): void {
    if (this.#given.at(-1) !== slot) this.#given.push(slot)
    slot.assign(this.#queue.shift() as ReadyJob)
  }

  #deliver(): void {
    for (const slot of this.#given) slot.deliver()
    this.#given.length = 0
  }

  #startWorker(): void {
    this.#lastIndex += 1
    this.#slots.add(new Slot(this.#lastIndex, this.#start, this, this.#options))
  }

  /** A worn worker that was to be kept is replaced at once. */
  #keepMinimum(): void {
    while (this.#closing === undefined && this.#slots.size < this.#options.minWorkers) this.#startWorker()
  }

  /** Sees to it that idle workers stop keeping the program alive, and end after `idleMs`; one timer for all. */
  #tidySoon(delayMs = holdMs): void {
    const atMs = runtime().now() + delayMs
    if (this.#tidying !== undefined && this.#tidyAtMs <= atMs) return
    this.#tidying?.cancel()
    this.#tidyAtMs = atMs
    this.#tidying = runtime().setTimer(delayMs, () => {
      this.#tidying = undefined
      this.#tidy()
    })
    this.#tidying.unref()
  }

  #tidy(): void {
    const nowMs = runtime().now()
    const { idleMs, minWorkers } = this.#options
    let nextMs = Number.POSITIVE_INFINITY
    for (const slot of [...this.#idle]) {
      if (slot.state !== 'idle') {
        this.#takeOutOfIdle(slot) // It is being ended; the program must stay until it has.
        continue
      }
      const sinceMs = slot.sinceMs(nowMs)
      if (slot.held && sinceMs >= holdMs) slot.release()
      if (slot.held) nextMs = Math.min(nextMs, holdMs)
      else if (sinceMs < idleMs) nextMs = Math.min(nextMs, idleMs - sinceMs)
      else if (this.#slots.size > minWorkers) {
        this.#takeOutOfIdle(slot)
        slot.stop()
      }
    }
    if (nextMs !== Number.POSITIVE_INFINITY) this.#tidySoon(Math.max(1, nextMs))
  }

  /** What waits in hands behind calls that take long, and is less urgent, waits in the queue again: a hand for each urgent job. */
  #makeWay(): void {
    let wanted = this.#takesBack && this.#idle.length === 0 ? this.#urgent : 0
    this.#urgent = 0
    const next = this.#queue.peek()
    if (next === undefined) return
    const priority = next.nesting === undefined ? next.priority : Number.POSITIVE_INFINITY
    const back: ReadyJob[] = []
    for (const slot of this.#slots) {
      if (wanted <= 0) break
      if (!slot.waitsLong || slot.lowestWaiting >= priority) continue
      wanted -= 1
      back.push(...slot.takeBack())
    }
    if (back.length > 0) this.returned(back)
  }

  /** An idle worker is given what waits behind a call that takes long, as far as that is worth the way. */
  #takeFromOthers(idle: Slot): void {
    for (const slot of this.#slots) {
      if (idle.state !== 'idle') return
      if (slot.waitsLong) this.returned(slot.takeBack())
    }
  }

  /**
   * While calls wait in hands, looks whether those in front of them take longer than they should. Then they go to who is idle, or
   * into the queue again, where whoever is free first takes them.
   */
  #watchStuck(): void {
    if (!this.#takesBack || this.#watching !== undefined || this.#slots.size < 2) return
    if (!this.#somebodyWaits()) return
    this.#watching = runtime().setTimer(stuckMs, async () => {
      await runtime().yieldToLoop() // Answers may lie here unread.
      this.#watching = undefined
      const nowMs = runtime().now()
      for (const slot of this.#slots) {
        const isStuck = this.#idle.length > 0 && slot.inHand > 1 && slot.sinceMs(nowMs) >= stuckMs
        if (isStuck || slot.isLate(nowMs, stuckMs)) this.returned(slot.takeBack())
      }
      this.#watchStuck()
    })
  }

  #somebodyWaits(): boolean {
    for (const slot of this.#slots) if (slot.inHand > 1) return true
    return false
  }

  #takeOutOfIdle(slot: Slot): void {
    const at = this.#idle.indexOf(slot)
    if (at >= 0) this.#idle.splice(at, 1)
  }

  #startFailed(why: Error): void {
    const othersWork = [...this.#slots].some(({ state }) => state !== 'starting')
    if (this.#starts.failed(othersWork)) for (const ready of [...this.#queue]) this.#reject(ready, why)
  }

  #importFailed(module: string, why: Error): void {
    if (!this.#starts.importFailed(module)) return
    for (const ready of [...this.#queue]) if (ready.task.module === module) this.#reject(ready, why)
  }

  #reject(ready: ReadyJob, error: Error): void {
    if (this.#queue.withdraw(ready)) this.#settle(ready, { ok: false, error }, 'failed')
  }

  #settle(
    ready: ReadyJob,
    outcome: Outcome<unknown>,
    as: 'done' | 'failed' | 'cancelled',
    workMs?: number,
  ): void {
    if (ready.over) return
    this.#count(ready, as)
    const { nested } = ready
    ready.settled(outcome, workMs)
    if (nested !== undefined) this.#leave(ready, nested, undefined)
    if (this.#open > 0) return
    this.#lowest = Number.POSITIVE_INFINITY
    this.#finishClosing()
  }

  #count(ready: ReadyJob, as: 'done' | 'failed' | 'cancelled'): void {
    ready.over = true
    this.#open -= 1
    this.#counts[as] += 1
    ready.nesting?.parent.nested?.delete(ready.nesting.id)
  }

  /** Ends a job early: it, then its nested ones, so that the deepest is the last that is flagged as cancelled. */
  #end(ready: ReadyJob, error: Error, tell: () => void): void {
    const waited = this.#queue.withdraw(ready)
    this.#count(ready, 'cancelled')
    const { nested } = ready
    tell()
    if (!waited) ready.slot?.abandon(ready, error)
    if (nested !== undefined) this.#leave(ready, nested, error)
    this.#room.changed()
    if (this.#open === 0) this.#finishClosing()
  }

  /** A call has ended; what it has made ends with it. */
  #leave(parent: ReadyJob, nested: ReadonlyMap<number, ReadyJob>, cause: Error | undefined): void {
    if (parent.nesting === undefined) this.#families.forget(parent)
    const maker = `The call that made it, ${nameOf(parent.task)},`
    for (const ready of [...nested.values()]) {
      const error =
        cause === undefined
          ? new AbortError(`${maker} has ended before it.`)
          : new AbortError(`${maker} was cancelled.`, { cause })
      this.#end(ready, error, () => ready.left?.(error))
    }
  }

  /** The grace is over: nobody waits for anything any more. */
  #force(): void {
    const why = this.#closedEarly()
    this.#forced = why
    for (const ready of [...this.#queue]) {
      this.#queue.withdraw(ready)
      this.#settle(ready, { ok: false, error: why }, 'cancelled')
    }
    for (const slot of [...this.#slots]) slot.kill(why)
    this.#pauses.hurry()
    this.#finishClosing()
  }

  #closedEarly(): ClosedError {
    return new ClosedError(
      `${this.name} was closed before this call was done. Await it first, or give close() a longer graceMs.`,
    )
  }

  #finishClosing(): void {
    if (this.#closing === undefined || this.#open + this.#pauses.size > 0) return
    for (const slot of [...this.#slots]) {
      if (slot.state === 'idle') {
        this.#takeOutOfIdle(slot)
        slot.stop()
      } else if (slot.state === 'starting') {
        slot.kill(new WorkerStartError(`${this.name} was closed`, { worker: slot.worker.name }))
      }
    }
    if (this.#slots.size > 0) return
    this.#watching?.cancel()
    this.#closing.unpark()
  }
}
