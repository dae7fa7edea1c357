/**
 * Runs a small concurrent program on shared memory in every order that there is.
 *
 *     bodies ─▶ ThreadNode: what each does next ─▶ World: one state ─▶ choices ─▶ other states ─▶ …
 *                                                      ├─ seen before: not again
 *                                                      └─ all ended: check
 *
 * Exhaustive, or with so many pre-emptions at most (Musuvathi & Qadeer, "Iterative Context
 * Bounding", 2007). A failing order is looked for with none, one, two … pre-emptions, so the one
 * that is shown has the fewest.
 */
import { OptionError } from '../../errors.ts'
import { playedAgents, rowOf } from '../../runtime/agents.ts'
import { type AtomicsStandIn, withAtomics } from '../../runtime/atomics.ts'
import { type Choice, readSchedule, traceOf, writeSchedule } from './schedule.ts'
import { Script, type ThreadNode } from './thread-tree.ts'
import { Cells, settled, World } from './world.ts'

/** A program for the explorer. */
export interface Program {
  /**
   * Called once: makes what the threads share, and returns what each of them does. Bodies must not
   * await, and must be deterministic. A list of bodies is done one after the other, with nothing
   * carried over: a loop without its cost.
   */
  readonly threads: () => readonly (Body | readonly Body[])[]
  /**
   * Called for each end that can come about, with what the bodies returned; loads see the memory of
   * that end. It throws if the end is wrong.
   */
  readonly check?: (ends: readonly End[]) => void
  /** How many threads may die, at any of their steps. Default 0. */
  readonly deaths?: number
  /**
   * Whether waits of `longMs` and more end when nothing else can go on. Default: only once a thread
   * has died.
   */
  readonly slices?: boolean
}

/** What an explored thread does. */
export type Body = () => unknown

/** How a thread ended. */
export interface End {
  readonly state: 'done' | 'died'
  readonly value: unknown
}

/** What `explore` may be told. */
export interface ExploreOptions {
  /**
   * How often a thread that could go on is made to wait for others. Default: as often as there is.
   */
  readonly preemptions?: number
  /** Plays one order again: what a failure has printed. Default: none. */
  readonly replay?: string
  /** The most states; beyond, the exploration is not complete. Default 1,000,000. */
  readonly maxStates?: number
}

/** What `explore` has found. */
export interface Explored {
  /** Different states that were seen. */
  readonly states: number
  /** Ends that were reached and checked. */
  readonly ends: number
  /** Whether all orders were tried, within the bound of pre-emptions. */
  readonly complete: boolean
  readonly failure: ExploreFailure | undefined
}

/** An order in which the program goes wrong. */
export interface ExploreFailure {
  /**
   * `stuck`: threads wait, and nobody will wake them. `threw`: a body or the check. `endless`: a
   * thread never comes to an end.
   */
  readonly kind: 'stuck' | 'threw' | 'endless'
  readonly error: unknown
  /** Plays it again: `explore(program, { replay })`. */
  readonly schedule: string
  /** Step by step, who did what, and what came of it. */
  readonly trace: string
}

/** Waits of so long and more are there to look about, and no wake-up may depend on them. */
const longMs = 100
/** How often each thread may look about before it counts as stuck. */
const maxSlices = 14
const maxSteps = 2_000

/**
 * Runs `program` in every order of its threads' operations on shared memory, and says in which it
 * fails.
 *
 * What the threads use of `atonce/sync` is the code that runs in production. Nothing else that they
 * share is seen: let them share nothing but these and words that they touch through them.
 *
 * @throws OptionError
 * @example
 * const { failure } = explore({ threads() { const mutex = new Mutex(); return [() => …, () => …] }
 * }) assert.equal(failure, undefined, failure?.trace)
 */
export function explore(program: Program, options: ExploreOptions = {}): Explored {
  const { preemptions = Number.POSITIVE_INFINITY, maxStates = 1_000_000, replay } = options
  if (!(preemptions >= 0))
    throw new OptionError(`explore(…, { preemptions }) takes 0 or more; it got ${preemptions}.`)
  const exploration = new Exploration(program)
  if (replay !== undefined) return exploration.replay(readSchedule(replay))
  let explored = exploration.search(preemptions, maxStates)
  for (let fewer = 0; explored.failure !== undefined && fewer < Math.min(preemptions, 4); fewer += 1) {
    const smaller = exploration.search(fewer, maxStates)
    if (smaller.failure === undefined) continue
    explored = { ...explored, failure: smaller.failure }
    break
  }
  return explored
}

