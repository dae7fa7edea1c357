/** Actors that live on another thread. */
import { actor, type Ref } from '../../src/actors.ts'

export const Sink = actor(
  import.meta,
  class Sink {
    #count = 0

    note(_n: number): void {
      this.#count += 1
    }

    echo(n: number): number {
      return n
    }

    count(): number {
      return this.#count
    }
  },
  { capacity: 65_536 },
)

export type SinkRef = Ref<InstanceType<typeof Sink>>

/** Tells as fast as the other takes it. */
export const Source = actor(
  import.meta,
  class Source {
    readonly #me: () => void
    #left = 0

    constructor(me: () => void) {
      this.#me = me
    }

    send(to: SinkRef, count: number, again: (left: number) => void): void {
      const now = Math.min(count, 100)
      for (let n = 0; n < now; n += 1) to.tell.note(n)
      this.#left = count - now
      if (this.#left > 0) again(this.#left)
      else this.#me()
    }
  },
)
