/** The tasks that the conformance suite runs; a module of its own, as workers must import it. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as later } from 'node:timers/promises'
import { context } from '../task/context.ts'
import { task } from '../task/task.ts'
import { move } from '../task/transfer.ts'

/** An error of the user's own, with properties and a cause. */
export class Overdrawn extends Error {
  readonly code = 'OVERDRAWN'
  readonly balance: number

  constructor(balance: number, options?: ErrorOptions) {
    super(`balance would be ${balance}`, options)
    this.balance = balance
  }
}

export const add = task(import.meta, function add(a: number, b = 10): number {
  return a + b
})

export const addLater = task(import.meta, async function addLater(a: number, b: number): Promise<number> {
  await later(1)
  return a + b
})

export const square = task(import.meta, function square(n: number): number {
  return n * n
})

export const echo = task(import.meta, function echo(value: unknown): unknown {
  return value
})

/** Describes a value by what a copy could lose. */
export const inspectValue = task(
  import.meta,
  function inspectValue(value: { [key: string]: unknown }): string[] {
    return Object.entries(value).map(
      ([key, part]) => `${key}: ${Object.prototype.toString.call(part)} ${String(part)}`,
    )
  },
)

export const overdraw = task(import.meta, function overdraw(balance: number): never {
  throw new Overdrawn(balance, { cause: new RangeError('no credit') })
})

export const failTwice = task(import.meta, function failTwice(): never {
  throw new AggregateError([new Overdrawn(-1), new TypeError('second')], 'both failed')
})

export const throwValue = task(import.meta, function throwValue(kind: 'null' | 'text' | 'undefined'): never {
  throw { null: null, text: 'a text', undefined: undefined }[kind]
})

export const failOn = task(import.meta, function failOn(n: number, bad: number): number {
  if (n === bad) throw new Overdrawn(n)
  return n
})

/** Ends when its signal aborts, and says so by what it returns. */
export const untilAborted = task(import.meta, async function untilAborted(): Promise<string> {
  const { signal } = context()
  if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
  return 'stopped'
})

/** A wait that ignores its signal. */
export const wait = task(import.meta, async function wait(ms: number): Promise<number> {
  await later(ms)
  return ms
})

export const reportProgress = task(
  import.meta,
  async function reportProgress(steps: number): Promise<string> {
    const { progress, worker } = context()
    for (let step = 1; step <= steps; step += 1) progress.call(context(), step, steps)
    await later(1)
    return worker
  },
)

export const fill = task(
  import.meta,
  function fill(bytes: Uint8Array<ArrayBuffer>, value: number): Uint8Array {
    bytes.fill(value)
    return move(bytes)
  },
)

/** Counts how many of these run at the same moment in one place; the most that was seen. */
export const crowd = task(import.meta, async function crowd(ms: number): Promise<number> {
  inside += 1
  most = Math.max(most, inside)
  await later(ms)
  inside -= 1
  return most
})
let inside = 0
let most = 0

export const noted = task(import.meta, function noted(n: number): number[] {
  notes.push(n)
  return [...notes]
})
const notes: number[] = []

/** A function, which can't be copied, for one of its inputs. */
export const functionFor = task(import.meta, function functionFor(n: number, bad: number): unknown {
  return n === bad ? () => n : n
})

/** What a call before it has left in the asynchronous context; leaves something itself. */
export const enterContext = task(import.meta, function enterContext(n: number): unknown {
  const before = entered.getStore()
  entered.enterWith(n)
  return before
})
const entered = new AsyncLocalStorage<number>()
