/**
 * Finds threads that wait for each other's locks in a circle.
 *
 *     a slice of my wait is over ─▶ my row: I wait for the owner
 *                                ─▶ the owner's row: whom does it wait for ─▶ … ─▶ me?
 *
 * A row may be stale: its thread was woken, and has not run yet. So a circle counts once each of
 * its threads has looked twice more at the owner of what it waits for, within the same wait. A
 * thread that was blocked all that time can't have released anything, so every edge of the circle
 * stands at the same time: there is no false alarm. The highest number throws.
 *
 * Nothing is written before a wait has lasted a slice, so a lock that is free, or soon is, costs
 * nothing.
 */

import { DeadlockError } from '../errors.ts'
import {
  agentTable,
  isAlive,
  rowOf,
  rowWords,
  selfAgent,
  selfAgentName,
  selfAgentWork,
} from '../runtime/agents.ts'
import { add, load, store } from '../runtime/atomics.ts'
import { debugs } from '../runtime/debug.ts'

// The words of a row behind those of runtime/agents.ts.
const entry = 2
const waitsFor = 3
const verified = 4
const textBytes = 5
const text = 8

/** Under ATONCE_DEBUG=1, where each of the threads waits is written down too. */
const debug = debugs('1')

interface Edge {
  readonly agent: number
  readonly entry: number
  readonly verified: number
}

/** One wait of this thread that has lasted a slice. */
export class CircleWatch {
  readonly #table = agentTable()
  readonly #row = rowOf(selfAgent())
  #suspected: readonly Edge[] = []

  /** `lock` names what this thread waits for. */
  constructor(lock: string) {
    add(this.#table, this.#row + entry, 1)
    const where = debug ? (new Error().stack ?? '').split('\n').slice(1).join('\n') : ''
    writeText(this.#table, this.#row, [selfAgentName(), lock, selfAgentWork() ?? '', where].join('\n'))
  }

  /**
   * Called when a slice is over: this thread has waited all the time, and `owner` held the lock;
   * `still` asks again.
   * @throws DeadlockError if this thread is the one of the circle that is to be told
   */
  look(owner: number, still: () => boolean): void {
    if (!still()) return
    store(this.#table, this.#row + waitsFor, owner)
    add(this.#table, this.#row + verified, 1)
    const circle = this.#walk()
    const same =
      circle.length > 0 &&
      circle.length === this.#suspected.length &&
      circle.every((edge, index) => {
        const before = this.#suspected[index] as Edge
        return edge.agent === before.agent && edge.entry === before.entry
      })
    if (!same) this.#suspected = circle
    else if (circle.every((edge, index) => edge.verified >= (this.#suspected[index] as Edge).verified + 2)) {
      if (circle.every(({ agent }) => agent <= selfAgent())) throw this.#deadlock(circle)
    }
  }

  /** Called when the wait is over, however it ended. */
  leave(): void {
    store(this.#table, this.#row + waitsFor, 0)
    add(this.#table, this.#row + entry, 1)
  }

  /** This thread and those behind it, if they lead back to it. */
  #walk(): readonly Edge[] {
    const circle: Edge[] = []
    const self = selfAgent()
    let at = self
    do {
      const row = rowOf(at)
      circle.push({
        agent: at,
        entry: load(this.#table, row + entry),
        verified: load(this.#table, row + verified),
      })
      at = load(this.#table, row + waitsFor)
    } while (at !== 0 && at !== self && isAlive(at) && !circle.some(({ agent }) => agent === at))
    return at === self ? circle : []
  }

  #deadlock(circle: readonly Edge[]): DeadlockError {
    const told = circle.map(({ agent }) => readText(this.#table, rowOf(agent)))
    const waits = told.map(({ who, lock, task }, index) => ({
      who,
      reason: `${lock}, which ${(told[(index + 1) % told.length] as Told).who} holds`,
      ...(task === '' ? {} : { task }),
    }))
    const lines = waits.flatMap(({ who, reason, task }, index) => [
      `    ${who} waits for ${reason}${task === undefined ? '' : `, in ${task}`}`,
      ...((told[index] as Told).where === '' ? [] : [(told[index] as Told).where]),
    ])
    return new DeadlockError(
      waits,
      `These threads wait for each other's locks, and none can go on:\n${lines.join('\n')}\n` +
        'Take locks in the same order everywhere, or acquire them with { timeoutMs }.',
    )
  }
}

interface Told {
  readonly who: string
  readonly lock: string
  readonly task: string
  readonly where: string
}

const room = 4 * (rowWords - text)

function writeText(table: Int32Array, row: number, said: string): void {
  const bytes = new Uint8Array(room)
  const { written } = new TextEncoder().encodeInto(said, bytes)
  const packed = new Int32Array(bytes.buffer)
  for (let word = 0; 4 * word < written; word += 1) store(table, row + text + word, packed[word] as number)
  store(table, row + textBytes, written)
}

function readText(table: Int32Array, row: number): Told {
  const packed = new Int32Array(rowWords - text)
  for (let word = 0; word < packed.length; word += 1) packed[word] = load(table, row + text + word)
  const bytes = Math.min(room, load(table, row + textBytes))
  const said = new TextDecoder().decode(new Uint8Array(packed.buffer, 0, bytes))
  const [who = '', lock = '', task = '', ...where] = said.split('\n')
  return { who, lock, task, where: where.join('\n') }
}
