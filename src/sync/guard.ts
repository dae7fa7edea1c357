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
  #release: (() => void) | undefined
  readonly #lock: { release(): void } | undefined
  #held = true

  constructor(lock: { release(): void } | (() => void), ownerDied: boolean) {
    this.ownerDied = ownerDied
    if (typeof lock === 'function') this.#release = lock
    else this.#lock = lock
  }

  /**
   * Releases the lock before the block is left.
   * @throws SyncUseError if it was released already
   */
  release(): void {
    if (!this.#held)
      throw new SyncUseError(
        'This guard has released its lock already. Release it once, or leave it to `using`.',
      )
    this.#held = false
    if (this.#lock === undefined) this.#release?.()
    else this.#lock.release()
  }

  [Symbol.dispose](): void {
    if (this.#held) this.release()
  }
}
