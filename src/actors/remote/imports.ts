/** What stands on this side for targets of the other one, for as long as somebody here has them. */
import type { RemoteTarget } from './remote-target.ts'

interface Imported {
  readonly number: number
  readonly target: WeakRef<RemoteTarget>
  /** How often its number came. */
  received: number
}

export class Imports {
  readonly #imported = new Map<number, Imported>()
  readonly #released: FinalizationRegistry<Imported>

  /** `release` is told of a number that nobody here has any more, and how often it came. */
  constructor(release: (number: number, received: number) => void) {
    this.#released = new FinalizationRegistry(imported => {
      if (this.#imported.get(imported.number) === imported) this.#imported.delete(imported.number)
      release(imported.number, imported.received)
    })
  }

  get(number: number): RemoteTarget | undefined {
    return this.#imported.get(number)?.target.deref()
  }

  /** Its number came, for `target`. */
  enter(number: number, target: RemoteTarget): void {
    const known = this.#imported.get(number)
    if (known?.target.deref() === target) {
      known.received += 1
      return
    }
    const imported = { number, target: new WeakRef(target), received: 1 }
    this.#imported.set(number, imported)
    this.#released.register(target, imported)
  }

  delete(number: number): void {
    this.#imported.delete(number)
  }

  /** All of them, and none is left. */
  take(): RemoteTarget[] {
    const targets = [...this.#imported.values()].map(({ target }) => target.deref())
    this.#imported.clear()
    return targets.filter(target => target !== undefined)
  }
}
