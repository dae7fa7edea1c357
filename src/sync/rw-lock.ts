/** Many readers at a time, or one writer. */
import { DeadlockError, OwnerDiedError, SyncUseError } from '../errors.ts'
import { agentMask, isAlive } from '../runtime/agents.ts'
import { add, and, compareExchange, load, notify, store } from '../runtime/atomics.ts'
import { needsToBlock } from '../runtime/park-sync.ts'
import { CircleWatch } from './circle.ts'
import { crossesByHome, type Home, newHome } from './crossing.ts'
import { Guard } from './guard.ts'
import { type AcquireOptions, type AcquireSyncOptions, nameIn, waitOptions } from './options.ts'
import {
  type Asking,
  disown,
  inLine,
  me,
  own,
  ownerDied,
  passTurn,
  poisoned,
  stand,
  tryOwn,
} from './owned.ts'
import { block, suspend, timeoutOf, type Waiting } from './waiting.ts'

// The words: the gate, which a writer owns; how often a reader has left while a writer owned it; a
// place for each reader.
const leavings = 1
const firstPlace = 2
const places = 64

/**
 * Lets any number of threads read, or one write. A reader goes past no writer that waits, and both
 * come in the order in which they began to wait, but for those who find it free.
 *
 * Up to 64 readers hold it at a time. When a writer's thread dies, all are told as with a Mutex; a
 * reader that dies is no longer counted.
 *
 * @example
 *     { using reading = await lock.acquireRead(); … }
 */
export class RwLock {
  readonly name: string
  readonly #words: Int32Array
  readonly #at: number

  constructor(
    options: { readonly name?: string } = {},
    home: Home = newHome('rw-lock', firstPlace + places, nameIn('new RwLock(…)', options)),
  ) {
    this.#words = home.words
    this.#at = home.at
    this.name = home.name
  }

