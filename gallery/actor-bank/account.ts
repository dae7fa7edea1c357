/**
 * An account whose every booking is on the disk before it is acknowledged, and counts once, however
 * often it is asked for.
 */
import { actor, Persisted } from '../../src/actors.ts'

interface Booking {
  readonly id: string
  readonly amount: number
}

interface Kept {
  readonly balance: number
  readonly seen: readonly string[]
}

export const Account = actor(
  import.meta,
  class Account {
    #balance = 0
    #seen = new Set<string>()
    readonly #bookings: Persisted<Booking, Kept>

    constructor(path: string) {
      this.#bookings = new Persisted<Booking, Kept>({
        path,
        apply: ({ id, amount }) => {
          this.#balance += amount
          this.#seen.add(id)
        },
        snapshot: () => ({ balance: this.#balance, seen: [...this.#seen] }),
        restore: ({ balance, seen }) => {
          this.#balance = balance
          this.#seen = new Set(seen)
        },
        every: 50,
      })
    }

    async onStart(): Promise<void> {
      await this.#bookings.replay()
    }

    async onStop(): Promise<void> {
      await this.#bookings.close()
    }

    /**
     * Books it, unless it is booked already: whoever did not hear the answer asks again with the
     * same id.
     */
    async book(id: string, amount: number): Promise<number> {
      if (!this.#seen.has(id)) await this.#bookings.persist({ id, amount })
      return this.#balance
    }

    balance(): number {
      return this.#balance
    }

    /** The process it lives in. */
    where(): number {
      return process.pid
    }

    fail(): void {
      throw new Error('a bug')
    }
  },
)
