/**
 * What every executor must do, as one suite that runs on each.
 *
 * It needs no test runner: pass it the runner's `test`. So an executor that was written elsewhere
 * is held to the same behaviours. Those that come from CPython's test suite name the test
 * (Lib/test/test_concurrent_futures, PSF licence).
 */
import type { Executor } from '../../executor/executor.ts'
import { abilityBehaviours } from './ability-behaviours.ts'
import type { Behaviour, ConformanceSubject, StartOptions } from './behaviour.ts'
import { boundaryBehaviours } from './boundary-behaviours.ts'
import { callBehaviours } from './call-behaviours.ts'
import { channelBehaviours } from './channel-behaviours.ts'
import { closeBehaviours } from './close-behaviours.ts'
import { mapBehaviours } from './map-behaviours.ts'
import { nestedBehaviours } from './nested-behaviours.ts'
import { streamBehaviours } from './stream-behaviours.ts'

export type { ConformanceSubject } from './behaviour.ts'

type Test = (name: string, body: () => Promise<void>) => unknown

/**
 * Registers all conformance tests with `test`, each with an executor of its own, closed at its end.
 *
 * With `after`, the runner's too, behaviours that ask for so many workers and nothing else take an
 * executor that an earlier one has left with all its workers idle: less than half of the time where
 * workers are dear to start. `after` is given what closes those that are left.
 *
 * @example
 *     import { after, test } from 'node:test'
 *   executorConformance({ name: 'threads', start: options => threads(options), copies: true },
 *   test, after)
 */
export function executorConformance(
  subject: ConformanceSubject,
  test: Test,
  after?: (close: () => Promise<void>) => unknown,
): void {
  const { lends = true } = subject
  const shelf = new Shelf(subject, after !== undefined)
  for (const [sentence, body, alone] of [...behaviours, ...(lends ? channelBehaviours : [])]) {
    test(`${subject.name}: ${sentence}`, async () => {
      const taken: Taken[] = []
      try {
        await body(options => {
          const one = shelf.take(options, alone === undefined)
          taken.push(one)
          return one.executor
        }, subject)
      } finally {
        await Promise.all(taken.map(one => shelf.putBack(one)))
      }
    })
  }
  after?.(() => shelf.clear())
}

interface Taken {
  readonly executor: Executor
  /** How many workers it has, if another behaviour may have it then. */
  readonly workers: number | undefined
}

/** Executors that are started, of which nothing is known but their number of workers. */
class Shelf {
  readonly #subject: ConformanceSubject
  readonly #keeps: boolean
  #kept: Taken[] = []

  constructor(subject: ConformanceSubject, keeps: boolean) {
    this.#subject = subject
    this.#keeps = keeps
  }

  take(options: StartOptions, shared: boolean): Taken {
    const isPlain = shared && this.#keeps && Object.keys(options).length === 1
    const workers = isPlain ? options.workers : undefined
    const kept = this.#kept.find(one => one.workers === workers)
    if (kept === undefined) return { executor: this.#subject.start(options), workers }
    this.#kept = this.#kept.filter(one => one !== kept)
    return kept
  }

  /** Closes it, unless it is as good as new. */
  async putBack(one: Taken): Promise<void> {
    const { workers, queued } = one.executor.stats()
    if (one.workers !== undefined && queued === 0 && workers.idle === one.workers) this.#kept.push(one)
    else await one.executor.close({ graceMs: 0 })
  }

  async clear(): Promise<void> {
    await Promise.all(this.#kept.splice(0).map(({ executor }) => executor.close({ graceMs: 0 })))
  }
}

const behaviours: readonly Behaviour[] = [
  ...callBehaviours,
  ...nestedBehaviours,
  ...mapBehaviours,
  ...abilityBehaviours,
  ...boundaryBehaviours,
  ...streamBehaviours,
  ...closeBehaviours,
]
