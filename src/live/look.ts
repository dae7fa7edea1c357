/** One look at what runs: who waits for what, at this moment, and who of them was told already. */
import { type Age, ageOf } from '../runtime/birth.ts'
import { everyoneParked, type Parked } from '../runtime/park.ts'
import { runtime } from '../runtime/runtime.ts'
import type { Strand } from '../runtime/strand.ts'
import { type LiveNode, type LiveWait, nodesOf } from './tree.ts'

export class Look {
  readonly #nowMs = runtime().now()
  readonly #waits = new Map<Strand | undefined, Parked<unknown>[]>()
  readonly #told = new Set<Strand>()

  readonly #inside: ((strand: Strand, look: Look) => LiveNode[]) | undefined
  readonly #names = new Map<Strand, string>()

  /** `inside` tells what a strand has opened. */
  constructor(inside?: (strand: Strand, look: Look) => LiveNode[]) {
    this.#inside = inside
    for (const parked of everyoneParked()) {
      const waits = this.#waits.get(parked.strand)
      if (waits === undefined) this.#waits.set(parked.strand, [parked])
      else waits.push(parked)
    }
  }

  /** What this strand waits for; it is told by that. */
  waitsOf(strand: Strand): readonly LiveWait[] {
    this.#told.add(strand)
    return this.#describe(this.#waits.get(strand))
  }

  /** The scopes that this strand has opened. */
  inside(strand: Strand): LiveNode[] {
    return this.#inside?.(strand, this) ?? []
  }

  /** From now on this strand is told by that name, where its own says little. */
  rename(strand: Strand, name: string): void {
    this.#names.set(strand, name)
  }

  isTold(strand: Strand): boolean {
    return this.#told.has(strand)
  }

  age(thing: object): Age | undefined {
    return ageOf(thing, this.#nowMs)
  }

  /**
   * What somebody waits for, each with who does: in words, `producer (room in jobs)`, alike ones
   * counted.
   */
  resources(): Map<object, readonly string[]> {
    const counts = new Map<object, Map<string, number>>()
    for (const { resource, who, strand, reason } of [...this.#waits.values()].flat()) {
      const waiters = counts.get(resource) ?? new Map<string, number>()
      counts.set(resource, waiters)
      const name = (strand && this.#names.get(strand)) ?? who
      const waiter = `${name} waits for ${reason}`
      waiters.set(waiter, (waiters.get(waiter) ?? 0) + 1)
    }
    const text = ([waiter, count]: [string, number]) => (count === 1 ? waiter : `${waiter} ×${count}`)
    return new Map([...counts].map(([resource, waiters]) => [resource, [...waiters].map(text)]))
  }

  /** The waits of all who were not told. */
  rest(): LiveNode[] {
    const others = [...this.#waits].filter(([strand]) => strand === undefined || !this.#told.has(strand))
    return nodesOf(others, ([strand, waits]) => ({
      kind: 'waiting',
      name: strand?.name ?? 'main',
      state: strand?.stopped ? 'cancelling' : 'waiting',
      waitsFor: this.#describe(waits),
      inside: [],
    }))
  }

  #describe(waits: readonly Parked<unknown>[] = []): LiveWait[] {
    return waits.slice(0, mostWaits).map(wait => ({ reason: wait.reason, age: this.age(wait) }))
  }
}

/** The most waits of one strand that are told. */
const mostWaits = 20
