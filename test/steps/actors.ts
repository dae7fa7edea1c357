/** Actors whose steps are counted. */
import { actor, type Ref, self } from '../../src/actors.ts'

export const Plain = actor(
  import.meta,
  class Plain {
    #kept = 0

    async onStart(): Promise<void> {}

    note(): void {
      this.#kept += 1
    }

    kept(): number {
      return this.#kept
    }

    fail(): never {
      throw new RangeError('told to')
    }

    leave(): void {
      self().stop()
    }

    hang(): Promise<never> {
      return new Promise(() => {})
    }

    watch(other: Ref): void {
      self().watch(other, () => this.note())
    }

    link(other: Ref): void {
      self().link(other)
      self().trapExits(() => this.note())
    }

    hold(): void {
      self().become({ note: () => self().stash() })
    }

    letGo(): void {
      self().unbecome()
      self().unstash()
    }
  },
  { capacity: 100_000 },
)

export type PlainRef = Ref<InstanceType<typeof Plain>>
