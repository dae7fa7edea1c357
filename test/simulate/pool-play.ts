/**
 * One played program on a pool: what it does, when, and what becomes of its workers follows from
 * the seed.
 *
 *     seed ─▶ options, faults, acts ─▶ the real pool ─ loopback ─ real workers ─▶ what must be true of every program
 *
 * All of it runs in virtual time, and the seed decides who goes first. So a program that fails can
 * be played again.
 */
import assert from 'node:assert/strict'
import { createExecutor, type Executor } from '../../src/executor/executor.ts'
import { failuresBeforeGivingUp } from '../../src/policy.ts'
import { checkPoolOptions, type PoolOptions } from '../../src/pool/options.ts'
import { Pool } from '../../src/pool/pool.ts'
import { type Runtime, withRuntime } from '../../src/runtime/runtime.ts'
import { Acts, type ActsScene } from './acts.ts'
import { Attempts, type Surroundings } from './attempt.ts'
import { Chance } from './chance.ts'
import { type Faults, noFaults } from './fate.ts'
import { playedProcesses } from './played-process.ts'
import { playedThreads } from './played-thread.ts'
import type { PlayedWorker } from './played-worker.ts'
import { watchRealClock } from './real-clock.ts'
import { StageRuntime } from './stage-runtime.ts'
import * as tasks from './tasks.ts'

/** Nothing takes so long, in virtual time: what is open then hangs. */
const horizonMs = 10_000
/** After this, no timer of a closed pool is left, not even one that keeps nothing alive. */
const restMs = 60_000
const mostActs = 12

/** What came of the programs: how many calls ended in which way. */
export type Tally = Map<string, number>

/**
 * Plays the program of the seed, and adds to `tally`. Returns the trace.
 * @throws what is not as it must be, with the trace
 */
