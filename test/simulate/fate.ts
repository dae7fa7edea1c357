/**
 * What becomes of each played worker, by the seed: how long its messages take, and at which of them
 * it ends, how.
 *
 *     passes ─▶ count ─▶ the one it ends at? ─▶ before or after it ─▶ die(how)
 */
import type { Runtime } from '../../src/runtime/runtime.ts'

/** How a worker ends that was not asked to. */
export type Death =
  /** Without a word. */
  | 'killed'
  | 'exits'
  /** It says what it dies of, then ends. */
  | 'crashes'
  /** The same, but its end does not come: somebody has replaced `process.exit`. */
  | 'says so and lives'
  /** It says what no worker says. */
  | 'forges'

export interface Faults {
  /** Of so many workers, how many end at one of their first messages; 0 to 1. */
  readonly deaths: number
  /** Of so many workers, how many can't be started, or never say that they are ready. */
  readonly badStarts: number
  /** Of so many messages of a process, how many find the system's buffer full. */
  readonly clogs: number
}

export const noFaults: Faults = { deaths: 0, badStarts: 0, clogs: 0 }

const howTheyEnd: readonly Death[] = ['killed', 'killed', 'exits', 'crashes', 'says so and lives', 'forges']
/** A worker that ends does so at one of so many of its messages, claims and answers. */
const lateness = 40

export class Fate {
  readonly #random: () => number
  readonly #base: Runtime
  readonly #faults: Faults
  readonly start: 'works' | 'refused' | 'silent'
  readonly #endsAt: number
  readonly #how: Death
  #passed = 0

  constructor(base: Runtime, random: () => number, faults: Faults) {
    this.#random = random
    this.#base = base
    this.#faults = faults
    this.start = random() >= faults.badStarts ? 'works' : random() < 0.6 ? 'refused' : 'silent'
    // More of the early ones: there is more to go wrong.
    this.#endsAt =
      random() < faults.deaths ? Math.floor(random() * random() * lateness) : Number.POSITIVE_INFINITY
    this.#how = howTheyEnd[Math.floor(random() * howTheyEnd.length)] as Death
  }

  /** Something passes at which the worker may end; says how, if it ends here. */
  pass(): Death | undefined {
    const at = this.#passed
    this.#passed += 1
    return at === this.#endsAt ? this.#how : undefined
  }

  /** Lets `arrive` be called once, later. */
  readonly travel = (arrive: () => void): void => {
    const chance = this.#random()
    if (chance < 0.75) this.#base.soon(arrive, 'a message')
    else this.#base.setTimer(chance < 0.95 ? 1 : Math.floor(this.#random() * 8), arrive)
  }

  get clogs(): boolean {
    return this.#faults.clogs > 0 && this.#random() < this.#faults.clogs
  }

  /** A delay of up to so many milliseconds. */
  upTo(ms: number): number {
    return Math.floor(this.#random() * ms)
  }
}
