/**
 * What every executor must do, as one suite that runs on each.
 *
 * It needs no test runner: pass it the runner's `test`. So an executor that was written elsewhere
 * is held to the same behaviours. Those that come from CPython's test suite name the test
 * (Lib/test/test_concurrent_futures, PSF licence).
 */
import type { Executor } from '../../executor/executor.ts'
import { abilityBehaviours } from './ability-behaviours.ts'
import type { Behaviour, ConformanceSubject } from './behaviour.ts'
import { boundaryBehaviours } from './boundary-behaviours.ts'
import { callBehaviours } from './call-behaviours.ts'
import { channelBehaviours } from './channel-behaviours.ts'
import { closeBehaviours } from './close-behaviours.ts'
import { mapBehaviours } from './map-behaviours.ts'
import { streamBehaviours } from './stream-behaviours.ts'

export type { ConformanceSubject } from './behaviour.ts'

type Test = (name: string, body: () => Promise<void>) => unknown

/**
 * Registers all conformance tests with `test`, each with an executor of its own, closed at its end.
 *
 * @example
 *     import { test } from 'node:test'
 * executorConformance({ name: 'threads', start: options => threads(options), copies: true }, test)
 */
export function executorConformance(subject: ConformanceSubject, test: Test): void {
  const { lends = true } = subject
  for (const [sentence, body] of [...behaviours, ...(lends ? channelBehaviours : [])]) {
    test(`${subject.name}: ${sentence}`, async () => {
      const started: Executor[] = []
      const start: ConformanceSubject['start'] = options => {
        const executor = subject.start(options)
        started.push(executor)
        return executor
      }
      try {
        await body(start, subject)
      } finally {
        await Promise.all(started.map(executor => executor.close({ graceMs: 0 })))
      }
    })
  }
}

const behaviours: readonly Behaviour[] = [
  ...callBehaviours,
  ...mapBehaviours,
  ...abilityBehaviours,
  ...boundaryBehaviours,
  ...streamBehaviours,
  ...closeBehaviours,
]
