/**
 * One played program on a pool: what it does, when, and what becomes of its workers follows from the seed.
 *
 *     seed ─▶ options, faults, actions ─▶ the real pool ─ loopback ─ real workers ─▶ what must be true of every program
 *
 * All of it runs in virtual time, and the seed decides who goes first. So a program that fails can be played again.
 */
import assert from 'node:assert/strict'
import { Channel } from '../../src/channel/channel.ts'
import {
  AbortError,
  ClosedError,
  QueueFullError,
  RetryError,
  TimeoutError,
  WorkerError,
  WorkerStartError,
} from '../../src/errors.ts'
import { createExecutor, type Executor } from '../../src/executor/executor.ts'
import { checkPoolOptions, type PoolOptions } from '../../src/pool/options.ts'
import { Pool } from '../../src/pool/pool.ts'
import { withRuntime } from '../../src/runtime/runtime.ts'
import { seededRandom } from '../../src/runtime/seeded.ts'
import { VirtualRuntime } from '../../src/runtime/virtual.ts'
import { move } from '../../src/task/transfer.ts'
import { type Death, type Faults, noFaults } from './fate.ts'
import { playedProcesses } from './played-process.ts'
import { playedThreads } from './played-thread.ts'
import type { PlayedWorker, Scene } from './played-worker.ts'
import * as tasks from './tasks.ts'

/** Nothing takes so long, in virtual time: what is open then hangs. */
const horizonMs = 10_000
const mostActions = 12

/** A call, map or stream of the program, and why it may fail. */
interface Attempt {
  readonly what: string
  readonly id: number
  cancelled: boolean
  timeoutMs: number | undefined
  /** It may begin so often. */
  mostBegins: number
  /** The task throws a RangeError. */
  refuses: boolean
  outcome: 'open' | 'done' | Error
}

/** What became of the calls of a program. */
export type Tally = Record<string, number>

/**
 * Plays the program of the seed.
 * @throws whatever is not as it must be, with the trace
 */
