/**
 * One played tree of supervised actors, some of them in workers: who asks whom, and who dies when,
 * follows from the seed.
 *
 *     seed ─▶ tree, acts, faults ─▶ Supervisor, Link ─ loopback ─ Host, in real workers ─▶ what must be true of every tree
 */
import assert from 'node:assert/strict'
import { actorsEvaluationOf, definitionIn } from '../../src/actors/definition.ts'
import {
  ActorDiedError,
  ActorStartError,
  CyclicAskError,
  NameTakenError,
  RestartLimitError,
} from '../../src/actors/errors.ts'
import type { Ref } from '../../src/actors/ref.ts'
import { type Supervisor, supervisor } from '../../src/actors/supervisor.ts'
import { ClosedError, TimeoutError } from '../../src/errors.ts'
import { learnClassesOf } from '../../src/executor/caller.ts'
import type { Executor } from '../../src/executor/executor.ts'
import { type Runtime, runtime, withRuntime } from '../../src/runtime/runtime.ts'
import { PlainEncoding } from '../../src/wire/encoding.ts'
import { encodeFailure } from '../../src/wire/failure.ts'
import { actorsTellTo, Faulty, Member } from './actors.ts'
import { Chance } from './chance.ts'
import { type Death, type Faults, noFaults } from './fate.ts'
import { playedExecutor } from './played-executor.ts'
import type { PlayedWorker, Scene } from './played-worker.ts'
import type { Tally } from './pool-play.ts'
import { watchRealClock } from './real-clock.ts'
import { StageRuntime } from './stage-runtime.ts'

const horizonMs = 120_000
const mostActs = 14

type MemberRef = Ref<InstanceType<typeof Member>>

interface Sent {
  readonly id: number
  readonly to: string
  readonly method: string
  /** It is given up after some milliseconds; nothing else takes as long as an ask may by itself. */
  readonly limited: boolean
  outcome: 'open' | 'done' | 'sent' | Error
}

/**
 * Plays the tree of the seed, and adds to `tally`. Returns the trace.
 * @throws what is not as it must be, with the trace
 */
export async function playActors(seed: number, tally: Tally = new Map()): Promise<readonly string[]> {
  await knowClasses()
  const play = new ActorsPlay(seed)
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
  for (const { outcome } of play.sent) count(outcome instanceof Error ? outcome.name : outcome)
  count(play.gaveUp ? 'trees that gave up' : 'trees that lived')
  return play.trace
}

/**
 * Error classes are learnt from their module at the first failure, in real time: so before the
 * first play.
 */
let known: Promise<void> | undefined
async function knowClasses(): Promise<void> {
  const { module } = definitionIn(Member).place
  const failure = encodeFailure(new Faulty('first'), new PlainEncoding())
  known ??= learnClassesOf([failure], module, actorsEvaluationOf(module)) ?? Promise.resolve()
  await known
  await twoTurns() // The learning's own, which the import has outrun.
}

async function twoTurns(): Promise<void> {
  await runtime().yieldToLoop()
  await runtime().yieldToLoop()
  await runtime().yieldToLoop()
}

class ActorsPlay implements Scene {
  readonly trace: string[] = []
  readonly workers: PlayedWorker[] = []
  readonly sent: Sent[] = []
  readonly chance: Chance
  readonly random: () => number
  faults: Faults
  gaveUp = false
  readonly #virtual: StageRuntime
  /** What was worked on, by actor. */
  readonly #done = new Map<string, number[]>()
  readonly #refs = new Map<string, MemberRef>()
  readonly #ends: Promise<void>[] = []
  #ids = 0
  #limited = false
  /** Some are asked to ask others. */
  readonly #meets: boolean
  #tree: Supervisor | undefined

  constructor(seed: number) {
    this.chance = new Chance(seed ^ 0x2545f491)
    this.random = this.chance.random
    this.#virtual = new StageRuntime(seed)
    this.#meets = this.chance.of(0.3)
    this.faults = this.chance.of(0.3)
      ? noFaults
      : {
          deaths: this.chance.pick([0.2, 0.6]),
          badStarts: this.chance.pick([0, 0, 0.2]),
          clogs: this.chance.pick([0, 0.1]),
        }
  }

  get outside(): Runtime {
    return this.#virtual.outside
  }

  note(what: string): void {
    this.trace.push(`${String(this.#virtual.now()).padStart(6)} ms  ${what}`)
  }

