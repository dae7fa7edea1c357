/** What a played program may do, and what must come of each act. */
import assert from 'node:assert/strict'
import { Channel } from '../../src/channel/channel.ts'
import { ChannelClosedError, TimeoutError } from '../../src/errors.ts'
import type { Executor } from '../../src/executor/executor.ts'
import { move } from '../../src/task/transfer.ts'
import type { Attempt, Attempts } from './attempt.ts'
import type { Chance } from './chance.ts'
import type { Death } from './fate.ts'
import type { Scene } from './played-worker.ts'
import * as tasks from './tasks.ts'

export interface ActsScene extends Scene {
  readonly chance: Chance
  readonly attempts: Attempts
  pause(ms: number): Promise<void>
  /** Calls `act` after so long. */
  after(ms: number, act: () => void): void
}

export class Acts {
  readonly #scene: ActsScene
  readonly #chance: Chance
  readonly #attempts: Attempts
  readonly #pool: Executor
  readonly #isThreads: boolean

  constructor(scene: ActsScene, pool: Executor) {
    this.#scene = scene
    this.#chance = scene.chance
    this.#attempts = scene.attempts
    this.#pool = pool
    this.#isThreads = pool.model === 'threads'
  }

  // ── what a program does ──

  act(): void {
    const acts: readonly (() => void)[] = [
      () => this.#plain(),
      () => this.#plain(),
      () => this.#burst(),
      () => (this.#isThreads ? this.#shares() : this.#tells()),
      () => this.#tells(),
      () => this.#waitsForRoom(),
      () => this.#retriedMap(),
      () => (this.#chance.of(0.1) ? this.#flood() : this.#plain()),
      () => this.#bulky(),
      () => this.#later(),
      () => this.#stubborn(),
      () => this.#refuses(),
      () => this.#flaky(),
      () => this.#nests(),
      () => this.#map(),
      () => this.#stream(),
      () => this.#moves(),
      () => (this.#isThreads ? this.#later() : this.#lends()),
      () => (this.#isThreads ? this.#later() : this.#leaves()),
      () => (this.#scene.faults.deaths > 0 ? this.#dies() : this.#later()),
    ]
    this.#chance.pick(acts)()
  }

  #plain(): void {
    const attempt = this.#attempts.begin('double')
    this.#attempts.settles(attempt, this.#limited(attempt).run(tasks.double, attempt.id), 2 * attempt.id)
  }

  #burst(): void {
    for (let left = 2 + this.#chance.upTo(20); left > 0; left -= 1) this.#plain()
  }

  /** More than a ring holds. */
  #flood(): void {
    for (let left = 60; left > 0; left -= 1) this.#bulky()
  }

  #bulky(): void {
    const attempt = this.#attempts.begin('bulky')
    const text = 'x'.repeat(this.#chance.pick([10, 1_500, 5_000]))
    this.#attempts.settles(attempt, this.#limited(attempt).run(tasks.bulky, attempt.id, text), {
      id: attempt.id,
      text,
    })
  }

  /** Memory that both sides have is named by its number from the second time on. */
  #shares(): void {
    const cells = new Int32Array(new SharedArrayBuffer(16))
    for (let left = 1 + this.#chance.upTo(3); left > 0; left -= 1) {
      const attempt = this.#attempts.begin('adds')
      this.#attempts.settles(
        attempt,
        this.#limited(attempt).run(tasks.adds, attempt.id, cells),
        2 * attempt.id,
      )
    }
  }

  #tells(): void {
    const attempt = this.#attempts.begin('tells')
    const view = this.#limited(attempt)
    const told = this.#chance.pick([attempt.id, 'x'.repeat(this.#chance.upTo(1_500)), undefined])
    const call = tasks.told.run(told, () => view.run(tasks.tells, attempt.id))
    this.#attempts.settles(attempt, call, told)
  }

  /**
   * Whoever has waited for room may be refused all the same, by those who take it without waiting.
   */
  #waitsForRoom(): void {
    const attempt = this.#attempts.begin('room')
    const view = this.#limited(attempt)
    const call = async () => {
      await view.room()
      return view.run(tasks.double, attempt.id)
    }
    this.#attempts.settles(attempt, call(), 2 * attempt.id)
  }

  #retriedMap(): void {
    const attempt = this.#attempts.begin('retriedMap')
    attempt.mostBegins = 2
    attempt.refuses = true
    const inputs = Array.from({ length: this.#chance.upTo(6) }, (_, at) => tasks.nestedId(attempt.id, at))
    const view = this.#limited(attempt).with({ retries: 1 })
    const results = view.map(tasks.flakyOne, inputs, { chunk: this.#chance.pick(['auto', 2] as const) })
    this.#attempts.settles(
      attempt,
      results,
      inputs.map(id => 2 * id),
    )
  }

  #later(): void {
    const attempt = this.#attempts.begin('later')
    const call = this.#limited(attempt).run(tasks.later, attempt.id, this.#chance.upTo(30))
    this.#attempts.settles(attempt, call, 2 * attempt.id)
    if (this.#chance.of(0.4)) this.#cancelLater(attempt, () => call.cancel())
  }

  #stubborn(): void {
    const attempt = this.#attempts.begin('stubborn')
    const forEver = this.#chance.of(0.3)
    const call = this.#limited(attempt).run(
      tasks.stubborn,
      attempt.id,
      forEver ? Number.POSITIVE_INFINITY : this.#chance.upTo(40),
    )
    this.#attempts.settles(attempt, call, 2 * attempt.id)
    if (forEver || this.#chance.of(0.4)) this.#cancelLater(attempt, () => call.cancel())
  }

  #refuses(): void {
    const attempt = this.#attempts.begin('refuses')
    attempt.refuses = true
    this.#attempts.settles(
      attempt,
      this.#limited(attempt).run(tasks.refuses, attempt.id, this.#chance.upTo(4)),
      undefined,
    )
  }

  #flaky(): void {
    const attempt = this.#attempts.begin('flaky')
    const retries = this.#chance.upTo(4)
    const succeedsAt = 1 + this.#chance.upTo(4)
    attempt.refuses = succeedsAt > 1
    attempt.mostBegins = 1 + retries
    const view = this.#limited(attempt).with({ retries, retryDelayMs: this.#chance.upTo(3) })
    const call = view.run(tasks.flaky, attempt.id, succeedsAt)
    this.#attempts.settles(attempt, call, 2 * attempt.id)
    if (this.#chance.of(0.2)) this.#cancelLater(attempt, () => call.cancel())
  }

  #nests(): void {
    const kind = this.#chance.upTo(4)
    const attempt = this.#attempts.begin(['nests', 'nests', 'abandons', 'mapsInside'][kind] as string)
    const { id } = attempt
    const view = this.#limited(attempt)
    if (kind === 2)
      return this.#attempts.settles(attempt, view.run(tasks.abandons, id, this.#chance.upTo(20)), 2 * id)
    if (kind === 3) {
      const count = 1 + this.#chance.upTo(8)
      let sum = 0
      for (let at = 0; at < count; at += 1) sum += 2 * tasks.nestedId(id, at)
      return this.#attempts.settles(attempt, view.run(tasks.mapsInside, id, count), sum)
    }
    const [depth, width] = this.#chance.pick([
      [1, 1],
      [1, 3],
      [2, 2],
      [3, 1],
    ] as const)
    const call = view.run(tasks.nests, id, depth, width, this.#chance.upTo(3))
    this.#attempts.settles(attempt, call, width ** depth)
    if (this.#chance.of(0.3)) this.#cancelLater(attempt, () => call.cancel())
  }

  #map(): void {
    const attempt = this.#attempts.begin('map')
    const ids = Array.from(
      { length: this.#chance.upTo(12) },
      (_, at) => tasks.nestedId(attempt.id, 0) * 100 + at,
    )
    const view = this.#limited(attempt)
    const options = { ordered: this.#chance.of(0.7), chunk: this.#chance.pick(['auto', 1, 3] as const) }
    const results = view.map(tasks.double, ids, options)
    const expected = ids.map(id => 2 * id)
    const all = async () => {
      if (this.#chance.of(0.5)) {
        const got = await results
        return options.ordered ? got : got.toSorted((one, other) => one - other)
      }
      const leavesAt = this.#chance.of(0.4) ? this.#chance.upTo(ids.length + 1) : Number.POSITIVE_INFINITY
      const got: number[] = []
      for await (const value of results) {
        got.push(value)
        if (got.length >= leavesAt) break
        if (this.#chance.of(0.2)) await this.#scene.pause(this.#chance.upTo(4))
      }
      if (leavesAt === Number.POSITIVE_INFINITY)
        return options.ordered ? got : got.toSorted((one, other) => one - other)
      assert.ok(
        got.every((value, at) => (options.ordered ? value === expected[at] : expected.includes(value))),
        `the map gave ${got}`,
      )
      return expected
    }
    this.#attempts.settles(attempt, all(), expected)
  }

  #stream(): void {
    const attempt = this.#attempts.begin('stream')
    const count = this.#chance.upTo(12)
    const view = this.#limited(attempt).with({ ahead: 1 + this.#chance.upTo(6) })
    const values = this.#chance.of(0.5)
      ? view.stream(tasks.counts, attempt.id, count, this.#chance.upTo(3))
      : view.stream(tasks.countsHere, attempt.id, count)
    const leavesAt = this.#chance.of(0.4) ? this.#chance.upTo(count + 1) : Number.POSITIVE_INFINITY
    const all = async () => {
      let next = 0
      for await (const value of values) {
        assert.equal(value, next, 'a value of a stream')
        next += 1
        if (next > leavesAt) return
        if (this.#chance.of(0.3)) await this.#scene.pause(this.#chance.upTo(4))
      }
      assert.equal(next, count, 'the values of a stream')
    }
    this.#attempts.settles(attempt, all(), undefined)
  }

  #moves(): void {
    const attempt = this.#attempts.begin('fills')
    const bytes = new Uint8Array(this.#chance.pick([8, 70_000]))
    const expected = new Uint8Array(bytes.length).fill(attempt.id % 256)
    this.#attempts.settles(
      attempt,
      this.#limited(attempt).run(tasks.fills, attempt.id, move(bytes)),
      expected,
    )
  }

  /** A receiver or a sender goes along; what comes back of a dead worker is received here. */
  #lends(): void {
    const attempt = this.#attempts.begin(this.#chance.of(0.5) ? 'takes' : 'sends')
    const channel = new Channel<number>(this.#chance.upTo(4))
    const count = this.#chance.upTo(8)
    const view = this.#limited(attempt)
    if (attempt.what === 'sends') {
      this.#attempts.settles(attempt, view.run(tasks.sends, attempt.id, channel.sender, count), count)
      this.#attempts.also(this.#receives(channel, attempt, count))
    } else {
      const call = view.run(tasks.takes, attempt.id, channel.receiver, this.#chance.upTo(3))
      this.#attempts.settles(
        attempt,
        call,
        Array.from({ length: count }, (_, n) => n),
      )
      this.#attempts.also(this.#sends(channel, count))
    }
  }

  /**
   * A call takes some items of a closed channel, and leaves the others to a loop here, which begins
   * after the call or while that has them all.
   */
  #leaves(): void {
    const attempt = this.#attempts.begin('leaves')
    const channel = new Channel<number>(10)
    const count = 1 + this.#chance.upTo(8)
    for (let n = 0; n < count; n += 1) channel.trySend(n)
    channel.close()
    const most = 1 + this.#chance.upTo(count)
    const view = this.#limited(attempt)
    const taking = view.run(tasks.takesSome, attempt.id, channel.receiver, most, this.#chance.upTo(3))
    let taken: number | undefined
    const call = taking.then(some => {
      taken = some
      return 'left'
    })
    this.#attempts.settles(attempt, call, 'left')
    const after = this.#chance.of(0.5)
    const loop = async () => {
      while (attempt.outcome === 'open' && (after || channel.size > 0)) await this.#scene.pause(1)
      const left = await Array.fromAsync(channel)
      assert.deepEqual(left, left.toSorted(), 'the order of what was left')
      assert.throws(() => channel.tryReceive(), ChannelClosedError)
      await Promise.allSettled([call])
      if (taken !== undefined) assert.equal(left.length, count - taken, 'what a call has left')
      else assert.ok(left.length >= count - most, 'what a call that failed has left')
    }
    this.#attempts.also(loop())
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

  #dies(): void {
    const attempt = this.#attempts.begin('dies')
    const how = this.#chance.pick([
      'killed',
      'exits',
      'crashes',
      'says so and lives',
      'forges',
    ] satisfies Death[])
    this.#attempts.settles(attempt, this.#limited(attempt).run(tasks.dies, attempt.id, how), 2 * attempt.id)
  }

  // ── limits ──

  /** The executor with limits that the attempt may have. */
  #limited(attempt: Attempt): Executor {
    let view = this.#pool
    if (this.#chance.of(0.2)) view = view.with({ priority: this.#chance.upTo(3) - 1 })
    if (this.#chance.of(0.1)) view = view.with({ key: this.#chance.pick(['a', 'b']) })
    if (this.#chance.of(0.12)) {
      attempt.limited = true
      view = view.with({ timeoutMs: 1 + this.#chance.upTo(30) })
    }
    if (this.#chance.of(0.08)) {
      attempt.limited = true
      view = view.with({ runTimeoutMs: 1 + this.#chance.upTo(20) })
    }
    if (this.#chance.of(0.1)) {
      const controller = new AbortController()
      view = view.with({ signal: controller.signal })
      this.#cancelLater(attempt, () => controller.abort())
    }
    return view
  }

  #cancelLater(attempt: Attempt, cancel: () => void): void {
    attempt.cancelled = true
    this.#scene.after(this.#chance.upTo(25), () => {
      if (attempt.outcome !== 'open') return
      this.#scene.note(`call ${attempt.id} is cancelled`)
      cancel()
    })
  }
}