export async function playPool(seed: number): Promise<Tally> {
  const play = new PoolPlay(seed)
  try {
    return await play.play()
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.stack : error}\n\n${play.trace.join('\n')}`)
  }
}

class PoolPlay implements Scene {
  readonly trace: string[] = []
  readonly workers: PlayedWorker[] = []
  readonly random: () => number
  readonly faults: Faults
  readonly begun = new Map<number, number>()
  readonly #virtual: VirtualRuntime
  readonly #isThreads: boolean
  readonly #options: PoolOptions
  readonly #attempts: Attempt[] = []
  readonly #ends: Promise<void>[] = []
  #closing = false
  #ids = 0

  constructor(seed: number) {
    this.#virtual = new VirtualRuntime({ seed, schedule: 'random' })
    this.random = seededRandom(seed ^ 0x51ed270b)
    this.#isThreads = this.#chance(0.5)
    this.faults = this.#chance(0.3)
      ? noFaults
      : {
          deaths: this.#pick([0, 0.2, 0.6]),
          badStarts: this.#pick([0, 0, 0.2, 0.5]),
          clogs: this.#pick([0, 0.05, 0.3]),
        }
    const workers = 1 + this.#upTo(3)
    this.#options = checkPoolOptions('played', {
      workers,
      minWorkers: this.#chance(0.2) ? 1 : 0,
      idleMs: this.#pick([0, 10, 30_000]),
      queueLimit: this.#pick([1_000, 1_000, 4, 0]),
      graceMs: this.#pick([0, 5, 50]),
      closeGraceMs: 100,
      startTimeoutMs: 40,
      maxCallsPerWorker: this.#pick([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 3]),
    })
    this.note(
      `${this.#isThreads ? 'threads' : 'processes'} ${JSON.stringify(this.#options)} ${JSON.stringify(this.faults)}`,
    )
  }

  note(what: string): void {
    this.trace.push(`${String(this.#virtual.now()).padStart(5)} ms  ${what}`)
  }

  workerNamed(name: string): PlayedWorker | undefined {
    return this.workers.find(worker => worker.name === name)
  }

  async play(): Promise<Tally> {
    tasks.tellTo(this)
    await this.#virtual.until(withRuntime(this.#virtual, () => this.#body()))
    const tally: Tally = { workers: this.workers.length }
    for (const { diedByItself } of this.workers)
      if (diedByItself) tally['deaths'] = (tally['deaths'] ?? 0) + 1
    for (const { outcome } of this.#attempts) {
      const key = outcome instanceof Error ? outcome.name : outcome
      tally[key] = (tally[key] ?? 0) + 1
    }
    return tally
  }

  async #body(): Promise<void> {
    const { sharedMemory } = { sharedMemory: this.#isThreads }
    const crossing = { sharedMemory, maxPayloadBytes: this.#options.maxPayloadBytes }
    const start = (sharedMemory ? playedThreads : playedProcesses)(this, this.#options)
    const model = sharedMemory ? 'threads' : 'processes'
    const pool = createExecutor(new Pool(model, this.#options, start, crossing))
    const actions = 1 + this.#upTo(mostActions)
    const closesAt = this.#chance(0.25) ? this.#upTo(actions) : actions
    let closed: Promise<void> | undefined
    for (let at = 0; at < actions; at += 1) {
      if (at === closesAt) closed = this.#close(pool)
      this.#act(pool)
      if (this.#chance(0.5)) await this.#pause(this.#pick([0, 1, 2, 5, 20]))
      this.#checkLimits(pool)
    }
    if (closed === undefined && this.#chance(0.3)) closed = this.#close(pool)
    await this.#within(Promise.all(this.#ends), 'the program')
    if (closed === undefined) {
      await this.#checkRest(pool)
      closed = this.#close(pool)
    }
    await this.#within(closed, 'close()')
    this.#checkEnd(pool)
  }

  // ── what a program does ──

  #act(pool: Executor): void {
    const acts: readonly (() => void)[] = [
      () => this.#plain(pool),
      () => this.#plain(pool),
      () => this.#burst(pool),
      () => this.#bulky(pool),
      () => this.#later(pool),
      () => this.#stubborn(pool),
      () => this.#refuses(pool),
      () => this.#flaky(pool),
      () => this.#nests(pool),
      () => this.#map(pool),
      () => this.#stream(pool),
      () => this.#moves(pool),
      () => (this.#isThreads ? this.#later(pool) : this.#lends(pool)),
      () => (this.faults.deaths > 0 ? this.#dies(pool) : this.#later(pool)),
    ]
    this.#pick(acts)()
  }

  #plain(pool: Executor): void {
    const attempt = this.#attempt('double')
    this.#run(attempt, this.#limited(pool, attempt).run(tasks.double, attempt.id), 2 * attempt.id)
  }

  #burst(pool: Executor): void {
    for (let left = 2 + this.#upTo(20); left > 0; left -= 1) this.#plain(pool)
  }

  #bulky(pool: Executor): void {
    const attempt = this.#attempt('bulky')
    const text = 'x'.repeat(this.#pick([10, 1_500, 5_000]))
    this.#run(attempt, this.#limited(pool, attempt).run(tasks.bulky, attempt.id, text), {
      id: attempt.id,
      text,
    })
  }

  #later(pool: Executor): void {
    const attempt = this.#attempt('later')
    const call = this.#limited(pool, attempt).run(tasks.later, attempt.id, this.#upTo(30))
    this.#run(attempt, call, 2 * attempt.id)
    if (this.#chance(0.4)) this.#cancelLater(attempt, () => call.cancel())
  }

  #stubborn(pool: Executor): void {
    const attempt = this.#attempt('stubborn')
    const forEver = this.#chance(0.3)
    const call = this.#limited(pool, attempt).run(
      tasks.stubborn,
      attempt.id,
      forEver ? Number.POSITIVE_INFINITY : this.#upTo(40),
    )
    this.#run(attempt, call, 2 * attempt.id)
    if (forEver || this.#chance(0.4)) this.#cancelLater(attempt, () => call.cancel())
  }

  #refuses(pool: Executor): void {
    const attempt = this.#attempt('refuses')
    attempt.refuses = true
    this.#run(attempt, this.#limited(pool, attempt).run(tasks.refuses, attempt.id, this.#upTo(4)), undefined)
  }

  #flaky(pool: Executor): void {
    const attempt = this.#attempt('flaky')
    const retries = this.#upTo(4)
    const succeedsAt = 1 + this.#upTo(4)
    attempt.refuses = succeedsAt > 1
    attempt.mostBegins = 1 + retries
    const view = this.#limited(pool, attempt).with({ retries, retryDelayMs: this.#upTo(3) })
    const call = view.run(tasks.flaky, attempt.id, succeedsAt)
    this.#run(attempt, call, 2 * attempt.id)
    if (this.#chance(0.2)) this.#cancelLater(attempt, () => call.cancel())
  }

  #nests(pool: Executor): void {
    const kind = this.#upTo(4)
    const attempt = this.#attempt(['nests', 'nests', 'abandons', 'mapsInside'][kind] as string)
    const { id } = attempt
    const view = this.#limited(pool, attempt)
    if (kind === 2) return this.#run(attempt, view.run(tasks.abandons, id, this.#upTo(20)), 2 * id)
    if (kind === 3) {
      const count = 1 + this.#upTo(8)
      let sum = 0
      for (let at = 0; at < count; at += 1) sum += 2 * tasks.nestedId(id, at)
      return this.#run(attempt, view.run(tasks.mapsInside, id, count), sum)
    }
    const [depth, width] = this.#pick([
      [1, 1],
      [1, 3],
      [2, 2],
      [3, 1],
    ] as const)
    const call = view.run(tasks.nests, id, depth, width, this.#upTo(3))
    this.#run(attempt, call, width ** depth)
    if (this.#chance(0.3)) this.#cancelLater(attempt, () => call.cancel())
  }

  #map(pool: Executor): void {
    const attempt = this.#attempt('map')
    const ids = Array.from({ length: this.#upTo(12) }, (_, at) => tasks.nestedId(attempt.id, 0) * 100 + at)
    const view = this.#limited(pool, attempt)
    const options = { ordered: this.#chance(0.7), chunk: this.#pick(['auto', 1, 3] as const) }
    const results = view.map(tasks.double, ids, options)
    const expected = ids.map(id => 2 * id)
    const all = async () => {
      if (this.#chance(0.5)) {
        const got = await results
        return options.ordered ? got : got.toSorted((one, other) => one - other)
      }
      const leavesAt = this.#chance(0.4) ? this.#upTo(ids.length + 1) : Number.POSITIVE_INFINITY
      const got: number[] = []
      for await (const value of results) {
        got.push(value)
        if (got.length >= leavesAt) break
        if (this.#chance(0.2)) await this.#pause(this.#upTo(4))
      }
      if (leavesAt === Number.POSITIVE_INFINITY)
        return options.ordered ? got : got.toSorted((one, other) => one - other)
      assert.ok(
        got.every((value, at) => (options.ordered ? value === expected[at] : expected.includes(value))),
        `the map gave ${got}`,
      )
      return expected
    }
    this.#run(attempt, all(), expected)
  }

  #stream(pool: Executor): void {
    const attempt = this.#attempt('stream')
    const count = this.#upTo(12)
    const view = this.#limited(pool, attempt).with({ ahead: 1 + this.#upTo(6) })
    const values = this.#chance(0.5)
      ? view.stream(tasks.counts, attempt.id, count, this.#upTo(3))
      : view.stream(tasks.countsHere, attempt.id, count)
    const leavesAt = this.#chance(0.4) ? this.#upTo(count + 1) : Number.POSITIVE_INFINITY
    const all = async () => {
      let next = 0
      for await (const value of values) {
        assert.equal(value, next, 'a value of a stream')
        next += 1
        if (next > leavesAt) return
        if (this.#chance(0.3)) await this.#pause(this.#upTo(4))
      }
      assert.equal(next, count, 'the values of a stream')
    }
    this.#run(attempt, all(), undefined)
  }

  #moves(pool: Executor): void {
    const attempt = this.#attempt('fills')
    const bytes = new Uint8Array(this.#pick([8, 70_000]))
    const expected = new Uint8Array(bytes.length).fill(attempt.id % 256)
    this.#run(attempt, this.#limited(pool, attempt).run(tasks.fills, attempt.id, move(bytes)), expected)
  }

  /** A receiver or a sender goes along; what comes back of a dead worker is received here. */
  #lends(pool: Executor): void {
    const attempt = this.#attempt(this.#chance(0.5) ? 'takes' : 'sends')
    const channel = new Channel<number>(this.#upTo(4))
    const count = this.#upTo(8)
    const view = this.#limited(pool, attempt)
    if (attempt.what === 'sends') {
      this.#run(attempt, view.run(tasks.sends, attempt.id, channel.sender, count), count)
      this.#ends.push(this.#receives(channel, attempt, count))
    } else {
      const call = view.run(tasks.takes, attempt.id, channel.receiver, this.#upTo(3))
      this.#run(
        attempt,
        call,
        Array.from({ length: count }, (_, n) => n),
      )
      this.#ends.push(this.#sends(channel, count))
    }
  }

  async #sends(channel: Channel<number>, count: number): Promise<void> {
    try {
      for (let n = 0; n < count; n += 1) await channel.send(n, { timeoutMs: 500 })
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error // Nobody takes it any more.
    }
    channel.close()
  }

  async #receives(channel: Channel<number>, attempt: Attempt, count: number): Promise<void> {
    let next = 0
    try {
      for (;;) {
        assert.equal(await channel.receive({ timeoutMs: 500 }), next, 'an item of a channel')
        next += 1
      }
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error // Nobody sends any more.
    }
    if (attempt.outcome === 'done') assert.equal(next, count, 'the items of a channel')
  }

  #dies(pool: Executor): void {
    const attempt = this.#attempt('dies')
    const how = this.#pick(['killed', 'exits', 'crashes', 'says so and lives', 'forges'] satisfies Death[])
    this.#run(attempt, this.#limited(pool, attempt).run(tasks.dies, attempt.id, how), 2 * attempt.id)
  }

  // ── limits, and what becomes of a call ──

  #attempt(what: string): Attempt {
    this.#ids += 1_000
    const attempt: Attempt = {
      what,
      id: this.#ids,
      cancelled: false,
      timeoutMs: undefined,
      mostBegins: 1,
      refuses: false,
      outcome: 'open',
    }
    this.#attempts.push(attempt)
    this.note(`call ${attempt.id}: ${what}`)
    return attempt
  }

  #limited(pool: Executor, attempt: Attempt): Executor {
    let view = pool
    if (this.#chance(0.2)) view = view.with({ priority: this.#upTo(3) - 1 })
    if (this.#chance(0.15)) {
      attempt.timeoutMs = 1 + this.#upTo(30)
      view = view.with({ timeoutMs: attempt.timeoutMs })
    }
    if (this.#chance(0.1)) {
      const controller = new AbortController()
      view = view.with({ signal: controller.signal })
      this.#cancelLater(attempt, () => controller.abort())
    }
    return view
  }

  #cancelLater(attempt: Attempt, cancel: () => void): void {
    attempt.cancelled = true
    const delayMs = this.#upTo(25)
    const cancels = () => {
      if (attempt.outcome !== 'open') return
      this.note(`call ${attempt.id} is cancelled`)
      cancel()
    }
    if (delayMs === 0) this.#virtual.soon(cancels, 'a cancel')
    else this.#virtual.setTimer(delayMs, cancels)
  }

  #run(attempt: Attempt, outcome: PromiseLike<unknown>, expected: unknown): void {
    const settled = Promise.resolve(outcome).then(
      value => {
        this.note(`call ${attempt.id} is done`)
        attempt.outcome = 'done'
        assert.deepEqual(value, expected, `the value of call ${attempt.id}`)
        assert.ok(!attempt.refuses || attempt.mostBegins > 1, `call ${attempt.id} throws`)
      },
      (error: Error) => {
        this.note(`call ${attempt.id} fails: ${error.name}: ${error.message.split('\n')[0]}`)
        attempt.outcome = error
        assert.ok(
          this.#isExcused(attempt, error),
          `call ${attempt.id} (${attempt.what}) failed: ${error.stack}`,
        )
      },
    )
    settled.catch(() => {}) // Whoever waits for the program hears of it.
    this.#ends.push(settled)
  }

  #isExcused(attempt: Attempt, error: Error): boolean {
    const { cancelled, timeoutMs, refuses } = attempt
    if (error instanceof TimeoutError) return timeoutMs !== undefined
    if (error instanceof QueueFullError) return this.#options.queueLimit < 100
    if (error instanceof ClosedError) return this.#closing
    if (error instanceof AbortError || error.name === 'AbortError') return cancelled
    if (error instanceof WorkerStartError)
      return this.workers.some(({ diedByItself, fate }) => diedByItself || fate.start !== 'works')
    if (error instanceof WorkerError) return this.workers.some(({ isDead }) => isDead)
    if (error instanceof RetryError)
      return this.#isExcused({ ...attempt, mostBegins: 1 }, error.cause as Error)
    return refuses && error instanceof RangeError
  }

  // ── what must be true ──

  #checkLimits(pool: Executor): void {
    const { workers, running, queued } = pool.stats()
    const alive = this.workers.filter(({ state }) => state !== 'told').length
    assert.ok(alive <= pool.workers, `${alive} workers of ${pool.workers}`)
    assert.ok(workers.starting + workers.idle + workers.busy <= pool.workers)
    assert.ok(running >= 0 && queued >= 0, `${running} run, ${queued} wait: ${this.#openCalls()}`)
  }

  /** With nothing left to do, nothing is kept alive, and all is counted. */
  async #checkRest(pool: Executor): Promise<void> {
    await this.#until(() => pool.stats().workers.busy === 0, 'the workers to be idle')
    const { queued, running, done, failed, cancelled } = pool.stats()
    assert.deepEqual({ queued, running }, { queued: 0, running: 0 })
    const calls = this.#attempts.filter(({ what }) => onlyCalls.has(what))
    if (calls.length === this.#attempts.length) {
      const ended = { done: 0, failed: 0, cancelled: 0 }
      for (const { outcome } of calls) ended[countedAs(outcome)] += 1
      assert.deepEqual({ done, failed, cancelled }, ended)
    }
    await this.#until(
      () => this.workers.every(({ isDead, held }) => isDead || !held),
      'the program to be let go',
    )
  }

  #checkEnd(pool: Executor): void {
    assert.deepEqual(pool.stats().workers, { starting: 0, idle: 0, busy: 0 })
    for (const { name, state } of this.workers) assert.equal(state, 'told', `${name} after close()`)
    for (const { id, what, outcome, mostBegins } of this.#attempts) {
      assert.notEqual(outcome, 'open', `call ${id} (${what}) was never settled`)
      const begins = this.begun.get(id) ?? 0
      assert.ok(begins <= mostBegins, `call ${id} (${what}) began ${begins} times`)
    }
    const known = new Set(this.#attempts.map(({ id }) => id))
    for (const [id, begins] of this.begun)
      if (!known.has(id)) assert.equal(begins, 1, `nested call or input ${id} began ${begins} times`)
  }

  async #close(pool: Executor): Promise<void> {
    this.#closing = true
    const how = { graceMs: this.#pick([0, 10, 200]), queued: this.#pick(['finish', 'cancel'] as const) }
    this.note(`close ${JSON.stringify(how)}`)
    await pool.close(how)
    this.note('closed')
  }

  async #until(isSo: () => boolean, what: string): Promise<void> {
    for (let left = horizonMs; !isSo(); left -= 5) {
      assert.ok(left > 0, `there is no end to the wait for ${what}`)
      await this.#pause(5)
    }
  }

  async #within(promise: Promise<unknown>, what: string): Promise<void> {
    let hangs = () => {}
    const over = new Promise<void>((_, reject) => {
      hangs = () => reject(new Error(`${what} hangs: ${this.#openCalls()}`))
    })
    const timer = this.#virtual.setTimer(horizonMs, () => hangs())
    try {
      await Promise.race([promise, over])
    } finally {
      timer.cancel()
    }
  }

  #openCalls(): string {
    const open = this.#attempts.filter(({ outcome }) => outcome === 'open')
    const workers = this.workers.map(({ name, state }) => `${name} is ${state}`)
    return `${open.map(({ id, what }) => `${id} (${what})`).join(', ')}; ${workers.join(', ')}`
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => void this.#virtual.setTimer(ms, resolve))
  }

  // ── chance ──

  #chance(of: number): boolean {
    return this.random() < of
  }

  #upTo(end: number): number {
    return Math.floor(this.random() * end)
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#upTo(from.length)] as T
  }
}

/** What is one job for each call. */
const onlyCalls = new Set([
  'double',
  'bulky',
  'later',
  'stubborn',
  'refuses',
  'fills',
  'takes',
  'sends',
  'dies',
])

function countedAs(outcome: Attempt['outcome']): 'done' | 'failed' | 'cancelled' {
  if (!(outcome instanceof Error)) return 'done'
  return outcome instanceof TimeoutError || outcome.name === 'AbortError' || outcome instanceof ClosedError
    ? 'cancelled'
    : 'failed'
}