  did(actor: string, id: number): void {
    this.note(`${actor} works on ${id}`)
    const done = this.#done.get(actor)
    if (done === undefined) this.#done.set(actor, [id])
    else done.push(id)
  }

  async play(): Promise<void> {
    actorsTellTo(this)
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
    const on = this.#place()
    const strategy = chance.pick(['one_for_one', 'one_for_all', 'rest_for_one'] as const)
    const tree = supervisor({ strategy, maxRestarts: chance.pick([1, 4, 20]), withinMs: 5_000 })
    this.#tree = tree
    this.note(`a tree, ${strategy}, ${on.model}, ${JSON.stringify(this.faults)}`)
    await this.#within(this.#startAll(tree, on), 'the start')
    for (let left = 1 + chance.upTo(mostActs); left > 0; left -= 1) {
      this.#act()
      if (chance.of(0.4)) await this.#pause(chance.pick([0, 1, 5, 50]))
    }
    await this.#within(Promise.all(this.#ends), 'the program')
    this.faults = noFaults // Those that start now live.
    await this.#within(this.#checkTree(tree), 'the tree')
    await this.#within(tree.stop(), 'stop()')
    await this.#within(on.close(), 'close()')
    await this.#within(this.#workersEnd(), 'the end of the workers')
    this.#checkMessages()
  }

