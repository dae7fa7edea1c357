/**
 * The jobs that wait: higher priority first, first come, first served within one, and no job for
 * ever.
 *
 * One line for each priority in use; most programs use one. Every eighth job that is taken is the
 * one that has waited longest, whatever its priority, so that a stream of urgent work only slows
 * the rest down. Adding, taking and withdrawing cost O(1) where one priority is in use, O(log
 * priorities) where more are. A withdrawal leaves a gap, which is skipped, and closed when gaps are
 * the most of a line.
 */
import { Heap } from './heap.ts'

/** What a queue needs to know of its items; it writes the last two itself. */
export interface Queued {
  readonly priority: number
  /** Whether the item stands in the queue. */
  waiting: boolean
  /** When it came, counted in items. */
  order: number
}

/** One in this many jobs is the oldest of all. */
const fairnessRound = 8
/** Gaps that are never closed: a short line costs nothing. */
const fewGaps = 1_024

export class PriorityQueue<T extends Queued> {
  /**
   * The line of the one priority in use, empty or not; undefined while there are several, none of
   * them empty.
   */
  #only: Line<T> | undefined
  readonly #lines = new Map<number, Line<T>>()
  readonly #urgent = new Heap<Line<T>>(
    (one, other) => one.priority > other.priority,
    (line, at) => {
      line.urgentAt = at
    },
  )
  readonly #oldest = new Heap<Line<T>>(
    (one, other) => one.headOrder < other.headOrder,
    (line, at) => {
      line.oldestAt = at
    },
  )
  #size = 0
  #order = 0
  /** How many came in at the head. */
  #firsts = 0
  #taken = 0

  get size(): number {
    return this.#size
  }

  push(item: T): void {
    item.waiting = true
    this.#order += 1
    item.order = this.#order
    const line = this.#lineOf(item.priority)
    line.push(item)
    if (line !== this.#only) this.#noteHead(line)
    this.#size += 1
  }

  /** Puts items back where they stood: before all of their priority that came later. */
  putBack(items: readonly T[]): void {
    for (const item of items.toReversed()) this.#insert(item)
    this.#taken -= items.length // The turns that were taken are given back.
  }

  /** Adds an item at the head of its priority, before all that are there. */
  pushFirst(item: T): void {
    this.#firsts += 1
    item.order = -this.#firsts
    this.#insert(item)
  }

  #insert(item: T): void {
    item.waiting = true
    const line = this.#lineOf(item.priority)
    line.insert(item)
    if (line !== this.#only) this.#noteHead(line)
    this.#size += 1
  }

  /** The item that would be taken next. */
  peek(): T | undefined {
    return this.#nextLine()?.head
  }

  /** Takes the next item out. */
  shift(): T | undefined {
    const line = this.#nextLine()
    const item = line?.shift()
    if (line === undefined || item === undefined) return undefined
    this.#taken += 1
    this.#size -= 1
    item.waiting = false
    if (line !== this.#only) this.#noteHead(line)
    return item
  }

  /** Takes this item out, wherever it stands; false if it is not there. */
  withdraw(item: T): boolean {
    if (!item.waiting) return false
    item.waiting = false
    this.#size -= 1
    const line = this.#lineOf(item.priority)
    line.withdrawn()
    if (line !== this.#only) this.#noteHead(line)
    return true
  }

  *[Symbol.iterator](): Generator<T> {
    if (this.#only !== undefined) yield* this.#only
    else for (const line of [...this.#lines.values()].sort((a, b) => b.priority - a.priority)) yield* line
  }

  #nextLine(): Line<T> | undefined {
    if (this.#only !== undefined) return this.#only
    return this.#taken % fairnessRound === fairnessRound - 1 ? this.#oldest.first : this.#urgent.first
  }

  #lineOf(priority: number): Line<T> {
    const only = this.#only
    if (only?.priority === priority) return only
    if (only === undefined || only.head === undefined) {
      const found = this.#lines.get(priority)
      if (found !== undefined) return found
      const made = new Line<T>(priority)
      if (this.#lines.size === 0) this.#only = made
      else this.#lines.set(priority, made)
      return made
    }
    const made = new Line<T>(priority)
    this.#only = undefined
    for (const line of [only, made]) this.#lines.set(line.priority, line)
    this.#noteHead(only)
    return made
  }

  /** One of several lines has another head now. A line without one is removed. */
  #noteHead(line: Line<T>): void {
    const { head } = line
    if (head === undefined) return this.#drop(line)
    if (line.urgentAt === -1) {
      line.headOrder = head.order
      this.#urgent.add(line)
      this.#oldest.add(line)
    } else if (line.headOrder !== head.order) {
      line.headOrder = head.order
      this.#oldest.moved(line.oldestAt)
    }
  }

  #drop(line: Line<T>): void {
    this.#lines.delete(line.priority)
    this.#urgent.remove(line.urgentAt)
    this.#oldest.remove(line.oldestAt)
    if (this.#lines.size > 1) return
    const [last] = this.#lines.values()
    this.#only = last
    if (last !== undefined) last.urgentAt = -1
    this.#lines.clear()
    this.#urgent.clear()
    this.#oldest.clear()
  }
}

/**
 * First in, first out, in an array whose head moves; the part before it is cut off now and then.
 */
class Line<T extends Queued> {
  readonly priority: number
  /** Where it stands among several lines; -1 while it is the only one. */
  urgentAt = -1
  oldestAt = -1
  headOrder = 0
  /** Places before the head are empty, so that taken items are not kept alive. */
  #items: (T | undefined)[] = []
  #head = 0
  /** Free places that were made before the head. */
  #room = 0
  #gaps = 0

  constructor(priority: number) {
    this.priority = priority
  }

  get head(): T | undefined {
    let item = this.#items[this.#head]
    while (item !== undefined && !item.waiting) {
      this.#items[this.#head] = undefined
      this.#head += 1
      this.#gaps -= 1
      item = this.#items[this.#head]
    }
    return item
  }

  push(item: T): void {
    this.#items.push(item)
  }

  /**
   * Costs as many steps as there are items before it. An item that is put back is among the oldest;
   * only nested calls are before it.
   */
  insert(item: T): void {
    if (this.#head === 0) this.#makeRoom()
    this.#head -= 1
    let at = this.#head
    for (let next = this.#items[at + 1]; next !== undefined && next.order < item.order; at += 1) {
      this.#items[at] = next
      next = this.#items[at + 2]
    }
    this.#items[at] = item
  }

  /**
   * Free places before the head, in proportion to the line, so that each insertion costs its share
   * of one copy.
   */
  #makeRoom(): void {
    this.#room = 16 + (this.#items.length >> 1)
    this.#head = this.#room
    this.#items = new Array<T | undefined>(this.#room).concat(this.#items)
  }

  shift(): T | undefined {
    const item = this.head
    if (item === undefined) return undefined
    this.#items[this.#head] = undefined
    this.#head += 1
    if (this.#head === this.#items.length || this.#head > this.#room + 32_768) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
      this.#room = 0
    }
    return item
  }

  /** One of the items has stopped waiting. */
  withdrawn(): void {
    this.#gaps += 1
    if (this.#gaps <= fewGaps || this.#gaps * 2 < this.#items.length - this.#head) return
    this.#items = this.#items.slice(this.#head).filter(item => item?.waiting)
    this.#head = 0
    this.#room = 0
    this.#gaps = 0
  }

  *[Symbol.iterator](): Generator<T> {
    for (let at = this.#head; at < this.#items.length; at += 1) {
      const item = this.#items[at]
      if (item?.waiting) yield item
    }
  }
}
