/** What each worker of a pool did meanwhile: tasks that run on each of them before and after. */
import { urlOfCaller } from '../runtime/call-site.ts'
import { runtime } from '../runtime/runtime.ts'
import { task } from '../task/task.ts'
import { threadCpu } from './thread-cpu.ts'
import { threadDelayMs } from './thread-delay.ts'

const { PerformanceObserver, performance } = process.getBuiltinModule('node:perf_hooks')

/** Of one thread, in ms. */
export interface WorkerUse {
  /** Undefined where Node does not tell a thread's own (22). */
  readonly cpuMs: number | undefined
  /** Part of the CPU time: collecting garbage. */
  readonly gcMs: number
  /** Its event loop was not idle: it computed, waited for a core, or stood still within a call. */
  readonly activeMs: number
  /** It was ready to run, and others had the cores. */
  readonly delayMs: number
  readonly wallMs: number
}

/** Follows this thread from now on. */
export class UseWatch {
  #gcMs = 0
  readonly #collections = new PerformanceObserver(list => this.#count(list.getEntries()))
  readonly #cpu = threadCpu()
  readonly #turns = performance.eventLoopUtilization()
  readonly #delayMs = threadDelayMs()
  readonly #begunMs = runtime().now()

  constructor() {
    this.#collections.observe({ entryTypes: ['gc'] })
  }

  end(): WorkerUse {
    const { user, system } = threadCpu(this.#cpu)
    const told = 'threadCpuUsage' in process
    this.#count(this.#collections.takeRecords())
    this.#collections.disconnect()
    return {
      cpuMs: told ? (user + system) / 1_000 : undefined,
      gcMs: this.#gcMs,
      activeMs: performance.eventLoopUtilization(this.#turns).active,
      delayMs: threadDelayMs() - this.#delayMs,
      wallMs: runtime().now() - this.#begunMs,
    }
  }

  #count(entries: readonly { readonly duration: number }[]): void {
    for (const { duration } of entries) this.#gcMs += duration
  }
}

let watch: UseWatch | undefined

// Bundled to CommonJS, there is no import.meta.
const where = import.meta?.url ?? urlOfCaller(undefined)

export const beginUse = task(where, function beginUse(): void {
  watch = new UseWatch()
})

export const endUse = task(where, function endUse(): WorkerUse | undefined {
  const use = watch?.end()
  watch = undefined
  return use
})