  /** Reads if no writer has it or waits for it; else returns undefined. */
  tryAcquireRead(): Guard | undefined {
    const place = tryRead(this.#words, this.#at, places, me())
    if (place >= 0) return this.#reading(place)
    const gate = load(this.#words, this.#at)
    if (gate !== 0 && ownerDied(this.#words, this.#at)) throw new OwnerDiedError(this.name)
    return undefined
  }

  /**
   * Reads; the thread stops until no writer has it.
   * @throws SyncUseError on the main thread, and if this thread writes
   * @throws TimeoutError, OwnerDiedError, DeadlockError, OptionError
   */
  acquireReadSync(given?: AcquireSyncOptions): Guard {
    needsToBlock('acquireReadSync()', this.name, 'using reading = await lock.acquireRead()')
    const options = waitOptions('acquireSync', 'acquireReadSync()', this.name, given)
    const self = me()
    const place = tryRead(this.#words, this.#at, places, self)
    if (place >= 0) return this.#reading(place)
    const waiting: Reading = { place: -1 }
    const asking = this.#asking({ ...options, ownerDied: 'throw' }, self)
    const timeoutMs = timeoutOf('acquireReadSync()', options.timeoutMs)
    block(awaitRead(this.#words, this.#at, places, self, asking, waiting), this.name, timeoutMs)
    return this.#reading(waiting.place)
  }

  /** As `acquireReadSync`, without stopping the thread. Rejects with the signal's reason too. */
  async acquireRead(given?: AcquireOptions): Promise<Guard> {
    const options = waitOptions('acquire', 'acquireRead()', this.name, given)
    const self = me()
    options.signal?.throwIfAborted()
    const place = tryRead(this.#words, this.#at, places, self)
    if (place >= 0) return this.#reading(place)
    const waiting: Reading = { place: -1 }
    const asking = this.#asking({ ...options, ownerDied: 'throw' }, undefined)
    await suspend(awaitRead(this.#words, this.#at, places, self, asking, waiting), this.name, this, options)
    return this.#reading(waiting.place)
  }

  /** Writes if nobody has it; else returns undefined. */
  tryAcquireWrite(): Guard | undefined {
    const self = me()
    if (!tryOwn(this.#words, this.#at, self)) {
      if (ownerDied(this.#words, this.#at)) throw new OwnerDiedError(this.name)
      return undefined
    }
    const waiting = awaitReaders(this.#words, this.#at, places, self)
    if (waiting.next().done === true) return this.#writing(false)
    waiting.next('over') // It gives the gate up again.
    return undefined
  }

  /**
   * Writes; the thread stops until nobody has it.
   * @throws SyncUseError on the main thread, and if this thread reads or writes
   * @throws TimeoutError, OwnerDiedError, DeadlockError, OptionError
   */
  acquireWriteSync(given?: AcquireSyncOptions): Guard {
    const self = me()
    needsToBlock('acquireWriteSync()', this.name, 'using writing = await lock.acquireWrite()')
    const options = waitOptions('acquireSync', 'acquireWriteSync()', this.name, given)
    const timeoutMs = timeoutOf('acquireWriteSync()', options.timeoutMs)
    // A thread that reads does not get past the first look, and is refused below.
    const owned = !anyReader(this.#words, this.#at, places) && tryOwn(this.#words, this.#at, self)
    if (owned && !anyReader(this.#words, this.#at, places)) return this.#writing(false)
    if (!owned) this.#refuseReading(self)
    const asking = this.#asking(options, self)
    const waiting = owned ? awaitReaders : awaitWrite
    block(waiting(this.#words, this.#at, places, self, asking), this.name, timeoutMs)
    return this.#writing(asking.tookOver)
  }

  /** As `acquireWriteSync`, without stopping the thread. Rejects with the signal's reason too. */
  async acquireWrite(given?: AcquireOptions): Promise<Guard> {
    const options = waitOptions('acquire', 'acquireWrite()', this.name, given)
    options.signal?.throwIfAborted()
    const asking = this.#asking(options, undefined)
    await suspend(awaitWrite(this.#words, this.#at, places, me(), asking), this.name, this, options)
    return this.#writing(asking.tookOver)
  }

  #reading(place: number): Guard {
    return new Guard(
      this,
      () => {
        if (!leaveRead(this.#words, this.#at, place, me())) throw this.#foreign()
      },
      false,
    )
  }

  #writing(tookOver: boolean): Guard {
    return new Guard(
      this,
      () => {
        if (!disown(this.#words, this.#at, me())) throw this.#foreign()
      },
      tookOver,
    )
  }

  #foreign(): SyncUseError {
    return new SyncUseError(
      `A guard of ${this.name} was released by a thread that has not acquired it. Only that thread may release it.`,
    )
  }

  /** A reader that blocks to write would wait for itself. */
  #refuseReading(self: number): void {
    for (let place = 0; place < places; place += 1) {
      if (load(this.#words, this.#at + firstPlace + place) === self)
        throw new SyncUseError(
          `acquireWriteSync() of ${this.name} by a thread that reads, and would wait for itself. Release its guard first.`,
        )
    }
  }

  #asking({ ownerDied }: AcquireOptions, blocks: number | undefined): Asking {
    return { name: this.name, blocks, take: ownerDied === 'take', tookOver: false }
  }

  static {
    crossesByHome(
      import.meta,
      RwLock,
      lock => ({ words: lock.#words, at: lock.#at, name: lock.name }),
      home => new RwLock({}, home),
    )
  }
}

interface Reading {
  place: number
}

/** Takes a reader's place if the gate is free; -1 if it is not, or no place is. */
export function tryRead(words: Int32Array, at: number, count: number, self: number): number {
  const place = takePlace(words, at, count, self)
  if (place < 0) return -1
  // Pairs with a writer's taking of the gate, after which it looks at the places: one of the two
  // sees the other.
  if (load(words, at) === 0) return place
  leaveRead(words, at, place, self)
  return -1
}

function takePlace(words: Int32Array, at: number, count: number, self: number): number {
  for (let tried = 0; tried < count; tried += 1) {
    const place = (self + tried) % count
    if (compareExchange(words, at + firstPlace + place, 0, self) === 0) return place
  }
  return -1
}

/** A reader goes; false if the place is not its own. */
export function leaveRead(words: Int32Array, at: number, place: number, self: number): boolean {
  if (load(words, at + firstPlace + place) !== self) return false
  store(words, at + firstPlace + place, 0)
  if (load(words, at) === 0) return true
  add(words, at + leavings, 1)
  notify(words, at + leavings, Number.POSITIVE_INFINITY)
  return true
}

/** Stands in line until the gate is free, and takes a reader's place. */
export function* awaitRead(
  words: Int32Array,
  at: number,
  count: number,
  self: number,
  asking: Asking,
  reading: Reading,
): Waiting {
  for (;;) {
    const came = yield* stand(words, at, asking, (_held, waited, patient) => {
      reading.place = takePlace(words, at, count, self)
      if (reading.place >= 0 && (load(words, at) & (agentMask | poisoned)) !== 0) {
        leaveRead(words, at, reading.place, self)
        return false
      }
      if (!patient) and(words, at, ~inLine)
      if (waited) passTurn(words, at) // Whoever is next in line may read too.
      return true
    })
    if (!came || reading.place >= 0) return came
    // All places are taken. Nobody says when one is free, as that would cost every reader; it looks
    // again after a slice.
    const seen = load(words, at + leavings)
    if ((yield { words, at: at + leavings, expected: seen, passOn: undefined }) === 'over') return false
  }
}

/** Whether any reader has a place; once the gate is owned, no other one comes. */
function anyReader(words: Int32Array, at: number, count: number): boolean {
  for (let place = 0; place < count; place += 1) if (load(words, at + firstPlace + place) !== 0) return true
  return false
}

/** Takes the gate, and waits until the readers have left. */
export function* awaitWrite(
  words: Int32Array,
  at: number,
  count: number,
  self: number,
  asking: Asking,
): Waiting {
  if (!(yield* own(words, at, self, asking))) return false
  return yield* awaitReaders(words, at, count, self, asking)
}

/**
 * With the gate taken: waits until no reader is left. Gives the gate up if it is told to wait no
 * longer, or that it waits in a circle: a place is only given up by the thread that has it, so a
 * reader that stops holds it as an owner holds a lock.
 * @throws DeadlockError
 */
export function* awaitReaders(
  words: Int32Array,
  at: number,
  count: number,
  self: number,
  asking?: Asking,
): Waiting {
  let watch: CircleWatch | undefined
  try {
    for (let place = 0; place < count; place += 1) {
      for (;;) {
        const seen = load(words, at + leavings)
        const reader = load(words, at + firstPlace + place)
        if (reader === 0) break
        if (!isAlive(reader)) {
          compareExchange(words, at + firstPlace + place, reader, 0)
          break
        }
        const resumed = yield { words, at: at + leavings, expected: seen, passOn: undefined }
        if (resumed === 'over') {
          disown(words, at, self)
          return false
        }
        if (resumed !== 'slice' || asking?.blocks === undefined) continue
        watch ??= new CircleWatch(asking.name)
        watch.look(reader, () => load(words, at + firstPlace + place) === reader)
      }
    }
    return true
  } catch (error) {
    if (error instanceof DeadlockError) disown(words, at, self)
    throw error
  } finally {
    watch?.leave()
  }
}
