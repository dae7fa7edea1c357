/**
 * A word that one thread at a time owns: the lock in all locks. Its protocol is in README.md, § An
 * owned word.
 *
 *     bits 0–27  the owner's agent number, or 0
 *     contended  somebody may sleep on the word: whoever releases it wakes one
 *     poisoned   the owner has died; the number is still its own
 *     inLine     one who waits has lost its turn too often: while it is free, the word is only for
 *                those who have waited
 *
 * After Drepper, "Futexes Are Tricky" (2011), second mutex; the turn of the line after Go's
 * `sync.Mutex` (starvation mode).
 */
import { OwnerDiedError, SyncUseError } from '../errors.ts'
import { agentMask, isAlive, selfAgent } from '../runtime/agents.ts'
import { compareExchange, load, notify } from '../runtime/atomics.ts'
import { CircleWatch } from './circle.ts'
import type { Waiting } from './waiting.ts'

export const contended = 1 << 28
export const poisoned = 1 << 29
export const inLine = 1 << 30

/**
 * How often one who was woken may find the word taken again before newcomers must stand in line.
 */
const patience = 64

/** How an owned word is asked for. */
export interface Asking {
  readonly name: string
  /** The thread that stops while it waits, and can be part of a circle; undefined if none does. */
  readonly blocks: number | undefined
  /** Takes over what a dead owner has left, instead of being told by an error. */
  readonly take: boolean
  /** Whether it was taken over. */
  tookOver: boolean
}

/** This thread's number. */
export function me(): number {
  const id = selfAgent()
  if (id === 0)
    throw new SyncUseError('More than 512 threads of this program share memory; end some of them first.')
  return id
}

/** Takes the word if it is free and nobody stands in line. */
export function tryOwn(words: Int32Array, at: number, self: number): boolean {
  return compareExchange(words, at, 0, self) === 0
}

/** Whether the owner has died; from then on the word says so to everybody. */
export function ownerDied(words: Int32Array, at: number): boolean {
  for (;;) {
    const held = load(words, at)
    if ((held & poisoned) !== 0) return true
    if ((held & agentMask) === 0 || isAlive(held & agentMask)) return false
    if (compareExchange(words, at, held, (held & agentMask) | poisoned) === held) {
      notify(words, at, Number.POSITIVE_INFINITY)
      return true
    }
  }
}

/**
 * Waits for the word and takes it.
 * @throws OwnerDiedError, DeadlockError
 */
export function own(words: Int32Array, at: number, self: number, asking: Asking): Waiting {
  return stand(words, at, asking, (held, waited, patient) => {
    const mine = waited ? self | contended | (patient ? held & inLine : 0) : self
    return compareExchange(words, at, held, mine) === held
  })
}

/**
 * Waits until the word is free, and its turn has come, then calls `enter`, again and again until
 * that has succeeded. `enter(held, waited, patient)` is told what the word held, and whether
 * sleepers may depend on this one.
 */
export function* stand(
  words: Int32Array,
  at: number,
  asking: Asking,
  enter: (held: number, waited: boolean, patient: boolean) => boolean,
): Waiting {
  let waited = false
  let lost = 0
  let watch: CircleWatch | undefined
  const passOn = () => passTurn(words, at)
  try {
    for (;;) {
      const held = load(words, at)
      const owner = held & agentMask
      if ((held & poisoned) !== 0) {
        if (!asking.take) throw new OwnerDiedError(asking.name)
        if (enter(held, true, true)) {
          asking.tookOver = true
          return true
        }
        continue
      }
      if (owner === 0 && (waited || (held & inLine) === 0)) {
        if (enter(held, waited, lost < patience)) return true
        continue
      }
      if (owner === asking.blocks) throw waitsForItself(asking.name)
      if (owner !== 0 && !isAlive(owner)) {
        ownerDied(words, at)
        continue
      }
      const expected = held | contended | (lost < patience ? 0 : inLine)
      if (expected !== held && compareExchange(words, at, held, expected) !== held) continue
      const resumed = yield { words, at, expected, passOn }
      // Had it been woken, it would have tried first: no waking is lost.
      if (resumed === 'over') return false
      if (resumed === 'woken') lost += 1
      if (resumed !== 'changed') waited = true
      if (resumed === 'slice' && asking.blocks !== undefined && owner !== 0) {
        watch ??= new CircleWatch(asking.name)
        watch.look(owner, () => (load(words, at) & agentMask) === owner)
      }
    }
  } finally {
    watch?.leave()
  }
}

/** Gives the word up and wakes one who waits; false if this thread is not its owner. */
export function disown(words: Int32Array, at: number, self: number): boolean {
  let held = compareExchange(words, at, self, 0)
  if (held === self) return true
  for (;;) {
    if ((held & (agentMask | poisoned)) !== self) return false
    const now = compareExchange(words, at, held, held & inLine)
    if (now === held) break
    held = now
  }
  passTurn(words, at)
  return true
}

/** Wakes the next one in line; if there is none, newcomers need not stand in it. */
export function passTurn(words: Int32Array, at: number): void {
  if (notify(words, at, 1) > 0) return
  for (;;) {
    const held = load(words, at)
    if ((held & agentMask) !== 0 || (held & inLine) === 0) return
    if (compareExchange(words, at, held, 0) !== held) continue
    if ((held & contended) !== 0) notify(words, at, 1)
    return
  }
}

function waitsForItself(name: string): SyncUseError {
  return new SyncUseError(
    `This thread holds ${name} already, and would wait for itself. Release its guard first; ` +
      'a ReentrantMutex may be acquired again by the call that holds it.',
  )
}