export async function playPool(seed: number, tally: Tally = new Map()): Promise<readonly string[]> {
  const play = new PoolPlay(seed)
  try {
    await play.play()
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n\n${play.trace.join('\n')}`, {
      cause: error,
    })
  }
  const count = (what: string) => tally.set(what, (tally.get(what) ?? 0) + 1)
  for (const { diedByItself } of play.workers)
    count(diedByItself ? 'workers that died' : 'workers that did not')
  for (const { outcome } of play.attempts.all) count(outcome instanceof Error ? outcome.name : outcome)
  return play.trace
}

class PoolPlay implements ActsScene, Surroundings {
  readonly trace: string[] = []
  readonly workers: PlayedWorker[] = []
  readonly chance: Chance
  readonly attempts: Attempts
  readonly random: () => number
  readonly faults: Faults
  readonly begun = new Map<number, number>()
  readonly #virtual: StageRuntime
  readonly #isThreads: boolean
  readonly #options: PoolOptions
  isClosing = false

  /** For what is not the program's own. */
  get outside(): Runtime {
    return this.#virtual.outside
  }

  constructor(seed: number) {
    const chance = new Chance(seed ^ 0x51ed270b)
    this.#virtual = new StageRuntime(seed)
    this.chance = chance
    this.random = chance.random
    this.attempts = new Attempts(this, what => this.note(what))
    this.#isThreads = chance.of(0.5)
    this.faults = chance.of(0.3) ? noFaults : faultsBy(chance)
    this.#options = optionsBy(chance, this.#isThreads ? 'threads' : 'processes')
    this.note(
      `${this.#isThreads ? 'threads' : 'processes'} ${JSON.stringify(this.#options)} ${JSON.stringify(this.faults)}`,
    )
  }

  note(what: string): void {
    this.trace.push(`${String(this.#virtual.now()).padStart(6)} ms  ${what}`)
  }

  workerNamed(name: string): PlayedWorker | undefined {
    return this.workers.find(worker => worker.name === name)
  }

  after(ms: number, act: () => void): void {
    if (ms === 0) this.#virtual.soon(act, 'the program')
    else this.outside.setTimer(ms, act)
  }

  pause(ms: number): Promise<void> {
    return new Promise(resolve => void this.outside.setTimer(ms, resolve))
  }

  // ── what excuses a failure ──

  get mayBeFull(): boolean {
    return this.#options.queueLimit < 100
  }

  get someDied(): boolean {
    return (
      this.#options.initialize !== undefined ||
      this.workers.some(({ diedByItself, fate }) => diedByItself || fate.start !== 'works')
    )
  }

  get someEnded(): boolean {
    return this.workers.some(({ isDead }) => isDead)
  }

  // ── the program ──

  async play(): Promise<void> {
    tasks.tellTo(this)
    const touched = watchRealClock()
    try {
      await this.#virtual.until(withRuntime(this.#virtual, () => this.#body()))
    } finally {
      touched.end()
    }
    assert.deepEqual(touched.by, [], 'nothing touches the real clock')
  }

  async #body(): Promise<void> {
    const { chance } = this
    const crossing = { sharedMemory: this.#isThreads, maxPayloadBytes: this.#options.maxPayloadBytes }
    const start = (this.#isThreads ? playedThreads : playedProcesses)(this, this.#options)
    const pool = createExecutor(
      new Pool(this.#isThreads ? 'threads' : 'processes', this.#options, start, crossing),
    )
    const acts = new Acts(this, pool)
    const count = 1 + chance.upTo(mostActs)
    const closesAt = chance.of(0.15) ? chance.upTo(count) : count
    let closed: Promise<void> | undefined
    for (let at = 0; at < count; at += 1) {
      if (at === closesAt) closed = this.#close(pool)
      if (closed === undefined || chance.of(0.3)) acts.act()
      if (chance.of(0.5)) await this.pause(chance.pick([0, 1, 2, 5, 20]))
      await this.#checkLimits(pool)
    }
    if (closed === undefined && chance.of(0.25)) closed = this.#close(pool)
    await this.#within(Promise.all(this.attempts.ends), 'the program')
    if (closed === undefined) {
      await this.#checkRest(pool)
      closed = this.#close(pool)
    }
    await this.#within(closed, 'close()')
    this.#checkEnd(pool)
    await this.pause(restMs)
    assert.equal(this.#virtual.timers, 0, 'no timer is left')
  }

  async #close(pool: Executor): Promise<void> {
    this.isClosing = true
    const how = {
      graceMs: this.chance.pick([0, 10, 200]),
      queued: this.chance.pick(['finish', 'cancel'] as const),
    }
    this.note(`close ${JSON.stringify(how)}`)
    await pool.close(how)
    this.note('closed')
  }

  // ── what must be true ──

  /** At any time. */
  async #checkLimits(pool: Executor): Promise<void> {
    const { workers, running, queued, crashes } = pool.stats()
    const alive = this.workers.filter(({ state }) => state !== 'told')
    assert.ok(alive.length <= this.#options.workers, `${alive.length} workers of ${this.#options.workers}`)
    assert.equal(workers.starting + workers.idle + workers.busy, alive.length)
    assert.ok(running >= 0 && queued >= 0, `${running} run, ${queued} wait: ${this.#openCalls}`)
    if (this.faults === noFaults && this.#options.initialize === undefined)
      assert.equal(crashes, 0, 'nobody crashed')
    await this.pause(0) // What was asked for in this turn is under way then.
    this.#checkHeld()
  }

  /** Whoever waits for a call does not lose the program before it is answered. */
  #checkHeld(): void {
    const waits = this.attempts.open.some(({ what }) => alwaysHeld.has(what))
    // A stream that rests holds its worker, and its consumer whatever it waits for.
    if (!waits || this.#virtual.holdsProgram || this.attempts.open.some(({ what }) => what === 'stream'))
      return
    const isHeld = this.workers.some(({ state, held }) => state !== 'told' && held)
    assert.ok(isHeld, `nothing keeps the program alive for ${this.#openCalls}`)
  }

  /** With nothing left to do, nothing is kept alive, and all is counted. */
  async #checkRest(pool: Executor): Promise<void> {
    await this.#until(() => pool.stats().workers.busy === 0, 'the workers to be idle')
    const { queued, running, done, failed, cancelled } = pool.stats()
    assert.deepEqual({ queued, running }, { queued: 0, running: 0 })
    const { counts } = this.attempts
    if (counts !== undefined) assert.deepEqual({ done, failed, cancelled }, counts)
    await this.#until(
      () => this.workers.every(({ isDead, held }) => isDead || !held),
      'the program to be let go',
    )
  }

  /** When the pool is closed. */
  #checkEnd(pool: Executor): void {
    assert.deepEqual(pool.stats().workers, { starting: 0, idle: 0, busy: 0 })
    for (const { name, state } of this.workers) assert.equal(state, 'told', `${name} after close()`)
    const known = new Map(this.attempts.all.map(attempt => [attempt.id, attempt]))
    for (const { id, what, outcome } of known.values()) {
      assert.notEqual(outcome, 'open', `call ${id} (${what}) was never settled`)
      if (outcome === 'done' && !manyInputs.has(what))
        assert.ok(this.begun.has(id), `call ${id} (${what}) began`)
    }
    for (const [id, begins] of this.begun) {
      const { mostBegins = 1 } = known.get(id) ?? {}
      assert.ok(begins <= mostBegins, `call ${id} began ${begins} times`)
    }
    this.#checkDeaths()
  }

  /**
   * A death takes as many calls from outside along as the worker runs side by side; one has all of
   * its family.
   */
  #checkDeaths(): void {
    const { takenAlong } = this.attempts
    const ended = this.workers.filter(({ endedInOrder }) => !endedInOrder).length
    // Those that die of a module they import are not followed by others for ever: whoever waits for
    // it is told.
    if (ended >= failuresBeforeGivingUp) return
    assert.ok(
      takenAlong.length <= ended * this.#options.callsPerWorker,
      `${ended} deaths took along ${takenAlong.map(({ id, what }) => `${id} (${what})`).join(', ')}`,
    )
  }

  async #until(isSo: () => boolean, what: string): Promise<void> {
    for (let left = horizonMs; !isSo(); left -= 5) {
      assert.ok(left > 0, `there is no end to the wait for ${what}: ${this.#openCalls}`)
      await this.pause(5)
    }
  }

  async #within(promise: Promise<unknown>, what: string): Promise<void> {
    let hangs = () => {}
    const over = new Promise<void>((_, reject) => {
      hangs = () => reject(new Error(`${what} hangs: ${this.#openCalls}`))
    })
    const timer = this.outside.setTimer(horizonMs, () => hangs())
    try {
      await Promise.race([promise, over])
    } finally {
      timer.cancel()
    }
  }

  get #openCalls(): string {
    const workers = this.workers.map(({ name, state, held }) => `${name} is ${state}${held ? ', held' : ''}`)
    return `${this.attempts.open.map(({ id, what }) => `${id} (${what})`).join(', ')}; ${workers.join(', ')}`
  }
}