/** A state on the way, and how it was come to. */
interface Visit {
  readonly world: World
  readonly last: number
  readonly preempted: number
  readonly deaths: number
  readonly slices: number
  readonly steps: number
  readonly from: Visit | undefined
  readonly choice: Choice | undefined
}

class Exploration {
  readonly #program: Program
  readonly #cells = new Cells()
  readonly #agents: ReturnType<typeof playedAgents>
  readonly #start: World
  readonly #bodies: number

  constructor(program: Program) {
    this.#program = program
    const bodies = program.threads()
    this.#bodies = bodies.length
    this.#agents = playedAgents(bodies.length)
    const threads = bodies.map((body, index) =>
      settled(
        new Script(
          typeof body === 'function' ? [body] : body,
          this.#agents.ids[index] as number,
          this.#agents.words,
        ).rootOf(0) as ThreadNode,
      ),
    )
    this.#start = new World([], threads, [])
  }

  search(preemptions: number, maxStates: number): Explored {
    const seen = new Map<string, number>()
    const visits: Visit[] = [
      {
        world: this.#start,
        last: -1,
        preempted: 0,
        deaths: 0,
        slices: 0,
        steps: 0,
        from: undefined,
        choice: undefined,
      },
    ]
    let ends = 0
    for (let visit = visits.pop(); visit !== undefined; visit = visits.pop()) {
      const bounded = preemptions !== Number.POSITIVE_INFINITY
      const key = `${visit.world.key}:${visit.deaths}${visit.slices > 0 ? `s${visit.slices}` : ''}${bounded ? `@${visit.last}` : ''}`
      const before = seen.get(key)
      if (before !== undefined && (!bounded || before <= visit.preempted)) continue
      seen.set(key, bounded ? visit.preempted : 0)
      const wrong = this.#look(visit)
      if (wrong !== undefined) {
        const failure = this.#failure(visit, wrong.kind, wrong.error)
        return { states: seen.size, ends, complete: false, failure }
      }
      if (seen.size > maxStates) return { states: seen.size, ends, complete: false, failure: undefined }
      const choices = this.#choices(visit)
      if (choices.length === 0) ends += 1
      for (const choice of choices) {
        const next = this.#take(visit, choice)
        if (next.preempted <= preemptions) visits.push(next)
      }
    }
    return { states: seen.size, ends, complete: true, failure: undefined }
  }

