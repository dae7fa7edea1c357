/**
 * Whether this program looks for data races, and what its threads tell each other for that. The
 * rest of this folder is loaded with `atonce/sync` alone; a thread that has not loaded it passes on
 * what it hears.
 *
 *     starter: raceBirth() ─┊─▶ thread: joinRaces(birth)
 *     sender:  clockToSend() ─ in each message ─┊─▶ receiver: hearClock(clock)
 *     starter, when the thread has exited: threadEnded(agent)
 */
import { debugs } from '../debug.ts'
import { clockWords, joinClock, memoryWords, mostThreads, placeOf, switchedOffAt } from './layout.ts'

/** What a new thread is told. */
export interface RaceBirth {
  readonly memory: Int32Array
  /** All that its starter has done happens before all that it does. */
  readonly clock: Int32Array
}

/** The part of the detector that messages need. */
export interface MessageClock {
  /** The clock of this thread, to go with a message. */
  send(): Int32Array
  hear(clock: Int32Array): void
  /** That thread has exited: what it did happens before what this one does now. */
  ended(agent: number): void
}

let memory: Int32Array | undefined
let detector: MessageClock | undefined
/** What this thread has heard before it had a detector. */
const heard = new Int32Array(clockWords)

export function racesWanted(): boolean {
  return memory !== undefined || debugs('races')
}

/** The memory that all threads of the program share for this. */
export function raceMemory(): Int32Array {
  memory ??= new Int32Array(new SharedArrayBuffer(4 * memoryWords))
  return memory
}

/** For a thread that is about to start; undefined if nobody looks for races. */
export function raceBirth(agent: number): RaceBirth | undefined {
  if (!racesWanted()) return undefined
  if (placeOf(agent) >= mostThreads || agent === 0) switchOff()
  return { memory: raceMemory(), clock: clockToSend() }
}

/** What one thread does could order others: none can be left out. */
function switchOff(): void {
  const shared = raceMemory()
  if (shared[switchedOffAt] === 1) return
  shared[switchedOffAt] = 1
  process.emitWarning(
    `More than ${mostThreads} threads live at a time: from now on, no races are looked for (ATONCE_DEBUG=races).`,
    { code: 'ATONCE_RACES_OFF' },
  )
}

export function joinRaces(birth: RaceBirth | undefined): void {
  if (birth === undefined) return
  memory = birth.memory
  hearClock(birth.clock)
}

export function clockToSend(): Int32Array {
  return detector === undefined ? heard.slice() : detector.send()
}

export function hearClock(clock: Int32Array): void {
  if (detector === undefined) joinClock(heard, 0, clock, 0)
  else detector.hear(clock)
}

export function threadEnded(agent: number): void {
  detector?.ended(agent)
}

/** From now on messages are for this detector. */
export function listenForClocks(made: MessageClock): void {
  detector = made
  made.hear(heard)
}
