import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type Executor, task } from '../../index.ts'
import type { Row } from './comparison.ts'
import { askChooser, type ChooserNote, learntFrom } from './learnt.ts'
import type { Subject } from './subject.ts'

function row(
  model: Row['model'],
  [low, median, high]: readonly [number, number, number],
  coresBusy: number | undefined,
): Row {
  const speedUp = { low, median, high }
  const figures = { speedUp, coresBusy } as Row['figures']
  return { model, workers: 2, answer: { ok: true, shows: '42' }, failure: undefined, figures }
}

const loop = row('plain loop', [1, 1, 1], 1)
const note = (task: string, way: string, reasons: readonly string[]): ChooserNote => ({
  ...{ task, way, reasons, confidence: 'sure', changes: 0 },
})

test('the fastest model comes first, then who gains nothing and who loses, with the cores that they kept busy', () => {
  const rows = [
    loop,
    row('coroutines', [0.95, 0.99, 1], 1),
    row('processes', [0.4, 0.41, 0.42], undefined),
    row('threads', [1.8, 1.83, 1.9], 1.94),
  ]
  assert.equal(
    learntFrom(rows, []),
    'Threads are 1.83× as fast (1.9 cores busy); coroutines gain nothing (1.0 cores busy); processes lose (0.41×).',
  )
})

test('of who is neither shown to be faster nor not to be, nothing is said', () => {
  const unknown = row('processes', [0.8, 1.1, 1.4], 1.2)
  assert.equal(learntFrom([loop, unknown], []), undefined)
  assert.equal(
    learntFrom([loop, unknown, row('threads', [0.9, 0.95, 0.99], 1.1)], []),
    'Nothing beats the plain loop; threads gain nothing (1.1 cores busy).',
  )
})

test('a model that spends clearly more CPU time than another is said to', () => {
  const threads = row('threads', [1.6, 1.7, 1.8], 1.9)
  const price = /; processes spend 1\.3× the CPU time of threads\.$/
  assert.match(learntFrom([loop, threads, row('processes', [1.2, 1.3, 1.4], 1.9)], []) ?? '', price)
  assert.doesNotMatch(learntFrom([loop, threads, row('processes', [1.5, 1.6, 1.7], 1.9)], []) ?? '', price)
})

test('what auto() saw of the items follows: two tasks and three reasons at most, none while it tries', () => {
  const notes = [
    note('first', 'trial', ['none yet']),
    note('draw', 'threads × 2', ['One.', 'Two.', 'Three.', 'Four.']),
    note('sum', 'a plain loop', ['Five.']),
    note('more', 'a plain loop', ['Six.']),
  ]
  const threads = row('threads', [1.6, 1.7, 1.8], 1.9)
  assert.equal(
    learntFrom([loop, threads], notes),
    'Threads are 1.70× as fast (1.9 cores busy). auto() chose threads × 2 for draw (sure). One. Two. Three. auto() chose a plain loop for sum (sure). Five.',
  )
})

test('a choice that the measurement does not bear out is said to be none, without its reasons', () => {
  const rows = [loop, row('coroutines', [2.9, 3, 3.1], undefined), row('threads', [1.6, 1.7, 1.8], undefined)]
  const figures = 'Coroutines are 3.00× as fast, threads are 1.70× as fast.'
  for (const way of ['a plain loop', 'threads × 2'])
    assert.equal(
      learntFrom(rows, [note('talk', way, ['It must be so.'])]),
      `${figures} auto() took ${way} for talk, which is not the fastest here.`,
    )
  assert.match(
    learntFrom(rows, [note('talk', 'coroutines, 41 at a time', ['Why.'])]) ?? '',
    /\(sure\)\. Why\.$/,
  )
  const near = [loop, row('coroutines', [2.5, 3, 3.1], undefined), row('threads', [2.4, 2.6, 2.9], undefined)]
  assert.match(learntFrom(near, [note('talk', 'threads × 2', ['Why.'])]) ?? '', /\(sure\)\. Why\.$/)
  assert.match(learntFrom([loop], [note('talk', 'threads × 2', ['Why.'])]) ?? '', /not the fastest here\.$/)
})

const wait = task(import.meta, async function wait(ms: number): Promise<void> {
  await pause(ms)
})

test('the chooser is asked with the work itself; where it fails nothing is learnt from it', async () => {
  const subject = {
    prepareOn: (executor: Executor) => () => executor.map(wait, new Array(300).fill(20), { chunk: 1 }),
  } as unknown as Subject
  const [seen] = await askChooser(subject, 1)
  assert.equal(seen?.task, 'wait')
  assert.match(seen?.reasons.join(' ') ?? '', /is waiting|An item takes/)
  const failing = { prepareOn: () => () => Promise.reject(new Error('no')) } as unknown as Subject
  assert.deepEqual(await askChooser(failing, 1), [])
})
