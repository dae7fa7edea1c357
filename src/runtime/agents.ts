/**
 * The threads of this program that share memory, each with a number that is never given again, so
 * that a lock can hold its owner's number, and anybody can see whether that owner lives.
 *
 *     starter: newAgent ─▶ { words, id } ─┊─▶ thread: joinAgents ─▶ selfAgent()
 *     starter, when the thread has exited: endAgent(id) ─▶ isAlive(id) is false everywhere
 *
 * The words are one table for a first thread and all that it starts, at any depth: a header, then a
 * row for each living agent. A row's first word is the number of the agent that lives there, or 0.
 * Its generation makes the next number. The rest says what the agent waits for, if it has blocked
 * for long (sync/deadlock.ts).
 */
import { add, atomicsInForce, compareExchange, load, store } from './atomics.ts'
import { joinRaces, type RaceBirth, raceBirth, threadEnded } from './races/wanted.ts'

const slotBits = 9
const slots = 1 << slotBits
/** The bits of a lock word that hold an agent's number. */
export const agentMask = 0x0fff_ffff
const generations = (agentMask + 1) >> slotBits

const headerWords = 16
const lockNumbers = 0
/** 1 KiB: most of it is text, and untouched memory costs nothing. */
export const rowWords = 256
const alive = 0
const generation = 1

/** What a new thread is told. */
export interface AgentBirth {
  readonly words: Int32Array
  /** 0 if there are as many threads already as can be numbered. */
  readonly id: number
  /** Where threads look for races. */
  readonly races?: RaceBirth | undefined
}

let words: Int32Array | undefined
let self = 0
let selfName = 'main'
let workOfSelf: () => string | undefined = () => undefined

/** The table, made by the first thread that asks. */
export function agentTable(): Int32Array {
  const simulated = atomicsInForce()
  if (simulated !== undefined) return simulated.agents
  words ??= new Int32Array(new SharedArrayBuffer(4 * (headerWords + slots * rowWords)))
  return words
}

/** The number of this thread; made at the first call if nobody gave it one. */
export function selfAgent(): number {
  const simulated = atomicsInForce()
  if (simulated !== undefined) return simulated.agent
  if (self === 0) self = newNumber()
  return self
}

/** This thread's name, as `thread 2`. */
export function selfAgentName(): string {
  return selfName
}

/** What this thread does now, as `countPrimes`; undefined if that is not a task. */
export function selfAgentWork(): string | undefined {
  return workOfSelf()
}

/** From now on `work` says what this thread does. */
export function agentWorksOn(work: () => string | undefined): void {
  workOfSelf = work
}

/** What a starting thread is told. */
export function newAgent(): AgentBirth {
  const [words, id] = [agentTable(), newNumber()]
  const races = raceBirth(id)
  return races === undefined ? { words, id } : { words, id, races }
}

/** A number for a thread; 0 if there are too many. */
function newNumber(): number {
  const table = agentTable()
  for (let slot = 0; slot < slots; slot += 1) {
    const row = headerWords + slot * rowWords
    if (load(table, row + alive) !== 0) continue
    const next = (load(table, row + generation) % (generations - 1)) + 1
    const id = (next << slotBits) | slot
    if (compareExchange(table, row + alive, 0, id) !== 0) continue
    store(table, row + generation, next)
    return id
  }
  return 0
}

/** Takes over what the starter has given this thread. */
export function joinAgents({ words: given, id, races }: AgentBirth, name: string): void {
  joinRaces(races)
  words = given
  self = id
  selfName = name
}

/** Called by the starter, once the thread has exited and runs no more code. */
export function endAgent(id: number): void {
  if (id === 0) return
  threadEnded(id) // Before its place can be given again.
  const table = agentTable()
  compareExchange(table, rowOf(id) + alive, id, 0)
}

/** Whether that thread has not exited; costs one load. */
export function isAlive(id: number): boolean {
  return load(agentTable(), rowOf(id) + alive) === id
}

/** Where in the table an agent's row begins. */
export function rowOf(id: number): number {
  return headerWords + (id & (slots - 1)) * rowWords
}

/** Another number for each lock of the program. */
export function newLockNumber(): number {
  return add(agentTable(), lockNumbers, 1) + 1
}

/** A table for so many agents that a checker plays, and their numbers. */
export function playedAgents(count: number): { readonly words: Int32Array; readonly ids: readonly number[] } {
  const table = new Int32Array(new SharedArrayBuffer(4 * (headerWords + count * rowWords)))
  const ids = Array.from({ length: count }, (_, slot) => (1 << slotBits) | slot)
  for (const id of ids) table[rowOf(id) + alive] = id
  return { words: table, ids }
}
