/** atonce as a subject: what threads and processes have in common. */

import { writeFileSync } from 'node:fs'
import { type Executor, type ExecutorStats, move, type Task } from '../../../src/index.ts'
import { compatibility } from '../../../src/runtime/copies.ts'
import type { Pool, PoolOptions, RunOptions } from '../subject.ts'

export interface AtonceOptions {
  workers: number
  graceMs: number
  startTimeoutMs?: number
  maxPayloadBytes?: number
  queueLimit?: number
  resourceLimits?: { maxOldGenerationSizeMb: number }
  maxCallsPerWorker?: number
  maxWorkerMiB?: number
  initialize?: Task<() => unknown>
}

/** The suite's options in atonce's words. */
export async function atonceOptions(options: PoolOptions): Promise<AtonceOptions> {
  const { workers = 1, graceMs = 100, startTimeoutMs, maxPayloadBytes, queueLimit, memoryMb } = options
  const { maxCallsPerWorker, maxWorkerMiB, module = 'faults', initialize } = options
  return {
    workers,
    graceMs,
    ...(startTimeoutMs === undefined ? {} : { startTimeoutMs }),
    ...(maxPayloadBytes === undefined ? {} : { maxPayloadBytes }),
    ...(queueLimit === undefined ? {} : { queueLimit }),
    ...(memoryMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memoryMb } }),
    ...(maxCallsPerWorker === undefined ? {} : { maxCallsPerWorker }),
    ...(maxWorkerMiB === undefined ? {} : { maxWorkerMiB }),
    ...(initialize === undefined
      ? {}
      : { initialize: (await tasksOf(module)).get(initialize) as Task<() => unknown> }),
  }
}

/**
 * A pool on an executor; the modules of its tasks are loaded beforehand, as a program's imports
 * are.
 */
export async function atoncePool(executor: Executor, options: PoolOptions): Promise<Pool> {
  const modules = new Map<string, Map<string, Task>>()
  for (const module of new Set(['faults', options.module ?? 'faults']))
    modules.set(module, await tasksOf(module))
  const find = (module: string, name: string): Task => modules.get(module)?.get(name) ?? forged(module, name)
  const withOptions = ({ signal, timeoutMs, retries, retryDelayMs, retryIf }: RunOptions): Executor =>
    executor.with({
      ...(signal && { signal }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(retries !== undefined && { retries }),
      ...(retryDelayMs !== undefined && { retryDelayMs }),
      ...(retryIf && { retryIf }),
    })
  return {
    async run(name, argument, runOptions: RunOptions = {}) {
      const { transfer, module = options.module ?? 'faults', plain } = runOptions
      const calls = withOptions(runOptions)
      if (transfer !== undefined) move(transfer)
      return calls.run(plain ? (argument as Task) : find(module, name), argument)
    },
    stream(name, argument, runOptions: RunOptions = {}) {
      const found = find(runOptions.module ?? options.module ?? 'faults', name)
      return withOptions(runOptions).stream(found as Task<(argument: unknown) => Generator>, argument)
    },
    room: signal => executor.room(signal === undefined ? {} : { signal }),
    close: graceMs => executor.close({ graceMs }),
    crashes: () => (executor.stats() as ExecutorStats).crashes,
  }
}

async function tasksOf(module: string): Promise<Map<string, Task>> {
  const url = module.startsWith('file:')
    ? wrapped(module)
    : new URL(`./tasks-of.ts?module=${module}`, import.meta.url).href
  const { tasks } = (await import(url)) as { tasks: Map<string, Task> }
  return tasks
}

/**
 * Writes, next to a module of plain functions that a row wrote, the module that makes tasks of
 * them.
 */
function wrapped(plain: string): string {
  const url = plain.replace(/\.mts$/, '.tasks.mts')
  const wrap = new URL('./wrap.ts', import.meta.url).href
  writeFileSync(
    new URL(url),
    `import * as plain from ${JSON.stringify(plain)}\nimport { wrap } from ${JSON.stringify(wrap)}\nexport const tasks = wrap(import.meta, plain)\n`,
  )
  return url
}

/**
 * What a hostile or broken program could pass for a task: the right mark, a name where the position
 * should be.
 */
function forged(module: string, name: string): Task {
  const fn = () => undefined
  Object.defineProperties(fn, {
    name: { value: name },
    module: { value: new URL(`./tasks-of.ts?module=${module}`, import.meta.url).href },
    position: { value: name },
    [Symbol.for(`atonce.task.${compatibility}`)]: { value: true },
  })
  return fn as unknown as Task
}
