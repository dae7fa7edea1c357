/** The tasks that the conformance suite runs; a module of its own, as workers must import it. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as later } from 'node:timers/promises'
import { currentExecutor } from '../../executor/current-executor.ts'
import { context } from '../../task/context.ts'
import { task } from '../../task/task.ts'
import { move } from '../../task/transfer.ts'

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

// ── tasks that run others on their own executor ──

/** Calls itself `depth` levels deep, each level waiting for the one below. */
export const dive = task(import.meta, async function diveTo(depth: number): Promise<number> {
  return depth === 0 ? 0 : 1 + (await currentExecutor().run(dive, depth - 1))
})

export const fibonacci = task(import.meta, async function fib(n: number): Promise<number> {
  if (n < 2) return n
  const { run } = currentExecutor()
  const [a, b] = await Promise.all([run(fibonacci, n - 1), run(fibonacci, n - 2)])
  return a + b
})

/** Squares on the same executor, in one map, and the same again a level deeper. */
export const sumOfSquares = task(
  import.meta,
  async function sumSquares(numbers: number[], levels: number): Promise<number> {
    const executor = currentExecutor()
    const squares = await executor.map(square, numbers)
    const below = levels === 0 ? 0 : await executor.run(sumOfSquares, numbers, levels - 1)
    return below + squares.reduce((sum, n) => sum + n, 0)
  },
)

/** What a nested call has thrown, as the call that made it sees it. */
export const catchOverdrawn = task(
  import.meta,
  async function catchOverdrawn(balance: number): Promise<string> {
    try {
      await currentExecutor().run(overdraw, balance)
    } catch (error) {
      const { code, balance: told, cause } = error as Overdrawn
      return `${error instanceof Overdrawn} ${code} ${told} ${(cause as Error).name}`
    }
    return 'nothing'
  },
)

export const passOn = task(import.meta, async function passOn(value: unknown): Promise<unknown> {
  return currentExecutor().run(echo, value)
})

/** Progress of a nested call, told on. */
export const tellOn = task(import.meta, async function tellOn(steps: number): Promise<void> {
  await currentExecutor().run(reportProgress, steps).onProgress(context().progress)
})

/** Leaves a call open when it returns, and one that would never end. */
export const leaveOpen = task(import.meta, async function leaveOpen(): Promise<string> {
  const { run } = currentExecutor()
  void run(untilAborted)
  const lost = run(untilAborted)
  lost.onProgress(() => {})
  return 'returned'
})

/** Waits for a nested call that only ends when it is cancelled; tells how that ended. */
export const untilNestedAborted = task(import.meta, async function untilNestedAborted(): Promise<string> {
  context().progress(1)
  return currentExecutor().run(untilAborted)
})

/** Cancels a nested call and goes on. */
export const cancelNested = task(import.meta, async function cancelNested(): Promise<string> {
  const { run, with: options } = currentExecutor()
  const future = run(untilAborted)
  future.cancel('enough')
  const nameOf = (error: unknown) => (error as Error).name
  const ending = await future.catch(nameOf)
  const late = await options({ timeoutMs: 5 }).run(untilAborted).catch(nameOf)
  return `${ending} ${late} ${await run(square, 3)}`
})

export const closeOwn = task(import.meta, async function closeOwn(): Promise<string> {
  const executor = currentExecutor()
  return executor
    .close()
    .then(String, error => `${(error as Error).name} ${executor.model} ${executor.workers}`)
})

/** Nested calls of a call that has ended are refused. */
export const runLate = task(import.meta, function runLate(): void {
  const executor = currentExecutor()
  void later(1).then(async () => {
    lateEnding = await executor.run(square, 2).then(String, error => (error as Error).name)
  })
})
let lateEnding = 'none'

export const lateEndingOf = task(import.meta, async function lateEndingOf(): Promise<string> {
  while (lateEnding === 'none') await later(1)
  return lateEnding
})
