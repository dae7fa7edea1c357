/** A mutex that its holder may acquire again. */
import { OwnerDiedError, SyncUseError } from '../errors.ts'
import { agentMask } from '../runtime/agents.ts'
import { load, store } from '../runtime/atomics.ts'
import { needsToBlock } from '../runtime/park-sync.ts'
import { currentStrand, type Strand } from '../runtime/strand.ts'
import { crossesByHome, type Home, newHome } from './crossing.ts'
import { Guard, heldNoMore } from './guard.ts'
import {
  type AcquireOptions,
  type AcquireSyncOptions,
  nameIn,
  type OwnerDiedOption,
  waitOptions,
} from './options.ts'
import { type Asking, disown, me, own, ownerDied, poisoned, tryOwn } from './owned.ts'
import { block, suspend, timeoutOf } from './waiting.ts'

// The words: the owned one, the holder's strand, how often it has acquired it, and which hold this
// is since the mutex was made. All but the first are the holder's alone.
const strand = 1
const depth = 2
const hold = 3

const strands = new WeakMap<Strand, number>()
let lastStrand = 0

/**
 * Which of this thread's lines of execution runs: a task's call, a child of a scope; 0 outside of
 * all.
 */
function strandNumber(): number {
  const current = currentStrand()
  if (current === undefined) return 0
  let number = strands.get(current)
  if (number === undefined) {
    lastStrand = (lastStrand + 1) & 0x7fff_ffff
    number = lastStrand
    strands.set(current, number)
  }
  return number
}

/**
 * A Mutex that whoever holds it may acquire again; it is free once it was released as often.
 *
 * Its holder is one call of a task, or one child of a scope: two calls on one thread exclude each
 * other. Code outside of all is one holder.
 *
 * @example
 *     using outer = mutex.acquireSync()
 *     withdraw(account, 10) // It acquires the mutex as well.
 */
export class ReentrantMutex {
  readonly name: string
  readonly #words: Int32Array
  readonly #at: number

  constructor(
    options: { readonly name?: string } = {},
    home: Home = newHome('reentrant mutex', 4, nameIn('new ReentrantMutex(…)', options)),
  ) {
    this.#words = home.words
    this.#at = home.at
    this.name = home.name
  }

  /**
   * Takes it if it is free or held here; else returns undefined.
   * @throws OwnerDiedError
   */
  tryAcquire(): Guard | undefined {
    const self = me()
    if (this.#again(self)) return this.#guarded(false)
    if (tryOwn(this.#words, this.#at, self)) return this.#taken(false)
    if (ownerDied(this.#words, this.#at)) throw new OwnerDiedError(this.name)
    return undefined
  }

  /**
   * Takes it; the thread stops until it is free.
   * @throws SyncUseError on the main thread, and if another call on this thread holds it
   * @throws TimeoutError, OwnerDiedError, DeadlockError, OptionError
   */
  acquireSync(given?: AcquireSyncOptions): Guard {
    needsToBlock('acquireSync()', this.name, 'using guard = await mutex.acquire()')
    const options = waitOptions('acquireSync', 'acquireSync()', this.name, given)
    const self = me()
    if (this.#again(self)) return this.#guarded(false)
    if (tryOwn(this.#words, this.#at, self)) return this.#taken(false)
    const asking = this.#asking(options, self)
    const timeoutMs = timeoutOf('acquireSync()', options.timeoutMs)
    block(own(this.#words, this.#at, self, asking), this.name, timeoutMs)
    return this.#taken(asking.tookOver)
  }

  /**
   * Takes it once it is free, without stopping the thread. Rejects with TimeoutError, the signal's
   * reason, OwnerDiedError, OptionError.
   */
  async acquire(given?: AcquireOptions): Promise<Guard> {
    const options = waitOptions('acquire', 'acquire()', this.name, given)
    options.signal?.throwIfAborted()
    const self = me()
    if (this.#again(self)) return this.#guarded(false)
    if (tryOwn(this.#words, this.#at, self)) return this.#taken(false)
    const asking = this.#asking(options, undefined)
    await suspend(own(this.#words, this.#at, self, asking), this.name, this, options)
    return this.#taken(asking.tookOver)
  }

  /**
   * Gives it up once.
   * @throws SyncUseError if the caller does not hold it
   */
  release(): void {
    const self = me()
    if (!this.#ownedBy(self) || load(this.#words, this.#at + strand) !== strandNumber())
      throw new SyncUseError(
        `release() of ${this.name} by a caller that does not hold it. Only the call that acquired it may release it.`,
      )
    const left = load(this.#words, this.#at + depth) - 1
    store(this.#words, this.#at + depth, left)
    if (left === 0) disown(this.#words, this.#at, self)
  }

  #again(self: number): boolean {
    if (!this.#ownedBy(self) || load(this.#words, this.#at + strand) !== strandNumber()) return false
    store(this.#words, this.#at + depth, load(this.#words, this.#at + depth) + 1)
    return true
  }

  #taken(tookOver: boolean): Guard {
    store(this.#words, this.#at + strand, strandNumber())
    store(this.#words, this.#at + depth, 1)
    store(this.#words, this.#at + hold, (load(this.#words, this.#at + hold) + 1) | 0)
    return this.#guarded(tookOver)
  }

  #guarded(tookOver: boolean): Guard {
    const its = load(this.#words, this.#at + hold)
    const giveUp = () => {
      if (load(this.#words, this.#at + hold) !== its) throw heldNoMore(this.name)
      this.release()
    }
    return new Guard(this, giveUp, tookOver)
  }

  #ownedBy(self: number): boolean {
    return (load(this.#words, this.#at) & (agentMask | poisoned)) === self
  }

  #asking({ ownerDied }: OwnerDiedOption, blocks: number | undefined): Asking {
    return { name: this.name, blocks, take: ownerDied === 'take', tookOver: false }
  }

  static {
    crossesByHome(
      import.meta,
      ReentrantMutex,
      mutex => ({ words: mutex.#words, at: mutex.#at, name: mutex.name }),
      home => new ReentrantMutex({}, home),
    )
  }
}
