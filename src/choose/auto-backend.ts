/**
 * The backend of `auto()`: gives each job to this event loop or to a pool of threads, as the
 * figures of its task say.
 *
 *     submit ─▶ queue ─▶ trial: one at a time, here ─▶ decide ─┬─▶ here: the loop, a stretch at a time
 *                 ▲                                            └─▶ threads: the pool, with all that waits
 *                 └──── what the calls take is learnt wherever they run; other items, another decision ────┘
 *
 * `map` is the same as on any executor (executor/map/map.ts): this backend takes its chunks. So a
 * map changes its model between two chunks, and neither order nor errors nor back-pressure know of
 * it.
 */
import type { ClosedError } from '../errors.ts'
import { QueueFullError, SerializationError } from '../errors.ts'
import { Admitting } from '../executor/admitting.ts'
import type { Backend, Closing, Job } from '../executor/backend.ts'
import { PriorityQueue } from '../executor/queue.ts'
import type { ExecutorStats } from '../executor/stats.ts'
import { callsIn } from '../executor/tally.ts'
import { noTimes } from '../executor/time-histogram.ts'
import { sum } from '../measure/statistics.ts'
import { runtime } from '../runtime/runtime.ts'
import type { Outcome } from '../task/results.ts'
import type { Task } from '../task/task.ts'
import { publishChoice } from '../trace.ts'
import { choiceToTell, staying } from './auto-choices.ts'
import { AutoJob, type AutoJobOwner, type Ticket } from './auto-job.ts'
import { vetoesOfAuto } from './auto-vetoes.ts'
import type { Calibration } from './calibration.ts'
import { decideAmong } from './decide.ts'
import { type Decision, Knowledge, type Seen } from './knowledge.ts'
import { predict } from './predict.ts'
import {
  bestOnThreads,
  callsLeftOf,
  isOtherWork,
  isWorthDeciding,
  isWorthLeaving,
  msLeftOf,
  trialIsOver,
} from './when-to-decide.ts'
import { reasonsFor, wayInWords } from './words.ts'

export interface AutoSettings {
  readonly name: string
  readonly concurrency: number
  readonly queueLimit: number
  readonly closeGraceMs: number
  readonly cores: number
  readonly calibration: Calibration
  readonly loop: Backend
  readonly pool: Backend
  /** A pool whose threads run several calls side by side; made when it is first needed. */
  readonly sideBySide: () => Backend
  /** Written by `ATONCE_DEBUG=1`. */
  readonly write: ((line: string) => void) | undefined
}

/** A call that has not ended after so long leaves its place to the next one: it waits. */
const stretchMs = 8

export class AutoBackend extends Admitting implements Backend, AutoJobOwner {
  readonly model = 'auto'
  readonly workers: number
  readonly concurrency: number
  readonly #settings: AutoSettings
  readonly #queue = new PriorityQueue<Ticket>()
  readonly #known = new Map<Task, Knowledge>()
  /** Accepted, and without an outcome. */
  readonly #open = new Set<AutoJob>()
  #here = 0
  #pumping = false
  #stretchBegunMs = 0
  #crowded: Backend | undefined
  #failedBefore = 0
  #retried = 0

  constructor(settings: AutoSettings) {
    super(settings.name, settings.closeGraceMs)
    this.#settings = settings
    this.workers = Math.max(settings.concurrency, settings.pool.workers)
    this.concurrency = this.workers
  }

