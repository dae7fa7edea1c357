/**
 * Dining philosophers: forks are actors that put aside who asks for one that is taken; a
 * philosopher takes the fork with the lower number first, so that no circle can close (Edsger
 * Dijkstra, "Hierarchical Ordering of Sequential Processes", 1971).
 */
import { actor, type Ref, self, spawn } from '../../src/actors.ts'

export const Fork = actor(
  import.meta,
  class Fork {
    #taken = false

    /** Answers when the fork is free, and has it taken. */
    take(): void {
      if (this.#taken) self().stash()
      this.#taken = true
    }

    putBack(): void {
      this.#taken = false
      self().unstash()
    }
  },
)

type ForkRef = Ref<InstanceType<typeof Fork>>

/** Notes who eats, and whether two neighbours ever did at once. */
export const Table = actor(
  import.meta,
  class Table {
    readonly #eating: boolean[]
    #meals = 0
    #together = 0

    constructor(seats: number) {
      this.#eating = new Array(seats).fill(false)
    }

    begin(seat: number): void {
      const seats = this.#eating.length
      if (this.#eating[(seat + 1) % seats] || this.#eating[(seat + seats - 1) % seats]) this.#together += 1
      this.#eating[seat] = true
    }

    end(seat: number): void {
      this.#eating[seat] = false
      this.#meals += 1
    }

    seen(): { readonly meals: number; readonly together: number } {
      return { meals: this.#meals, together: this.#together }
    }
  },
)

export const Philosopher = actor(
  import.meta,
  class Philosopher {
    readonly #seat: number
    readonly #forks: readonly [ForkRef, ForkRef]
    readonly #table: Ref<InstanceType<typeof Table>>

    constructor(seat: number, forks: readonly [ForkRef, ForkRef], table: Ref<InstanceType<typeof Table>>) {
      this.#seat = seat
      this.#forks = forks
      this.#table = table
    }

    async dine(meals: number): Promise<void> {
      const [lower, higher] = this.#forks
      for (let meal = 0; meal < meals; meal += 1) {
        await lower.ask.take()
        await higher.ask.take()
        await this.#table.ask.begin(this.#seat)
        await this.#table.ask.end(this.#seat)
        higher.tell.putBack()
        lower.tell.putBack()
      }
    }
  },
)

/** All eat so often; returns how many meals there were, and how often neighbours ate at once. */
export async function dinner(seats: number, meals: number): Promise<{ meals: number; together: number }> {
  const table = await spawn(Table, [seats])
  const forks = await Promise.all(Array.from({ length: seats }, () => spawn(Fork, [])))
  await Promise.all(
    forks.map(async (fork, seat) => {
      const other = forks[(seat + 1) % seats] as ForkRef
      const inOrder: readonly [ForkRef, ForkRef] = seat + 1 < seats ? [fork, other] : [other, fork]
      const philosopher = await spawn(Philosopher, [seat, inOrder, table])
      await philosopher.with({ timeoutMs: 60_000 }).ask.dine(meals)
      await philosopher.stop()
    }),
  )
  return await table.ask.seen()
}

if (import.meta.main) {
  const { meals, together } = await dinner(5, 2_000)
  console.log(`${meals} meals, neighbours ate at once ${together} times`)
}
