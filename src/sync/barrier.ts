/** A place where a number of threads wait for each other, round after round. */
import { checkWhole } from '../checks.ts'
import { BrokenBarrierError } from '../errors.ts'
import { agentMask, isAlive, selfAgent } from '../runtime/agents.ts'
import { compareExchange, load, notify, or } from '../runtime/atomics.ts'
import { needsToBlock } from '../runtime/park-sync.ts'
import { crossesByHome, type Home, newHome } from './crossing.ts'
import { type ActionOption, actionCure, callAtOnce, nameIn, waitOptions } from './options.ts'
import { block, type SyncWaitOptions, suspend, timeoutOf, type Waiting, type WaitOptions } from './waiting.ts'

// The words: how many have arrived, the number of the round, and how things stand; then a seat for
// each place, in which a party writes its agent number and the low bits of the round it came in.
const arrivedMask = 0xfff
const roundShift = 12
const roundMask = 0xffff << roundShift
const broken = 1 << 28
/** The round before this one was ended by a reset. */
const wasReset = 1 << 29
const firstSeat = 1
const tagShift = 28
const tagMask = 0xf
/** The seat of a thread without a number; no agent has it, as generations begin with 1. */
const unnumbered = 1

/**
 * Holds each of `parties` until all have come; then all go on, and the next round begins.
 *
 * When one of them gives up (time, signal), aborts, its action throws, or its thread ends while it
 * waits, the others get a BrokenBarrierError, and so does everybody who comes until `reset()`. That
 * a thread has ended is seen by the last one that comes, and by those who wait, within about 100
 * ms. A party that dies before it comes is waited for: give `timeoutMs`.
 *
 * @throws OptionError
 * @example
 *     for (const step of steps) { compute(step); barrier.waitSync() }
 */
export class Barrier {
  readonly name: string
  readonly parties: number
  readonly #words: Int32Array
  readonly #at: number

  constructor(parties: number, options: { readonly name?: string } = {}, home?: Home) {
    checkWhole('new Barrier(parties)', parties, 1, arrivedMask - 1)
    const { words, at, name } =
      home ?? newHome('barrier', firstSeat + parties, nameIn('new Barrier(parties, …)', options))
    this.#words = words
    this.#at = at
    this.name = name
    this.parties = parties
  }