  submit(job: Job): void {
    const isRepeat = job.attempt !== undefined && job.attempt > 1
    const isPart = isRepeat || job.within !== undefined || this.admission.isPart(job)
    const refusal = this.admission.refusalOf(job, isPart)
    if (refusal !== undefined) return this.#refuse(job, refusal)
    if (!isRepeat && this.places() <= 0)
      return this.#refuse(job, new QueueFullError(this.name, this.#settings.queueLimit))
    if (isRepeat) this.#retried += 1
    const auto = new AutoJob(job, this.#knowledgeOf(job.task), this)
    this.#open.add(auto)
    this.admission.room.taken()
    // A part of a call that runs must not wait for the place that its own maker holds.
    if (job.within !== undefined) return this.#give(auto)
    // What is bound to a worker goes to workers: this loop is not one of them.
    if ((job.to !== undefined && job.to !== thisLoop) || goesAway(auto)) return this.#toThreads(auto)
    auto.knowledge.queued += callsIn(auto)
    this.#queue.push(auto.ticket)
    this.#pumpSoon()
  }

  /**
   * What has not shown that it waits is shared out among the threads that there could be, or runs
   * here, one after the other: more jobs than that would only be smaller ones.
   */
  sharedBy(task: Task): number {
    return this.#known.get(task)?.returnsPromise ? this.workers : this.#settings.pool.workers
  }

  /** One place to prepare: threads come and go, and are prepared by `initialize`. */
  each(): readonly object[] {
    return [thisLoop]
  }

  awaited(job: Job): void {
    const auto = job.ready as AutoJob | undefined
    auto?.place?.awaited?.(auto)
  }

  cancel(job: Job, error: Error): void {
    const auto = job.ready as AutoJob | undefined
    if (auto === undefined || auto.state === 'over') return
    if (auto.state !== 'queued') return auto.place?.cancel(auto, error)
    this.#queue.withdraw(auto.ticket)
    auto.knowledge.queued -= callsIn(auto)
    this.#cancelledHere += 1
    this.ended(auto, { ok: false, error }, undefined, undefined)
  }

  #cancelledHere = 0

  pull(job: Job, count: number): void {
    const auto = job.ready as AutoJob | undefined
    auto?.place?.pull(auto, count)
  }

  leave(job: Job, reason: Error): void {
    const auto = job.ready as AutoJob | undefined
    if (auto === undefined || !this.#queue.withdraw(auto.ticket)) return auto?.place?.leave(auto, reason)
    auto.knowledge.queued -= callsIn(auto)
    this.#cancelledHere += 1
    this.ended(auto, { ok: true, value: undefined }, undefined, undefined)
  }

  stats(): ExecutorStats {
    const all = this.#places.map(place => place.stats())
    const pools = all.slice(1)
    const total = (part: 'done' | 'failed' | 'cancelled' | 'running' | 'queued') =>
      sum(all.map(one => one[part]))
    const workers = (part: 'starting' | 'idle' | 'busy') => sum(pools.map(one => one.workers[part]))
    return {
      model: this.model,
      workers: { starting: workers('starting'), idle: workers('idle'), busy: workers('busy') },
      crashes: sum(pools.map(({ crashes }) => crashes)),
      queued: total('queued') + this.#queue.size,
      running: total('running'),
      done: total('done'),
      failed: total('failed') + this.#failedBefore,
      cancelled: total('cancelled') + this.#cancelledHere,
      retried: this.#retried,
      queueMs: noTimes,
      runMs: noTimes,
      pids: pools.flatMap(({ pids }) => pids),
      choices: [...this.#known.values()].map(one => choiceToTell(one, this.#settings.concurrency)),
    }
  }

  override async close(closing: Closing): Promise<void> {
    await super.close(closing)
    await Promise.all(this.#places.map(place => place.close(closing)))
  }

  // ── what the admission asks for ──

  places(): number {
    // To ask the pools how much they hold costs more than most jobs do on the way.
    const atLeast = this.#settings.queueLimit - this.#open.size
    if (atLeast > 0) return atLeast
    return this.#settings.queueLimit + Math.max(0, this.#settings.concurrency - this.#here) - this.#waiting
  }

  refuseQueued(why: ClosedError): void {
    for (const auto of [...this.#open])
      if (!auto.begun && auto.own.within === undefined) this.cancel(auto.own, why)
  }

  force(why: ClosedError): void {
    for (const auto of [...this.#open]) this.cancel(auto.own, why)
  }

  finish(): boolean {
    return this.admission.forced !== undefined || this.#open.size === 0
  }

  // ── who runs what ──

  /** Accepted calls that have not begun. */
  get #waiting(): number {
    return this.#queue.size + sum(this.#places.slice(1).map(place => place.stats().queued))
  }

  /** The loop first. */
  get #places(): Backend[] {
    const { loop, pool } = this.#settings
    return this.#crowded === undefined ? [loop, pool] : [loop, pool, this.#crowded]
  }

  #knowledgeOf(task: Task): Knowledge {
    let knowledge = this.#known.get(task)
    if (knowledge === undefined) {
      knowledge = new Knowledge(task)
      this.#known.set(task, knowledge)
    }
    return knowledge
  }

  #pumpSoon(): void {
    if (this.#pumping) return
    this.#pumping = true
    runtime().soon(this.#pump)
  }

  readonly #pump = (): void => {
    this.#pumping = false
    const nowMs = runtime().now()
    if (this.#here === 0 && nowMs - this.#stretchBegunMs > stretchMs) {
      // Calls of one stretch follow one another without a turn of the loop: timers and connections
      // wait for its end.
      this.#pumping = true
      void runtime()
        .yieldToLoop()
        .then(() => {
          this.#stretchBegunMs = runtime().now()
          this.#pumping = false
          this.#giveOut()
        })
      return
    }
    this.#giveOut()
  }

  #giveOut(): void {
    for (;;) {
      const next = this.#queue.peek()?.auto
      if (next === undefined || !this.#mayBegin(next)) return
      this.#queue.shift()
      next.knowledge.queued -= callsIn(next)
      this.#give(next)
    }
  }

  /** What has not shown yet that it waits runs alone, so that its figures are its own. */
  #mayBegin(auto: AutoJob): boolean {
    const { knowledge, own } = auto
    if (goesAway(auto)) return true
    if (this.#here >= this.#settings.concurrency) return false
    return knowledge.returnsPromise || knowledge.runningHere === 0 || own.stream !== undefined
  }

  #give(auto: AutoJob): void {
    const { knowledge } = auto
    if (goesAway(auto)) return this.#toThreads(auto)
    auto.state = 'here'
    this.#here += 1
    knowledge.runningHere += 1
    knowledge.begunHere += 1
    auto.turnAlone = knowledge.runningHere === 1 ? knowledge.begunHere : undefined
    auto.giveTo(this.#settings.loop)
    if (!knowledge.returnsPromise) this.#lookWhetherItWaits(auto)
  }

  /**
   * A call that has begun and not ended when the loop turns has returned a promise: others may
   * begin, and their maps may bring more.
   */
  #lookWhetherItWaits({ knowledge }: AutoJob): void {
    if (knowledge.watched) return
    knowledge.watched = true
    void runtime()
      .yieldToLoop()
      .then(() => {
        knowledge.watched = false
        if (!knowledge.returnsPromise) return
        this.#pumpSoon()
        this.admission.demand()
      })
  }

  #toThreads(auto: AutoJob): void {
    auto.state = 'threads'
    const { pool, sideBySide } = this.#settings
    if (auto.knowledge.lane === 'threads') return auto.giveTo(pool)
    this.#crowded ??= sideBySide()
    auto.giveTo(this.#crowded)
  }

  ended(auto: AutoJob, outcome: Outcome<unknown>, workMs: number | undefined, seen: Seen | undefined): void {
    const { knowledge, state } = auto
    if (state === 'threads' && !auto.begun && this.#goesHereInstead(auto, outcome)) return
    auto.state = 'over'
    this.#open.delete(auto)
    if (state === 'here') {
      this.#here -= 1
      knowledge.runningHere -= 1
      if (seen !== undefined) this.#learnHere(auto, seen)
    } else if (state === 'threads' && workMs !== undefined && outcome.ok) {
      knowledge.learn({
        calls: callsIn(auto),
        wallMs: workMs,
        longestMs: workMs / callsIn(auto),
        cpuMs: undefined,
        returnsPromise: false,
      })
      if (isWorthDeciding(auto) && knowledge.hasBecomeCheaper(runtime().now())) this.#decide(auto)
    }
    auto.own.settled(outcome, workMs ?? seen?.wallMs)
    this.admission.room.changed()
    if (this.#queue.size > 0) this.#pumpSoon()
    if (this.admission.isClosing) this.admission.checkClosed()
  }

  /**
   * A value that can't be sent was found out before anything ran: the call is made here, and so are
   * those after it.
   */
  #goesHereInstead(auto: AutoJob, outcome: Outcome<unknown>): boolean {
    if (outcome.ok || !(outcome.error instanceof SerializationError) || auto.own.inputs !== undefined)
      return false
    this.#failedBefore -= 1
    auto.knowledge.refuse(outcome.error.message)
    this.#give(auto)
    return true
  }

  #learnHere(auto: AutoJob, seen: Seen): void {
    const { knowledge } = auto
    knowledge.learn(seen)
    if (seen.returnsPromise) {
      const { calls, longestMs: latencyMs } = seen
      knowledge.sideBySide.learn(runtime().now(), { calls, latencyMs, running: knowledge.runningHere })
    }
    if (knowledge.lane === 'trial' ? trialIsOver(auto) : isOtherWork(auto, runtime().now()))
      this.#decide(auto)
  }

  #decide(auto: AutoJob): void {
    const { knowledge, own } = auto
    if (knowledge.refused !== undefined) return
    knowledge.lookBack()
    const { calibration, cores, pool } = this.#settings
    // Single calls may go on for ever: a start of workers is nothing to them, and this thread is
    // wanted for others.
    const single = own.callsLeft === undefined
    const { idle, busy } = pool.stats().workers
    const warm = single || idle + busy > 0
    // To look closely at what could gain nothing would cost more than it could gain.
    const atBest = single
      ? undefined
      : bestOnThreads(auto, calibration, { workers: pool.workers, cores, warm })
    if (atBest !== undefined && !isWorthLeaving(atBest))
      return this.#take(auto, staying(auto, atBest, this.#settings.concurrency))
    const profile = knowledge.profile()
    const predictions = predict(profile, {
      items: Math.max(1, callsLeftOf(auto)),
      workers: pool.workers,
      cores,
      calibration,
      warm,
      times: knowledge.times,
      vetoes: vetoesOfAuto(profile),
    })
    const decided = decideAmong(predictions, profile, { keepLoopFree: single })
    const { way } = decided.chosen
    const away = way === 'threads × coroutines' || way === 'threads'
    this.#take(auto, {
      lane: away ? way : 'here',
      // Single calls are decided for one by one, but as many threads take them.
      way: wayInWords({ ...decided.chosen, workers: pool.workers }),
      confidence: decided.confidence,
      reasons: [...reasonsFor(decided, predictions, profile, cores), ...(single && away ? [whyFree] : [])],
    })
  }

  #take(auto: AutoJob, decision: Decision): void {
    const { knowledge } = auto
    const { name, write } = this.#settings
    const { lane, confidence, reasons } = decision
    const before = knowledge.lane
    const left = { ms: msLeftOf(auto), calls: auto.own.callsLeft === undefined ? 0 : callsLeftOf(auto) }
    knowledge.decided(runtime().now(), decision, left)
    if (lane === before) return
    const event = { executor: name, task: knowledge.name, way: knowledge.way, confidence, reasons }
    publishChoice(event)
    write?.(`${name}: ${event.task} → ${event.way} (${event.confidence}). ${reasons.join(' ')}`)
    if (isAway(knowledge)) this.#moveQueued(knowledge)
  }

  /** What waits here goes along. */
  #moveQueued(knowledge: Knowledge): void {
    for (const { auto } of [...this.#queue]) {
      if (auto.knowledge !== knowledge || !goesAway(auto)) continue
      this.#queue.withdraw(auto.ticket)
      knowledge.queued -= callsIn(auto)
      this.#toThreads(auto)
    }
  }

  #refuse(job: Job, error: Error): void {
    this.#failedBefore += 1
    job.settled({ ok: false, error })
  }
}

const whyFree = 'Calls come one by one, so this thread is left free for others.'

/** What `runOnEach` is bound to. */
const thisLoop = {}

function isAway({ lane }: Knowledge): boolean {
  return lane === 'threads' || lane === 'threads × coroutines'
}

function goesAway({ knowledge, own }: AutoJob): boolean {
  return isAway(knowledge) && own.stream === undefined && own.to !== thisLoop
}
