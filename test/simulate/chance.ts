/** Draws from the seed. */
import { seededRandom } from '../../src/runtime/seeded.ts'

export class Chance {
  /** A number in [0, 1). */
  readonly random: () => number

  constructor(seed: number) {
    this.random = seededRandom(seed)
  }

  /** True so often, of 1. */
  of(often: number): boolean {
    return this.random() < often
  }

  /** A whole number from 0 to below `end`. */
  upTo(end: number): number {
    return Math.floor(this.random() * end)
  }

  pick<T>(from: readonly T[]): T {
    return from[this.upTo(from.length)] as T
  }
}