  #place(): Executor {
    const model = this.chance.of(0.5) ? 'threads' : 'processes'
    return playedExecutor(this, model, 1 + this.chance.upTo(2))
  }

  async #startAll(tree: Supervisor, on: Executor): Promise<void> {
    const count = 1 + this.chance.upTo(4)
    const starts = Array.from({ length: count }, async (_, at) => {
      const name = `member ${at}`
      const options = { name, ...(this.chance.of(0.75) ? { on } : {}) }
      try {
        this.#refs.set(name, await tree.start(Member, [name], options))
      } catch (error) {
        this.note(`${name} does not start: ${(error as Error).message}`)
        const isExcused = error instanceof ActorStartError || error instanceof ClosedError
        if (!isExcused || this.faults === noFaults) throw error
      }
    })
    await Promise.all(starts)
  }

  // ── what a program does ──

  #act(): void {
    if (this.#refs.size === 0) return
    const name = this.chance.pick([...this.#refs.keys()])
    const ref = this.#refs.get(name) as MemberRef
    this.#limited = this.chance.of(0.1)
    const { ask, tell } = this.#limited ? ref.with({ timeoutMs: 1 + this.chance.upTo(20) }) : ref
    const how = this.chance.pick(['killed', 'exits', 'crashes', 'forges'] satisfies Death[])
    const acts: readonly (() => void)[] = [
      () => this.#ask(name, 'add', id => ask.add(id)),
      () => this.#ask(name, 'add', id => ask.add(id)),
      () => this.#ask(name, 'addLater', id => ask.addLater(id, this.chance.upTo(30))),
      () => this.#ask(name, 'refuse', id => ask.refuse(id)),
      () => this.#ask(name, 'breakDown', id => ask.breakDown(id)),
      () => this.#ask(name, 'upTo', id => this.#stream(ask.upTo(id, 3), id)),
      () => this.#tell(name, 'add', id => tell.add(id)),
      () => this.#tell(name, 'add', id => tell.add(id)),
      () => this.#tell(name, 'breakDown', id => tell.breakDown(id)),
      () => (this.#meets ? this.#meet(name, ref) : this.#ask(name, 'add', id => ask.add(id))),
      () =>
        this.faults.deaths > 0
          ? this.#ask(name, 'die', id => ask.die(id, how))
          : this.#tell(name, 'add', id => tell.add(id)),
    ]
    this.chance.pick(acts)()
  }

  #ask(to: string, method: string, ask: (id: number) => Promise<unknown>): void {
    const sent = this.#sends(to, 'ask', method)
    const settled = ask(sent.id).then(
      value => {
        this.note(`${to} has answered ${sent.id}`)
        sent.outcome = 'done'
        assert.equal(value, sent.id)
      },
      (error: Error) => {
        this.note(`${to} has not answered ${sent.id}: ${error.name}: ${error.message}`)
        sent.outcome = error
        assert.ok(isExcused(error, sent.limited), `ask ${sent.id} of ${to} failed: ${error.stack}`)
      },
    )
    settled.catch(() => {})
    this.#ends.push(settled)
  }

  #tell(to: string, method: string, tell: (id: number) => boolean): void {
    const sent = this.#sends(to, 'tell', method)
    sent.outcome = 'sent'
    tell(sent.id)
  }

  async #stream(values: AsyncIterable<number>, id: number): Promise<number> {
    let next = 0
    for await (const value of values) {
      assert.equal(value, next)
      next += 1
    }
    assert.equal(next, 3)
    return id
  }

  /** A ref goes to another actor, which asks through it. */
  #meet(name: string, ref: MemberRef): void {
    const friend = this.chance.pick([...this.#refs.keys()])
    this.#ask(name, 'meet', id => ref.ask.meet(id, this.#refs.get(friend) as MemberRef))
    this.#ids += 1
    const friendsId = this.#ids
    this.#ask(name, 'pass', id => ref.ask.pass(id, friendsId))
  }

  #sends(to: string, kind: 'ask' | 'tell', method: string): Sent {
    this.#ids += 1
    const sent: Sent = { id: this.#ids, to, method, limited: this.#limited, outcome: 'open' }
    this.sent.push(sent)
    this.note(`${kind} ${sent.id} of ${to}: ${method}`)
    return sent
  }

  // ── what must be true ──

  /**
   * The supervisor has given up, or each of its children answers, by the ref that it has had from
   * the beginning.
   */
  async #checkTree(tree: Supervisor): Promise<void> {
    for (const [name, ref] of this.#refs) {
      for (;;) {
        if (tree.state !== 'open') {
          const { error } = await tree.ended
          assert.ok(error instanceof RestartLimitError, `the tree ended because of ${error}`)
          this.gaveUp = true
          return
        }
        this.#ids += 1
        try {
          await ref.ask.add(this.#ids)
          break
        } catch (error) {
          this.note(`${name} does not answer yet: ${error}`)
          assert.ok(isExcused(error as Error, false), `${error}`)
          await this.#pause(100)
        }
      }
    }
  }

  async #workersEnd(): Promise<void> {
    while (this.workers.some(({ state }) => state !== 'told')) await this.#pause(20)
  }

  /**
   * Each message was worked on once at the most, those of one sender in order; an answered one was,
   * and who hears `no` was not.
   */
  #checkMessages(): void {
    const times = new Map<number, number>()
    for (const ids of this.#done.values()) for (const id of ids) times.set(id, (times.get(id) ?? 0) + 1)
    for (const [id, count] of times) assert.equal(count, 1, `message ${id} was worked on ${count} times`)
    for (const { id, to, method, outcome } of this.sent) {
      assert.notEqual(outcome, 'open', `ask ${id} of ${to} was never settled`)
      if (outcome === 'done') assert.ok(times.has(id), `ask ${id} of ${to} was answered, and not worked on`)
      // Of a stream it says that of one of its values.
      if (
        outcome instanceof ActorDiedError &&
        outcome.begun === 'no' &&
        outcome.actor === to &&
        method !== 'upTo'
      )
        assert.ok(!times.has(id), `ask ${id} of ${to} was worked on, and its asker told that it was not`)
    }
    // A stream begins when its first value is asked for, once it is open.
    const own = new Set(this.sent.filter(({ method }) => method !== 'upTo').map(({ id }) => id))
    for (const [name, ids] of this.#done) {
      const inOrder = ids.filter(id => own.has(id))
      assert.deepEqual(
        inOrder,
        inOrder.toSorted((one, other) => one - other),
        `messages of ${name} in order`,
      )
    }
  }

  async #within(promise: Promise<unknown>, what: string): Promise<void> {
    let hangs = () => {}
    const over = new Promise<void>((_, reject) => {
      hangs = () => reject(new Error(`${what} hangs: ${this.#openOnes}`))
    })
    const timer = this.outside.setTimer(horizonMs, () => hangs())
    try {
      await Promise.race([promise, over])
    } finally {
      timer.cancel()
    }
  }

  get #openOnes(): string {
    const open = this.sent.filter(({ outcome }) => outcome === 'open')
    const workers = this.workers.map(({ name, state }) => `${name} is ${state}`)
    return `${open.map(({ id, to }) => `${id} of ${to}`).join(', ')}; ${workers.join(', ')}\n${this.#tree}`
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => void this.outside.setTimer(ms, resolve))
  }
}

function isExcused(error: Error, limited: boolean): boolean {
  if (error instanceof TimeoutError) return limited
  return [ActorDiedError, CyclicAskError, NameTakenError, Faulty, RangeError].some(
    kind => error instanceof kind,
  )
}
