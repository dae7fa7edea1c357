/**
 * The tasks that make calls of their own, on the executor that runs them, and meet the faults
 * there.
 *
 * These are tasks, not plain functions: a task names another one by itself.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { threadId } from 'node:worker_threads'
import { currentExecutor } from '../../../src/executor/current-executor.ts'
import type { Executor } from '../../../src/executor/executor.ts'
import { task } from '../../../src/task/task.ts'
import * as faults from './faults.ts'

export const echo = task(import.meta, function echo(value: unknown): unknown {
  return faults.echo(value)
})
const exit = task(import.meta, function exit(code: number): never {
  return faults.exit(code)
})
const hold = task(import.meta, function hold(marker?: string): Promise<never> {
  return faults.hold(marker)
})
const killSelf = task(import.meta, function killSelf(signal: NodeJS.Signals): Promise<never> {
  return faults.killSelf(signal)
})
const sleepMarked = task(
  import.meta,
  function sleepMarked(argument: { marker: string; ms: number }): Promise<string> {
    return faults.sleepMarked(argument)
  },
)
const spin = task(import.meta, function spin(marker?: string): never {
  return faults.spin(marker)
})
const throwLater = task(import.meta, function throwLater(): Promise<never> {
  return faults.throwLater()
})

/** Which worker it is. */
export const here = task(import.meta, function here(_?: unknown): string {
  return `${process.pid}:${threadId}`
})

// The call that makes others fails, or is stopped.

/**
 * Exits while one that it made goes on for ever, on another worker or, if there is none, on its
 * own.
 */
export const exitsAboveHold = task(
  import.meta,
  async function exitsAboveHold(marker: string): Promise<never> {
    currentExecutor()
      .run(hold, marker)
      .catch(() => {})
    await written(marker)
    process.exit(3)
  },
)

export const killedAboveHold = task(
  import.meta,
  async function killedAboveHold(marker: string): Promise<never> {
    currentExecutor()
      .run(hold, marker)
      .catch(() => {})
    await written(marker)
    process.kill(process.pid, 'SIGKILL')
    return new Promise(() => {})
  },
)

export const throwsAboveHold = task(
  import.meta,
  async function throwsAboveHold(marker: string): Promise<never> {
    currentExecutor()
      .run(hold, marker)
      .catch(() => {})
    await written(marker)
    throw new RangeError('above it')
  },
)

export const awaitsHold = task(import.meta, function awaitsHold(marker: string): Promise<unknown> {
  return currentExecutor().run(hold, marker)
})

export const awaitsSpin = task(import.meta, function awaitsSpin(marker: string): Promise<unknown> {
  return currentExecutor().run(spin, marker)
})

/** Three calls deep, the last of which never ends. */
export const awaitsAwaitsHold = task(
  import.meta,
  function awaitsAwaitsHold(marker: string): Promise<unknown> {
    return currentExecutor().run(awaitsHold, marker)
  },
)

export const leavesHold = task(import.meta, function leavesHold(marker: string): string {
  currentExecutor()
    .run(hold, marker)
    .catch(() => {})
  return 'left'
})

// The call that was made fails.

export const awaitsExit = task(import.meta, function awaitsExit(code: number): Promise<unknown> {
  return currentExecutor().run(exit, code)
})

/** What ends another worker than its own, as the one that waits for it sees it. */
const endings: Record<string, (executor: Executor) => Promise<unknown>> = {
  exit: executor => executor.run(exit, 3),
  kill: executor => executor.run(killSelf, 'SIGKILL'),
  uncaught: executor => executor.run(throwLater),
}

export const seesNeighbourEnd = task(
  import.meta,
  async function seesNeighbourEnd(how: string): Promise<unknown> {
    const executor = currentExecutor()
    while ((await executor.run(here)) === here()); // A worker that is idle comes first; until then, its own helps.
    const seen = await endings[how]?.(executor).catch((error: unknown) => error)
    return [(seen as { code?: unknown }).code, await executor.run(echo, 'goes on')]
  },
)

export const sendsFunction = task(import.meta, function sendsFunction(_: unknown): Promise<unknown> {
  return currentExecutor().run(echo, { callback: () => {} })
})

// What can't be done from within.

const upTo = task(import.meta, function* upTo(count: number): Generator<number> {
  for (let n = 0; n < count; n += 1) yield n
})

export const streams = task(import.meta, async function streams(count: number): Promise<unknown> {
  return currentExecutor().stream(upTo, count).next()
})

export const closesItsOwn = task(import.meta, function closesItsOwn(_: unknown): Promise<void> {
  return currentExecutor().close()
})

export const repeatsUnmarked = task(import.meta, function repeatsUnmarked(_: unknown): Promise<unknown> {
  return currentExecutor().with({ retries: 1 }).run(echo, 1)
})

let kept: Executor | undefined

export const keepsExecutor = task(import.meta, function keepsExecutor(_: unknown): string {
  kept = currentExecutor()
  return 'kept'
})

export const usesKept = task(import.meta, async function usesKept(_: unknown): Promise<unknown> {
  return kept?.run(echo, 'after its end')
})

/** Makes a call once the pool is being closed, which the file tells. */
export const runsOnce = task(import.meta, async function runsOnce(path: string): Promise<unknown> {
  writeFileSync(`${path}.begun`, `${process.pid}\n`)
  await written(path)
  return currentExecutor().run(echo, 'within the grace')
})

// Many, and deep.

export const dive = task(import.meta, async function diveTo(depth: number): Promise<number> {
  return depth === 0 ? 0 : 1 + (await currentExecutor().run(dive, depth - 1))
})

export const diveToExit = task(import.meta, async function diveOn(depth: number): Promise<unknown> {
  return depth === 0 ? process.exit(3) : currentExecutor().run(diveToExit, depth - 1)
})

export const spread = task(import.meta, async function spread(count: number): Promise<number> {
  const { run } = currentExecutor()
  const echoes = await Promise.all(Array.from({ length: count }, (_, n) => run(echo, n)))
  return echoes.filter((echoed, n) => echoed === n).length
})

/** One call fails, and the others that were made with it are left. */
export const failsAmong = task(import.meta, async function failsAmong(marker: string): Promise<unknown> {
  const { run } = currentExecutor()
  return Promise.all([
    run(echo, 1).then(() => {
      throw new RangeError('one of three')
    }),
    run(hold),
    run(sleepMarked, { marker, ms: 60_000 }),
  ])
})

async function written(path: string): Promise<void> {
  while (!existsSync(path)) await new Promise(resolve => setTimeout(resolve, 2))
}
