/** Workers that are played in this thread, for programs of actors: they die by the crash alone. */
import { admitVariant } from '../../src/actors/variants.ts'
import type { Executor } from '../../src/index.ts'
import { type Runtime, runtime, withRuntime } from '../../src/runtime/runtime.ts'
import { type FuseRef, failingElsewhere, type Injection } from '../../src/testing/failing.ts'
import { Chance } from '../simulate/chance.ts'
import { noFaults } from '../simulate/fate.ts'
import { playedExecutor } from '../simulate/played-executor.ts'
import type { PlayedWorker, Scene } from '../simulate/played-worker.ts'
import { StageRuntime } from '../simulate/stage-runtime.ts'

/** How a failing class is made in a played worker. */
export const playedFailing = { module: import.meta.url, name: 'failing in a play' }

/** Of the stages that are open: several files may play at once. */
const open = new Set<PlayedStage>()

admitVariant(playedFailing.name, (declared, injection: Injection, fuse: FuseRef) =>
  failingElsewhere(declared, injection, fuse, () => {
    const here = runtime()
    for (const { workers } of open) workers.find(({ mortal }) => mortal === here)?.endsAs('killed')
  }),
)

export class PlayedStage implements Scene {
  readonly workers: PlayedWorker[] = []
  readonly trace: string[] = []
  readonly faults = noFaults
  readonly random: () => number
  readonly #model: 'threads' | 'processes'
  readonly #workers: number
  readonly #virtual: StageRuntime

  constructor(seed: number, model: 'threads' | 'processes', workers = 2) {
    this.random = new Chance(seed).random
    this.#virtual = new StageRuntime(seed)
    this.#model = model
    this.#workers = workers
  }

  get outside(): Runtime {
    return this.#virtual.outside
  }

  note(what: string): void {
    this.trace.push(`${String(this.#virtual.now()).padStart(6)} ms  ${what}`)
  }

  /** @throws what `body` throws, with the trace */
  async play<T>(body: (on: Executor) => Promise<T>): Promise<T> {
    open.add(this)
    try {
      return await this.#virtual.until(withRuntime(this.#virtual, () => this.#playOn(body)))
    } catch (error) {
      const { message } = error as Error
      throw new Error(`${message}\n\n${this.trace.join('\n')}`, { cause: error })
    } finally {
      open.delete(this)
    }
  }

  async #playOn<T>(body: (on: Executor) => Promise<T>): Promise<T> {
    const on = playedExecutor(this, this.#model, this.#workers)
    const result = await body(on)
    await on.close()
    return result
  }
}
