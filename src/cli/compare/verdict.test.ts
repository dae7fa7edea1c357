import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Comparison, Row } from './comparison.ts'
import { conditions } from './screen.ts'
import type { Subject } from './subject.ts'
import { verdictOf } from './verdict.ts'

const subject = {
  commandToRun: model => `run on ${model}`,
  commandToMeasure: runs => `measure ${runs} times`,
} as Subject

function row(
  model: Row['model'],
  [low, median, high]: [number, number, number],
  more: Partial<Row> = {},
): Row {
  const wallMs = { median: 1_000 / median, low: 1_000 / high, high: 1_000 / low }
  const figures = {
    wallMs,
    wallSamplesMs: [],
    cpuMs: undefined,
    coresBusy: undefined,
    foreignCores: undefined,
    peakBytes: undefined,
    speedUp: { median, low, high },
  }
  return { model, workers: 2, answer: { ok: true, shows: '42' }, failure: undefined, figures, ...more }
}

function judge(rows: Row[], more: Partial<Comparison> = {}) {
  const comparison = {
    rows: [row('plain loop', [1, 1, 1]), ...rows],
    rounds: 6,
    foreignCores: 0,
    companionCores: undefined,
    disturbed: false,
    ...more,
  }
  return verdictOf(subject, comparison)
}

test('a model is faster only when its interval excludes 1', () => {
  assert.equal(judge([row('threads', [1.01, 1.5, 2])]).kind, 'faster')
  assert.equal(judge([row('threads', [0.99, 1.5, 2])]).kind, 'undecided')
})

test('the fastest is named with its interval, and the next command runs it', () => {
  const { use, sentence, next } = judge([
    row('coroutines', [0.98, 1, 1.02]),
    row('threads', [1.7, 1.8, 1.9]),
    row('processes', [1.3, 1.4, 1.5]),
  ])
  assert.equal(use, 'threads')
  assert.equal(sentence, 'Threads are 1.80× [1.70–1.90] as fast as the plain loop; processes less (1.40×).')
  assert.equal(next, 'run on threads')
})

test('models whose intervals overlap are about the same', () => {
  assert.match(
    judge([row('threads', [1.7, 1.8, 1.9]), row('processes', [1.6, 1.75, 1.9])]).sentence,
    /; processes about the same \(1\.75×\)\.$/,
  )
})

test('the plain loop is kept when nothing beats it', () => {
  const { kind, use, sentence } = judge([row('coroutines', [0.95, 1, 1.05]), row('threads', [0.5, 0.6, 0.7])])
  assert.deepEqual([kind, use], ['not faster', 'plain loop'])
  assert.match(sentence, /^Keep the plain loop: nothing is faster \(the nearest, coroutines: 1\.00×/)
})

test('a noisy machine is named as the reason of doubt', () => {
  const { kind, sentence, next } = judge([row('threads', [0.5, 1.2, 2])], {
    disturbed: true,
    foreignCores: 0.7,
  })
  assert.equal(kind, 'undecided')
  assert.match(sentence, /Others kept 0\.70 cores busy/)
  assert.equal(next, 'measure 18 times')
})

test('where one model alone was disturbed, its figure is shown as the one that decides', () => {
  const disturbance = {
    disturbed: true,
    foreignCores: 0.1,
    disturbedModel: { model: 'threads', foreignCores: 0.31 },
  } as const
  const { sentence } = judge([row('threads', [0.5, 1.2, 2])], disturbance)
  assert.match(sentence, /Others kept 0\.31 cores busy in the runs on threads;/)
  const shown = conditions({ rows: [], rounds: 7, companionCores: undefined, ...disturbance })
  assert.equal(
    shown,
    '7 runs each, interleaved; noisy machine (others: 0.10 cores, 0.31 in the runs on threads)',
  )
})

test('a wrong answer is never called faster', () => {
  const { kind, sentence } = judge([
    row('threads', [3, 4, 5], { answer: { ok: false, shows: 'result 1 is 41' } }),
    row('processes', [1.3, 1.4, 1.5]),
  ])
  assert.equal(kind, 'wrong')
  assert.equal(
    sentence,
    'Threads gave a wrong answer: result 1 is 41. Processes are 1.40× [1.30–1.50] as fast as the plain loop.',
  )
})

test('models that fail alike share a sentence', () => {
  const failed = { failure: new TypeError('no'), figures: undefined, answer: undefined }
  const { kind, sentence } = judge([row('threads', [1, 1, 1], failed), row('processes', [1, 1, 1], failed)])
  assert.deepEqual([kind, sentence], ['wrong', 'Threads and processes failed: TypeError: no.'])
})

test('a machine that others keep busy does not prove that more cores are useless', () => {
  const { kind, use } = judge([row('threads', [0.5, 0.6, 0.7])], { disturbed: true, foreignCores: 1 })
  assert.deepEqual([kind, use], ['undecided', undefined])
})
