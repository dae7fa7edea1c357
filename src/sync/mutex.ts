/** One holder at a time, across threads. */
import { SyncUseError } from '../errors.ts'
import { agentMask, selfAgent } from '../runtime/agents.ts'
import { load } from '../runtime/atomics.ts'
import { needsToBlock } from '../runtime/park-sync.ts'
import { crossesByHome, type Home, newHome } from './crossing.ts'
import { Guard, heldNoMore } from './guard.ts'
import {
  type AcquireOptions,
  type AcquireSyncOptions,
  nameIn,
  type OwnerDiedOption,
  waitOptions,
} from './options.ts'
import { type Asking, disown, me, own, ownerDied, tryOwn } from './owned.ts'
import { block, suspend, timeoutOf } from './waiting.ts'

/** Releases a mutex for a while, and returns the guard that is to hold it again. */
export let lend: (mutex: Mutex) => Guard | undefined
/** It was acquired again, for the guard that `lend` has returned. */
export let takeBack: (mutex: Mutex, guard: Guard | undefined) => void

/**
 * A lock that one holder at a time has. It may be an argument of a task on threads, and is the
 * same lock there.
 *
 * Its owner is a thread: two callers of `acquire()` on one thread wait for each other as well,
 * and either may release. A thread that is woken competes with newcomers, and after 64 lost
 * races newcomers stand in line behind it: so no waiter starves.
 *
 * When a thread ends that holds it, each one who acquires it is told, until one takes it over
 * (`ownerDied: 'take'`). Threads that block in a circle of locks are found within a second: one
 * of them gets a DeadlockError.
 *
 * Without a wait it costs some 1.6 times what two compare-exchanges do (`npm --prefix
 * bench run sync`). `using` itself costs some 0.15 µs in Node 24: in a hot loop, call `release()`
 * in a `finally`.
 *
 * @example
 *     export const deposit = task(import.meta, (mutex: Mutex, balance: SharedArray) => {
 *       using guard = mutex.acquireSync()
 *       balance.view[0] += 10
 *     })
 */
export class Mutex {
  /** As errors and tools name it. */
  readonly name: string
  readonly #words: Int32Array
  readonly #at: number
  /** What holds it, if that was acquired here; a condition that waits has it in its keeping. */
  #guard: Guard | undefined

  /** `home` is for memory that its user lays out: one word, zero to begin with. */
  constructor(
    options: { readonly name?: string } = {},
    home: Home = newHome('mutex', 1, nameIn('new Mutex(…)', options)),
  ) {
    this.#words = home.words
    this.#at = home.at
    this.name = home.name
  }

  /**
   * Takes the mutex if it is free; else returns undefined, at once.
   * @throws OwnerDiedError, OptionError
   */
  tryAcquire(options?: OwnerDiedOption): Guard | undefined {
    const { ownerDied: asked } = waitOptions('tryAcquire', 'tryAcquire()', this.name, options)
    const self = me()
    if (tryOwn(this.#words, this.#at, self)) return this.#guarded(false)
    if (!ownerDied(this.#words, this.#at)) return undefined
    const asking = this.#asking(asked, undefined)
    const first = own(this.#words, this.#at, self, asking).next() // Free or poisoned, so it does not wait; else somebody was faster.
    return first.done === true ? this.#guarded(asking.tookOver) : undefined
  }

  /**
   * Takes the mutex; the thread stops until it is free.
   * @throws SyncUseError on the main thread, and if this thread holds the mutex
   * @throws TimeoutError, OwnerDiedError, DeadlockError, OptionError
   */
  acquireSync(options?: AcquireSyncOptions): Guard {
    needsToBlock('acquireSync()', this.name, 'using guard = await mutex.acquire()')
    const checked = waitOptions('acquireSync', 'acquireSync()', this.name, options)
    const self = me()
    if (tryOwn(this.#words, this.#at, self)) return this.#guarded(false)
    return this.#acquireSlowly(self, checked)
  }

  #acquireSlowly(self: number, options: AcquireSyncOptions): Guard {
    const timeoutMs = timeoutOf('acquireSync()', options.timeoutMs)
    const asking = this.#asking(options.ownerDied, self)
    block(own(this.#words, this.#at, self, asking), this.name, timeoutMs)
    return this.#guarded(asking.tookOver)
  }

  /**
   * Takes the mutex once it is free, without stopping the thread.
   *
   * Rejects with TimeoutError, the signal's reason, OwnerDiedError, OptionError.
   */
  async acquire(given?: AcquireOptions): Promise<Guard> {
    const options = waitOptions('acquire', 'acquire()', this.name, given)
    const self = me()
    options.signal?.throwIfAborted()
    if (tryOwn(this.#words, this.#at, self)) return this.#guarded(false)
    const asking = this.#asking(options.ownerDied, undefined)
    await suspend(own(this.#words, this.#at, self, asking), this.name, this, options)
    return this.#guarded(asking.tookOver)
  }

  /**
   * Gives the mutex up; what the guard does at the end of its block.
   * @throws SyncUseError if this thread does not hold it
   */
  release(): void {
    if (!disown(this.#words, this.#at, me()))
      throw new SyncUseError(
        `release() of ${this.name} by a thread that does not hold it. Only the thread that acquired it may release it.`,
      )
    this.#guard = undefined
  }

  #guarded(tookOver: boolean): Guard {
    this.#guard = new Guard(this, Mutex.#giveUpFor, tookOver)
    return this.#guard
  }

  static #giveUpFor(mutex: Mutex, guard: Guard): void {
    if (mutex.#guard !== guard) throw heldNoMore(mutex.name)
    mutex.release()
  }

  /** Whether some thread holds it, at this moment. */
  get held(): boolean {
    return (load(this.#words, this.#at) & agentMask) !== 0
  }

  /** Whether this thread holds it. */
  get heldHere(): boolean {
    return (load(this.#words, this.#at) & agentMask) === selfAgent()
  }

  #asking(ownerDied: OwnerDiedOption['ownerDied'], blocks: number | undefined): Asking {
    return { name: this.name, blocks, take: ownerDied === 'take', tookOver: false }
  }

  static {
    lend = mutex => {
      const guard = mutex.#guard
      mutex.release()
      return guard
    }
    takeBack = (mutex, guard) => {
      mutex.#guard = guard
    }
    crossesByHome(
      import.meta,
      Mutex,
      mutex => ({ words: mutex.#words, at: mutex.#at, name: mutex.name }),
      home => new Mutex({}, home),
    )
  }
}
