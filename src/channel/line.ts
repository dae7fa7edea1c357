/**
 * Those who wait at one side of a channel, first come, first served; anyone can leave in between at
 * no cost to the others.
 */
import type { Parked } from '../runtime/park.ts'

/** What a receiver gets instead of an item when there will be none. */
export const end: unique symbol = Symbol('end of the channel')

/**
 * What a waiter calls when its turn comes: a wait that was parked, or a carrier that goes on within
 * that call.
 */
export type Awaiting = Pick<Parked<any>, 'unpark' | 'fail'>

/**
 * One who waits in a line, alone or as one case of a `select`; once it has left, it can stand in
 * one again.
 */
export class Waiter<T> {
  /** What a sender wants to send. */
  item: T | undefined
  readonly #parked: Awaiting
  readonly #selection: Selection | undefined
  readonly #case: number
  line: Line<T> | undefined
  next: Waiter<T> | undefined
  previous: Waiter<T> | undefined

  constructor(parked: Awaiting, item: T | undefined, selection?: Selection, at = 0) {
    this.#parked = parked
    this.item = item
    this.#selection = selection
    this.#case = at
  }

  /**
   * Lets it go on with `value`: a receiver with its item, a sender with nothing. It leaves its
   * line, and all others that it stands in.
   */
  wake(value: unknown): void {
    this.#leave()
    this.#parked.unpark(this.#selection === undefined ? value : { at: this.#case, value })
  }

  /** Makes its wait throw. */
  fail(error: unknown): void {
    this.#leave()
    this.#parked.fail(error)
  }

  #leave(): void {
    if (this.#selection === undefined) this.line?.remove(this)
    else this.#selection.leave()
  }
}

/** One who waits in several lines for whichever comes first. */
export class Selection {
  parked: Parked<Chosen> | undefined
  readonly #waiters: Waiter<any>[] = []

  /** Stands in one more line. */
  enlist<T>(line: Line<T>, item: T | undefined, at: number): void {
    const waiter = new Waiter<T>(this.parked as Parked<Chosen>, item, this, at)
    this.#waiters.push(waiter)
    line.push(waiter)
  }

  leave(): void {
    for (const waiter of this.#waiters) waiter.line?.remove(waiter)
  }
}

/** The case that came first, and what came. */
export interface Chosen {
  readonly at: number
  readonly value: unknown
}

export class Line<T> {
  head: Waiter<T> | undefined
  #tail: Waiter<T> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  push(waiter: Waiter<T>): void {
    waiter.line = this
    waiter.previous = this.#tail
    if (this.#tail === undefined) this.head = waiter
    else this.#tail.next = waiter
    this.#tail = waiter
    this.#size += 1
  }

  remove(waiter: Waiter<T>): void {
    const { next, previous } = waiter
    if (previous === undefined) this.head = next
    else previous.next = next
    if (next === undefined) this.#tail = previous
    else next.previous = previous
    waiter.line = waiter.next = waiter.previous = undefined
    this.#size -= 1
  }
}
