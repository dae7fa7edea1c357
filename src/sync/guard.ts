/** What a lock gives whoever has acquired it. */
import { SyncUseError } from '../errors.ts'

/**
 * Releases a lock when its block is left.
 *
 * @example
 *     { using guard = await mutex.acquire(); … }
 */
export class Guard {
  /**
   * Whether the owner before has died without releasing the lock: what it guards may be half
   * changed.
   */
  readonly ownerDied: boolean
  readonly #lock: object
  readonly #giveUp: (lock: never, guard: Guard) => void
  #held = true

  /** `giveUp` releases `lock`, if it is still this guard that holds it. */
  constructor(lock: object, giveUp: (lock: never, guard: Guard) => void, ownerDied: boolean) {
    this.#lock = lock
    this.#giveUp = giveUp
    this.ownerDied = ownerDied
  }

  /**
   * Releases the lock before the block is left.
   * @throws SyncUseError if it was released already, by this guard or by the lock's `release()`
   */
  release(): void {
    if (!this.#held)
      throw new SyncUseError(
        'This guard has released its lock already. Release it once, or leave it to `using`.',
      )
    this.#giveUp(this.#lock as never, this)
    this.#held = false
  }

  [Symbol.dispose](): void {
    if (this.#held) this.release()
  }
}

/** Of a guard whose lock was released without it, and may be somebody else's by now. */
export function heldNoMore(name: string): SyncUseError {
  return new SyncUseError(
    `This guard holds ${name} no more: release() of ${name} has released it. Call one of the two, guard.release() or release(), once.`,
  )
}
