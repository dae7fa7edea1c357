/** Which crashes of a program are played at a place. */
import { Chance } from '../simulate/chance.ts'
import type { Crash, Place } from './places.ts'
import type { Program } from './programs.ts'

type Kind = Pick<Crash, 'when' | 'dies'>

const kinds: readonly Kind[] = [
  { when: 'before', dies: 'actor' },
  { when: 'after', dies: 'worker' },
  { when: 'after', dies: 'actor' },
  { when: 'before', dies: 'worker' },
]
/** More messages than any of the programs has. */
const never = 1_000_000

/** A program at a place, which plays one crash after the other. */
export class Crashes {
  readonly #name: string
  readonly #program: Program
  readonly #place: Place

  constructor(name: string, program: Program, place: Place) {
    this.#name = name
    this.#program = program
    this.#place = place
  }

  /** Each kind at every message, for so many seeds; returns how many crashes it has played. */
  async all(seeds: number): Promise<number> {
    let played = 0
    for (let seed = 1; seed <= seeds; seed += 1)
      for (const kind of this.#kinds) played += await this.#eachMessage(() => kind, seed)
    return played
  }

  /** One kind at every message, in turns. */
  async eachMessage(seed: number): Promise<void> {
    await this.#eachMessage(at => this.#kinds[(at + seed) % this.#kinds.length] as Kind, seed)
  }

  /**
   * So many messages by the seed, at which the actor dies; the worker at one more if it `mayDie`.
   */
  async some(count: number, seed: number, mayDie: boolean): Promise<void> {
    const chance = new Chance(seed)
    const messages = await this.#play({ at: never, when: 'before', dies: 'actor' }, seed)
    const at = () => 1 + chance.upTo(messages)
    const when = () => chance.pick(['before', 'after'] as const)
    for (let nth = 0; nth < count; nth += 1) await this.#play({ at: at(), when: when(), dies: 'actor' }, seed)
    if (mayDie) await this.#play({ at: at(), when: when(), dies: 'worker' }, seed)
  }

  get #kinds(): readonly Kind[] {
    return this.#place.hasWorkers ? kinds : kinds.filter(({ dies }) => dies === 'actor')
  }

  async #eachMessage(kindAt: (at: number) => Kind, seed: number): Promise<number> {
    let messages = 1
    for (let at = 1; at <= messages; at += 1) messages = await this.#play({ at, ...kindAt(at) }, seed)
    return messages
  }

  /** Returns how many messages there were. @throws what is not as it must be, with the crash */
  async #play(crash: Crash, seed: number): Promise<number> {
    try {
      return await this.#place.play(this.#program, crash, seed)
    } catch (error) {
      const { at, when, dies } = crash
      const { message } = error as Error
      throw new Error(`${this.#name}: the ${dies} dies ${when} message ${at}, seed ${seed}: ${message}`, {
        cause: error,
      })
    }
  }
}
