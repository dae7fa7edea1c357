/**
 * One state of the simulated machine, and the steps that lead on from it.
 *
 * The operations mean what ECMAScript says of them ("Atomics", "WaiterList Records"): each is one
 * step, all see one order, those who wait for a word are woken in the order in which they began to
 * wait.
 */
import { agentMask } from '../../runtime/agents.ts'
import type { Answer, Operation } from './recorder.ts'
import type { ThreadNode } from './thread-tree.ts'

/** Numbers the words that were touched; `initial` is what each held at the beginning. */
export class Cells {
  readonly initial: number[] = []
  readonly #numbers = new Map<ArrayBufferLike, Map<number, number>>()

  /** A copy of a memory, with all the words that were touched on the way to other states. */
  filled(memory: readonly number[]): number[] {
    const copy = [...memory]
    while (copy.length < this.initial.length) copy.push(this.initial[copy.length] as number)
    return copy
  }

  of(words: Int32Array, at: number): number {
    if (!(Number.isInteger(at) && at >= 0 && at < words.length))
      throw new RangeError(`Word ${at} of ${words.length}.`)
    let ofBuffer = this.#numbers.get(words.buffer)
    if (ofBuffer === undefined) {
      ofBuffer = new Map()
      this.#numbers.set(words.buffer, ofBuffer)
    }
    const word = words.byteOffset / 4 + at
    let cell = ofBuffer.get(word)
    if (cell === undefined) {
      cell = this.initial.length
      ofBuffer.set(word, cell)
      this.initial.push(words[at] as number)
    }
    return cell
  }
}

export type ThreadState = 'ready' | 'blocked' | 'done' | 'died' | 'gone'

export interface SimulatedThread {
  readonly node: ThreadNode
  readonly state: ThreadState
}

interface Waiter {
  readonly thread: number
  readonly cell: number
  /** Given up: a notification starts what passes it on. */
  readonly late: ThreadNode | undefined
}

/** One state. A step makes another one; none is ever changed. */
export class World {
  readonly memory: readonly number[]
  readonly threads: readonly SimulatedThread[]
  readonly waiters: readonly Waiter[]

  constructor(memory: readonly number[], threads: readonly SimulatedThread[], waiters: readonly Waiter[]) {
    this.memory = memory
    this.threads = threads
    this.waiters = waiters
  }

  /** All of it, exactly: two states are the same if this is. */
  get key(): string {
    let key = this.memory.join()
    for (const thread of this.threads) key += `;${keyOf(thread)}`
    for (const { thread, cell, late } of this.waiters)
      key += `|${thread},${cell}${late === undefined ? '' : `,${late.id}`}`
    return key
  }

  operationOf(thread: number): Operation | undefined {
    const { next } = (this.threads[thread] as SimulatedThread).node
    return next.kind === 'operation' ? next.operation : undefined
  }