  replay(choices: readonly Choice[]): Explored {
    let visit: Visit = {
      world: this.#start,
      last: -1,
      preempted: 0,
      deaths: 0,
      slices: 0,
      steps: 0,
      from: undefined,
      choice: undefined,
    }
    for (const choice of choices) {
      const possible = this.#choices(visit).some(
        ({ how, thread }) => how === choice.how && thread === choice.thread,
      )
      if (!possible)
        throw new OptionError(
          `The schedule does not fit this program: step ${visit.steps + 1} can't be taken.`,
        )
      visit = this.#take(visit, choice)
    }
    const wrong = this.#look(visit)
    return {
      states: visit.steps + 1,
      ends: 1,
      complete: false,
      failure: wrong === undefined ? undefined : this.#failure(visit, wrong.kind, wrong.error),
    }
  }

  /** What is wrong with this state, if anything. */
  #look(visit: Visit): { readonly kind: ExploreFailure['kind']; readonly error: unknown } | undefined {
    const { world } = visit
    for (const { node } of world.threads) {
      if (node.next.kind === 'threw') return { kind: 'threw', error: node.next.error }
    }
    if (visit.steps > maxSteps)
      return { kind: 'endless', error: new Error(`No end after ${maxSteps} steps.`) }
    // Nobody promises that a wait is given up, or that a thread dies: what only that would end is
    // stuck.
    if (this.#choices(visit).some(({ how }) => how !== 'aborts' && how !== 'dies')) return undefined
    const waiting = world.threads.flatMap(({ state }, thread) => (state === 'blocked' ? [thread] : []))
    if (waiting.length > 0)
      return { kind: 'stuck', error: new Error(`Nobody wakes thread ${waiting.join(' or ')}.`) }
    try {
      withAtomics(new Reading(world, this.#cells, this.#agents), () =>
        this.#program.check?.(
          world.threads.slice(0, this.#bodies).map(({ node, state }) => ({
            state: state === 'done' ? 'done' : 'died',
            value: node.next.kind === 'done' ? node.next.value : undefined,
          })),
        ),
      )
    } catch (error) {
      return { kind: 'threw', error }
    }
    return undefined
  }

  #choices({ world, deaths, slices }: Visit): Choice[] {
    const choices: Choice[] = []
    const slept: Choice[] = []
    for (const [thread, { state }] of world.threads.entries()) {
      if (state === 'died') choices.push({ how: 'noted', thread })
      if (state !== 'ready' && state !== 'blocked') continue
      if (thread < this.#bodies && deaths < (this.#program.deaths ?? 0)) choices.push({ how: 'dies', thread })
      if (state === 'ready') {
        choices.push({ how: 'steps', thread })
        continue
      }
      const operation = world.operationOf(thread)
      if (operation?.passOn !== undefined) choices.push({ how: 'aborts', thread })
      if ((operation?.second ?? longMs) < longMs) choices.push({ how: 'times out', thread })
      else if (operation?.second !== Number.POSITIVE_INFINITY) slept.push({ how: 'times out', thread })
    }
    const looksAbout = this.#program.slices ?? deaths > 0
    const stuck = choices.every(({ how }) => how === 'dies' || how === 'aborts')
    if (!stuck || !looksAbout || slices >= maxSlices * world.threads.length) return choices
    // All slices are as long, so the oldest one ends first.
    const oldest = world.waiters.find(
      ({ thread, late }) => late === undefined && slept.some(one => one.thread === thread),
    )
    return oldest === undefined ? choices : [...choices, { how: 'times out', thread: oldest.thread }]
  }

  #take(visit: Visit, choice: Choice): Visit {
    const { how, thread } = choice
    const { world, last } = visit
    const lastGoesOn = last !== -1 && last !== thread && world.threads[last]?.state === 'ready'
    const row = this.#cells.of(this.#agents.words, rowOf(this.#agents.ids[thread % this.#bodies] as number))
    return {
      world: this.#after(world, choice, row),
      last: how === 'steps' ? thread : last,
      preempted: visit.preempted + (how === 'steps' && lastGoesOn ? 1 : 0),
      deaths: visit.deaths + (how === 'dies' ? 1 : 0),
      slices:
        visit.slices + (how === 'times out' && (world.operationOf(thread)?.second ?? 0) >= longMs ? 1 : 0),
      steps: visit.steps + 1,
      from: visit,
      choice,
    }
  }

  #after(world: World, { how, thread }: Choice, row: number): World {
    if (how === 'steps') return world.step(thread, this.#cells).world
    if (how === 'times out') return world.timeOut(thread)
    if (how === 'aborts') return world.abort(thread)
    if (how === 'dies') return world.die(thread)
    return world.noteDeath(thread, row, this.#cells)
  }

  #failure(visit: Visit, kind: ExploreFailure['kind'], error: unknown): ExploreFailure {
    const way: { readonly world: World; readonly choice: Choice }[] = []
    for (let at: Visit | undefined = visit; at?.from !== undefined; at = at.from)
      way.unshift({ world: at.from.world, choice: at.choice as Choice })
    const schedule = writeSchedule(way.map(({ choice }) => choice))
    const said = error instanceof Error ? error.message : String(error)
    const trace = `${traceOf(way, visit.world, this.#cells)}\n${kind}: ${said}\nPlay it again: explore(program, { replay: '${schedule}' })`
    return { kind, error, schedule, trace }
  }
}

/** What `check` sees: the memory of one end. */
class Reading implements AtomicsStandIn {
  readonly agents: Int32Array
  readonly agent: number
  readonly #world: World
  readonly #cells: Cells

  constructor(world: World, cells: Cells, agents: ReturnType<typeof playedAgents>) {
    this.#world = world
    this.#cells = cells
    this.agents = agents.words
    this.agent = agents.ids[0] as number
  }

  load(words: Int32Array, at: number): number {
    const cell = this.#cells.of(words, at)
    return this.#world.memory[cell] ?? (this.#cells.initial[cell] as number)
  }

  now(): number {
    return 0
  }

  readonly store = onlyReads
  readonly add = onlyReads
  readonly and = onlyReads
  readonly or = onlyReads
  readonly exchange = onlyReads
  readonly compareExchange = onlyReads
  readonly wait = onlyReads
  readonly notify = onlyReads
  readonly waitAsync = onlyReads
}

function onlyReads(): never {
  throw new TypeError('check() may read what the threads share, not change it.')
}