  /**
   * Stops the thread until all have come. Returns in which place it came: 0 for the first, `parties
   * - 1` for the last, which runs `action`, if it gave one, before all go on.
   * @throws SyncUseError on the main thread, and if `action` is async
   * @throws BrokenBarrierError, TimeoutError, OptionError
   */
  waitSync(given?: SyncWaitOptions & ActionOption): number {
    const options = waitOptions('meetSync', 'waitSync()', this.name, given)
    const timeoutMs = timeoutOf('waitSync()', options.timeoutMs)
    const arrival: Arrival = { place: 0, came: 0 }
    needsToBlock('waitSync()', this.name, 'await barrier.wait()')
    block(arrive(this.#words, this.#at, this.parties, this.name, arrival), this.name, timeoutMs)
    this.#last(arrival, options.action)
    return arrival.place
  }

  /** As `waitSync`, without stopping the thread. Rejects with the signal's reason too. */
  async wait(given?: WaitOptions & ActionOption): Promise<number> {
    const options = waitOptions('meet', 'wait()', this.name, given)
    options.signal?.throwIfAborted()
    const arrival: Arrival = { place: 0, came: 0 }
    await suspend(arrive(this.#words, this.#at, this.parties, this.name, arrival), this.name, this, options)
    this.#last(arrival, options.action)
    return arrival.place
  }

  #last({ place, came }: Arrival, action: (() => void) | undefined): void {
    if (place !== this.parties - 1) return
    try {
      if (action !== undefined) callAtOnce(`{ action } of ${this.name}`, action, actionCure)
    } catch (error) {
      this.abort()
      throw error
    }
    open(this.#words, this.#at, this.name, came)
  }

  /** Breaks it: all who wait and all who come get a BrokenBarrierError. */
  abort(): void {
    breakBarrier(this.#words, this.#at)
  }

  /** Begins anew; whoever waits gets a BrokenBarrierError. */
  reset(): void {
    resetBarrier(this.#words, this.#at, this.parties)
  }

  /** How many wait for the others. */
  get waiting(): number {
    const held = load(this.#words, this.#at)
    return (held & broken) === 0 ? held & arrivedMask : 0
  }

  get broken(): boolean {
    return (load(this.#words, this.#at) & broken) !== 0
  }

  static {
    crossesByHome(
      import.meta,
      Barrier,
      barrier => ({ words: barrier.#words, at: barrier.#at, name: barrier.name, parties: barrier.parties }),
      home => new Barrier(home.parties, {}, home),
    )
  }
}

interface Arrival {
  place: number
  /** What the word held when it took its seat: the round it is of. */
  came: number
}

/** Comes and waits for the others; the last one returns at once, and has to `open`. */
export function* arrive(
  words: Int32Array,
  at: number,
  parties: number,
  name: string,
  arrival: Arrival,
): Waiting {
  if (!(yield* takeSeat(words, at, parties, name, arrival))) return false
  const { place, came } = arrival
  if (place === parties - 1) return allLive(words, at, parties, name, came)
  let looks = false
  for (;;) {
    const held = load(words, at)
    if (passed(held, came, name)) return true
    if (looks && oneDied(words, at, parties, held) && breakRound(words, at, held)) throw died(name)
    const resumed = yield { words, at, expected: held, passOn: undefined }
    looks = resumed === 'slice'
    if (resumed !== 'over') continue
    for (;;) {
      const last = load(words, at)
      if (passed(last, came, name)) return true
      if (breakRound(words, at, last)) return false
    }
  }
}

/**
 * Takes the next seat, and is counted. The seat comes first: whoever is counted has a seat, so its
 * death is seen.
 */
function* takeSeat(words: Int32Array, at: number, parties: number, name: string, arrival: Arrival): Waiting {
  const self = selfAgent() || unnumbered
  let looks = false
  for (;;) {
    const came = load(words, at)
    const place = came & arrivedMask
    if ((came & broken) !== 0) throw new BrokenBarrierError(name, 'it was broken before this one came')
    if (place === parties) {
      // All of a round have come, and its last one has not opened it yet, or died before it did.
      if (looks && oneDied(words, at, parties, came) && breakRound(words, at, came)) continue
      const resumed = yield { words, at, expected: came, passOn: undefined }
      if (resumed === 'over') return false
      looks = resumed === 'slice'
      continue
    }
    const seat = load(words, at + firstSeat + place)
    const taken = isOfRound(seat, came)
    if (!taken && compareExchange(words, at + firstSeat + place, seat, self | tagOf(came)) !== seat) continue
    // If this fails, another has raised it for this seat, or the round is broken or over.
    compareExchange(words, at, came, came + 1)
    if (taken) continue // The count was raised for the party in that seat, which may have died.
    arrival.place = place
    arrival.came = came
    return true
  }
}

/** What the last one does before it runs its action. */
function allLive(words: Int32Array, at: number, parties: number, name: string, came: number): boolean {
  for (;;) {
    const held = load(words, at)
    refuseOver(held, came, name)
    if (!oneDied(words, at, parties, held)) return true
    if (breakRound(words, at, held)) throw died(name)
  }
}

/** Whether the thread of a party that has come in this round runs no more. */
function oneDied(words: Int32Array, at: number, parties: number, held: number): boolean {
  for (let place = 0; place < parties; place += 1) {
    const seat = load(words, at + firstSeat + place)
    const agent = seat & agentMask
    if (isOfRound(seat, held) && agent !== unnumbered && !isAlive(agent)) return true
  }
  return false
}

/** The bits by which a seat says of which round it is. */
function tagOf(held: number): number {
  return ((held >>> roundShift) & tagMask) << tagShift
}

function isOfRound(seat: number, held: number): boolean {
  return seat !== 0 && (seat & ~agentMask) === tagOf(held)
}

/** Whether the round in which one came is over. */
function passed(held: number, came: number, name: string): boolean {
  const sameRound = (held & roundMask) === (came & roundMask)
  if (sameRound && (held & broken) !== 0)
    throw new BrokenBarrierError(name, 'a party has given up or died, or it was aborted')
  const isNext = (held & roundMask) === ((came + (1 << roundShift)) & roundMask)
  if (isNext && (held & wasReset) !== 0)
    throw new BrokenBarrierError(name, 'it was reset while this one waited')
  return !sameRound
}

/** Only the last one opens its round, so to that one another round means that it was reset. */
function refuseOver(held: number, came: number, name: string): void {
  if ((held & roundMask) !== (came & roundMask))
    throw new BrokenBarrierError(name, 'it was reset as the last one came')
  if ((held & broken) !== 0) throw new BrokenBarrierError(name, 'it was broken as the last one came')
}

/** Ends the round, and lets all go on. */
export function open(words: Int32Array, at: number, name: string, came: number): void {
  for (;;) {
    const held = load(words, at)
    refuseOver(held, came, name)
    if (compareExchange(words, at, held, (held + (1 << roundShift)) & roundMask) === held) break
  }
  notify(words, at, Number.POSITIVE_INFINITY)
}

/** Breaks the round that one has looked at; false if the word is another by now. */
function breakRound(words: Int32Array, at: number, held: number): boolean {
  if (compareExchange(words, at, held, held | broken) !== held) return false
  notify(words, at, Number.POSITIVE_INFINITY)
  return true
}

export function breakBarrier(words: Int32Array, at: number): void {
  or(words, at, broken)
  notify(words, at, Number.POSITIVE_INFINITY)
}

export function resetBarrier(words: Int32Array, at: number, parties: number): void {
  for (;;) {
    const held = load(words, at)
    clearSeats(words, at, parties, held)
    const fresh = ((held + (1 << roundShift)) & roundMask) | wasReset
    if (compareExchange(words, at, held, fresh) === held) break
  }
  notify(words, at, Number.POSITIVE_INFINITY)
}

/**
 * Clears the seats of rounds before this one, so that none is left when its tag comes again. Seats
 * of the rounds to come are let alone: another may have reset it meanwhile.
 */
function clearSeats(words: Int32Array, at: number, parties: number, held: number): void {
  for (let place = 0; place < parties; place += 1) {
    const seat = load(words, at + firstSeat + place)
    const age = ((tagOf(held) - (seat & ~agentMask)) >>> tagShift) & tagMask
    if (seat !== 0 && age >= 1 && age <= tagMask >> 1) compareExchange(words, at + firstSeat + place, seat, 0)
  }
}

function died(name: string): BrokenBarrierError {
  return new BrokenBarrierError(name, 'the thread of a party that waited has ended')
}
