/** One seam: clock, timers, randomness and atomics are touched in src/runtime/ alone. */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { sourceFiles, withoutComments } from './source-tree.ts'

const forbidden =
  /\b(setTimeout|setInterval|setImmediate|clearTimeout|clearInterval|queueMicrotask|Atomics)\b|\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bMath\.random\b|\bprocess\.hrtime\b/g

/** The only other places, and why. */
const excepted: ReadonlyMap<string, string> = new Map([
  ['src/coroutines/blocked/watch-text.ts', 'the text of a thread of its own, which can import nothing'],
  ['src/worker/far/watchdog.ts', 'the text of a thread of its own, which can import nothing'],
  ['src/cli/occupied.ts', 'the text of a thread of its own, which can import nothing'],
  ['src/cli/ps/questions.ts', 'texts that run in another program'],
  ['src/cli/trace/elsewhere.ts', 'texts that run in another program'],
  [
    'src/testing/suite/conformance.ts',
    'a suite that waits for turns of the loop, from outside of the library',
  ],
  ['src/testing/suite/until.ts', 'a wait for states, outside of the library'],
  ['src/testing/suite/boundary-tasks.ts', 'tasks that wait for a turn of the loop'],
  ['src/testing/suite/stream-behaviours.ts', 'a suite that waits for turns of the loop'],
  ['src/testing/suite/conformance-tasks.ts', 'tasks that wait by the clock, to be waited for'],
  ['src/testing/suite/stream-tasks.ts', 'generators that wait by the clock, to be waited for'],
  ['src/testing/suite/ability-tasks.ts', 'tasks that wait by the clock, to be waited for'],
])

test('nothing outside of src/runtime touches time, chance or atomics', () => {
  const found = sourceFiles('src')
    .filter(
      ({ path }) =>
        !path.startsWith('src/runtime/') &&
        !path.includes('/fixtures/') &&
        !path.endsWith('.test.ts') &&
        !excepted.has(path),
    )
    .flatMap(({ path, text }) =>
      [...withoutComments(text).matchAll(forbidden)].map(([word]) => `${path}: ${word}`),
    )
  assert.deepEqual(found, [])
})

test('tests never sleep', () => {
  const sleeps = ['src', 'test', 'gallery']
    .flatMap(folder => sourceFiles(folder))
    .filter(
      ({ path, imports }) =>
        // Under a simulation nothing is waited for.
        path.endsWith('.test.ts') && !imports.includes('src/runtime/simulate.ts'),
    )
    .flatMap(({ path, text }) =>
      [...withoutComments(text).matchAll(/\bawait (sleep|setTimeout|later|delay)\(/g)].map(
        ([word]) => `${path}: ${word}`,
      ),
    )
  assert.deepEqual(sleeps, [])
})
