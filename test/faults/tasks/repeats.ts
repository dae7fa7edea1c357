/**
 * The tasks that may run twice, and the one that may not; and those that tell which worker they ran
 * on.
 */
import { threadId } from 'node:worker_threads'
import { context } from '../../../src/task/context.ts'
import { task } from '../../../src/task/task.ts'
import * as faults from './faults.ts'

const twice = { idempotent: true } as const

export const echo = task(import.meta, function echo(value: unknown): unknown {
  return faults.echo(value)
})

/** What ends an attempt. */
const endings: Record<string, () => unknown> = {
  exit: () => process.exit(3),
  kill: () => faults.killSelf('SIGKILL'),
  memory: () => faults.fillMemoryInTurns(),
  uncaught: () => faults.throwLater(),
  throw: () => {
    throw new RangeError(`attempt ${context().attempt}`)
  },
  throwThenHold: () => endings[context().attempt === 1 ? 'throw' : 'hold']?.(),
  hold: () => faults.hold(),
  function: () => () => {},
}

/** Fails so until its attempt `works`, and gives that attempt's number then. */
export const failsUntil = task(
  import.meta,
  async function failsUntil({ works, how }: { works: number; how: string }): Promise<unknown> {
    const { attempt } = context()
    return attempt >= works ? attempt : endings[how]?.()
  },
  twice,
)

/** The same, and nobody has said that it may run twice. */
export const unmarked = task(import.meta, function unmarked(): number {
  return 1
})

// Workers that wear out.

export const here = task(import.meta, function here(): string {
  return `${process.pid}:${threadId}`
})

const hoard: Uint8Array[] = []

/** Keeps 32 MiB more, and takes as long as a worker's memory may not be looked at. */
export const grows = task(import.meta, async function grows(): Promise<string> {
  hoard.push(new Uint8Array(32 * 2 ** 20).fill(1))
  await faults.sleep(120)
  return here()
})

// How a worker begins.

let begun = 0

export const begins = task(import.meta, async function begins(): Promise<void> {
  await faults.sleep(1)
  begun += 1
})

export const hasBegun = task(import.meta, function hasBegun(): number {
  return begun
})

export const beginsThrowing = task(import.meta, function beginsThrowing(): never {
  throw new RangeError('no beginning')
})

export const beginsExiting = task(import.meta, function beginsExiting(): never {
  process.exit(6)
})

export const beginsUncaught = task(import.meta, function beginsUncaught(): Promise<never> {
  return faults.throwLater()
})

export const beginsForEver = task(import.meta, function beginsForEver(): Promise<never> {
  return faults.hold()
})

export const beginsSpinning = task(import.meta, function beginsSpinning(): never {
  return faults.spin()
})