  /** The thread does its next operation. */
  step(thread: number, cells: Cells): { readonly world: World; readonly answer: Answer | 'blocks' } {
    const operation = this.operationOf(thread) as Operation
    const cell = cells.of(operation.words, operation.at)
    const memory = cells.filled(this.memory)
    const held = memory[cell] as number
    const { kind, value, second } = operation
    if (kind === 'wait') {
      if (held !== value) return { world: this.#answered(memory, thread, 'not-equal'), answer: 'not-equal' }
      if (second <= 0) return { world: this.#answered(memory, thread, 'timed-out'), answer: 'timed-out' }
      const waiters = [...this.waiters, { thread, cell, late: undefined }]
      return { world: new World(memory, this.#with(thread, 'blocked'), waiters), answer: 'blocks' }
    }
    if (kind === 'notify') return this.#notify(memory, thread, cell, value)
    if (kind === 'store' || kind === 'exchange') memory[cell] = value | 0
    else if (kind === 'add') memory[cell] = (held + value) | 0
    else if (kind === 'and') memory[cell] = held & value
    else if (kind === 'or') memory[cell] = held | value
    else if (kind === 'compareExchange' && held === value) memory[cell] = second | 0
    const answer = kind === 'store' ? 0 : held
    return { world: this.#answered(memory, thread, answer), answer }
  }

  #notify(memory: number[], thread: number, cell: number, count: number) {
    const woken: Waiter[] = []
    const waiters = this.waiters.filter(waiter => {
      if (waiter.cell !== cell || woken.length >= count) return true
      woken.push(waiter)
      return false
    })
    const threads = [...this.threads]
    for (const waiter of woken) {
      if (waiter.late !== undefined) threads.push(settled(waiter.late))
      else threads[waiter.thread] = settled((threads[waiter.thread] as SimulatedThread).node.after('ok'))
    }
    threads[thread] = settled((threads[thread] as SimulatedThread).node.after(woken.length))
    return { world: new World(memory, threads, waiters), answer: woken.length }
  }

  /** The time of the thread's wait is over. */
  timeOut(thread: number): World {
    const waiters = this.waiters.filter(waiter => waiter.thread !== thread || waiter.late !== undefined)
    return new World(this.memory, this.#moved(thread, 'timed-out'), waiters)
  }

  /** The thread's wait is given up; its place among the waiters stays. */
  abort(thread: number): World {
    const { node } = this.threads[thread] as SimulatedThread
    const { passOn } = this.operationOf(thread) as Operation
    const late = node.late(passOn ?? (() => {}))
    const waiters = this.waiters.map(waiter =>
      waiter.thread === thread && waiter.late === undefined ? { ...waiter, late } : waiter,
    )
    return new World(this.memory, this.#moved(thread, 'aborted'), waiters)
  }

  /** The thread runs no further. Nobody is told yet. */
  die(thread: number): World {
    const waiters = this.waiters.filter(waiter => waiter.thread !== thread)
    return new World(this.memory, this.#with(thread, 'died'), waiters)
  }

  /** Its starter has seen it exit: its number is no longer alive. */
  noteDeath(thread: number, row: number, cells: Cells): World {
    const memory = cells.filled(this.memory)
    memory[row] = 0
    return new World(memory, this.#with(thread, 'gone'), this.waiters)
  }

  #answered(memory: readonly number[], thread: number, answer: Answer): World {
    return new World(memory, this.#moved(thread, answer), this.waiters)
  }

  #moved(thread: number, answer: Answer): SimulatedThread[] {
    const threads = [...this.threads]
    threads[thread] = settled((threads[thread] as SimulatedThread).node.after(answer))
    return threads
  }

  #with(thread: number, state: ThreadState): SimulatedThread[] {
    const threads = [...this.threads]
    threads[thread] = { ...(threads[thread] as SimulatedThread), state }
    return threads
  }
}

/** A thread that has come to a node: ready for its next operation, or done. */
export function settled(node: ThreadNode): SimulatedThread {
  let at = node
  while (at.next.kind === 'done' && at.following !== undefined) at = at.following
  return { node: at, state: at.next.kind === 'operation' ? 'ready' : 'done' }
}

/** How a thread that has ended has got there makes no difference; only what it has returned. */
function keyOf({ node, state }: SimulatedThread): string | number {
  if (state === 'ready') return node.id
  if (state === 'blocked') return -node.id
  if (state !== 'done' || node.next.kind !== 'done') return state
  return `d${String(node.next.value)}`
}

/** A value as a trace shows it: what it says of a lock's owner, rather than a large number. */
export function shown(value: number | string): string {
  if (typeof value === 'string' || Math.abs(value) < 512) return String(value)
  if (!Number.isFinite(value)) return '∞'
  const owner = value & agentMask
  const flags = (value >>> 28) & 15
  return `${owner >= 512 ? `thread ${owner & 511}` : owner}${flags === 0 ? '' : ` flags ${flags.toString(2)}`}`
}