/** Tasks for each of which somebody waits from its start to its end. */
const alwaysHeld = new Set([
  'double',
  'bulky',
  'later',
  'refuses',
  'adds',
  'tells',
  'dies',
  'nests',
  'mapsInside',
])
/** What has no task that is called with its own number. */
const manyInputs = new Set(['map', 'retriedMap', 'stream'])

function faultsBy(chance: Chance): Faults {
  return {
    deaths: chance.pick([0, 0.2, 0.6]),
    badStarts: chance.pick([0, 0, 0.2, 0.5]),
    clogs: chance.pick([0, 0.05, 0.3]),
  }
}

function optionsBy(chance: Chance, model: 'threads' | 'processes'): PoolOptions {
  const own = () => [tasks.readies, chance.upTo(4)] as const
  return checkPoolOptions(model, {
    workers: 1 + chance.upTo(3),
    minWorkers: chance.of(0.2) ? 1 : 0,
    idleMs: chance.pick([0, 10, 30_000]),
    queueLimit: chance.pick([1_000, 1_000, 1_000, 1_000, 10, 1, 0]),
    graceMs: chance.pick([0, 5, 50]),
    closeGraceMs: 100,
    startTimeoutMs: 40,
    maxCallsPerWorker: chance.pick([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 3]),
    ...(chance.of(0.1) ? { initialize: own() } : {}),
    ...(chance.of(0.1) ? { teardown: own() } : {}),
  })
}
