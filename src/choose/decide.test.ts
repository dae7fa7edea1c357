import assert from 'node:assert/strict'
import { test } from 'node:test'
import { vetoesOfAuto } from './auto-vetoes.ts'
import { assumedCalibration, type Calibration } from './calibration.ts'
import { nothingCrosses } from './crossing.ts'
import { decideAmong } from './decide.ts'
import { type Circumstances, isNativeWork, predict } from './predict.ts'
import type { ProbePoint, Profile } from './profile.ts'
import { cautionsFor, reasonsFor, sentenceOf } from './words.ts'

const calibration: Calibration = { ...assumedCalibration(), measured: true, speedUp: [1, 1.87, 2.7, 3.5] }

/** An item that computes for so long; all else as said. */
function profile(wallMs: number, more: Partial<Profile> = {}): Profile {
  return {
    items: 24,
    firstMs: 3 * wallMs,
    samplesMs: Array.from({ length: 20 }, (_, at) => wallMs * (0.97 + 0.003 * at)),
    wallMs,
    cpuMs: wallMs,
    processCpuMs: wallMs,
    warmUpMs: 0.2,
    returnsPromise: false,
    longestOverMean: 1.2,
    crossing: nothingCrosses,
    probe: [],
    foreignCores: 0,
    trialMs: 30,
    ...more,
  }
}

function point(concurrency: number, perItemMs: number, latencyMs: number, cpuMs: number): ProbePoint {
  return { concurrency, perItemMs, latencyMs, cpuMs, processCpuMs: cpuMs, items: concurrency }
}

function choice(one: Profile, items: number, more: Partial<Circumstances> = {}) {
  const circumstances = { items, workers: 2, cores: 2, calibration, vetoes: {}, ...more }
  const predictions = predict(one, circumstances)
  return { predictions, ...decideAmong(predictions, one) }
}

// The nine functions of a small experiment (November 2026, 2 cores), each with what was fastest
// when all were run.
test('tiny items stay in the loop: to hand them over costs more than they take', () => {
  const { chosen, confidence } = choice(profile(0.00025, { firstMs: 0.3 }), 40_000)
  assert.equal(chosen.way, 'plain loop')
  assert.equal(confidence, 'sure')
})

test('items that compute for some milliseconds go to threads', () => {
  assert.equal(choice(profile(2.1), 600).chosen.way, 'threads')
})

test('large buffers go to threads by moving, for to copy them takes as long as the work', () => {
  const crossing = { refused: undefined, hereMs: 5, thereMs: 5, bytes: 8 * 2 ** 20, bufferBytes: 8 * 2 ** 20 }
  const { chosen } = choice(profile(8.5, { crossing }), 400)
  assert.equal(chosen.way, 'threads, moving')
})

test('large objects stay here: to copy them takes many times the work', () => {
  const crossing = { refused: undefined, hereMs: 5, thereMs: 9, bytes: 900_000, bufferBytes: 0 }
  assert.equal(choice(profile(0.45, { crossing }), 240).chosen.way, 'plain loop')
})

test('what waits runs side by side on the loop', () => {
  const waiting = profile(10.3, {
    cpuMs: 0.24,
    returnsPromise: true,
    probe: [point(4, 2.6, 10.4, 0.06), point(16, 0.65, 10.4, 0.03), point(64, 0.17, 10.8, 0.014)],
  })
  const { chosen } = choice(waiting, 192)
  assert.deepEqual([chosen.way, chosen.concurrency], ['coroutines', 64])
})

test('what waits and computes runs side by side on several threads', () => {
  const mixed = profile(22, {
    cpuMs: 10,
    returnsPromise: true,
    probe: [point(4, 8.5, 33, 7.7), point(16, 7.9, 120, 7.5)],
  })
  assert.equal(choice(mixed, 960).chosen.way, 'threads × coroutines')
})

test('irregular items go to threads one by one', () => {
  const { chosen } = choice(profile(1.2, { longestOverMean: 9 }), 1_600)
  assert.deepEqual([chosen.way, chosen.chunk], ['threads', 1])
})

test('native work that uses libuv’s threads stays on the loop, and the lever is named', () => {
  const native = profile(4.6, {
    cpuMs: 0.1,
    processCpuMs: 4.4,
    returnsPromise: true,
    probe: [{ ...point(4, 2.4, 9, 0.06), processCpuMs: 4.4 }],
  })
  const decided = choice(native, 400)
  assert.equal(decided.chosen.way, 'coroutines')
  assert.match(cautionsFor(decided, native, true).join(' '), /UV_THREADPOOL_SIZE/)
  assert.match(reasonsFor(decided, decided.predictions, native, 2).join(' '), /libuv/)
})

test('where no more than four could be tried, no bound of four is advised, nor called sure', () => {
  const waits = profile(21, {
    cpuMs: 0.2,
    processCpuMs: 0.2,
    returnsPromise: true,
    probe: [point(4, 5.2, 20.8, 0.06)],
  })
  const [limited, open] = [choice(waits, 1_000), choice({ ...waits, mayGainMore: true }, 1_000)]
  assert.deepEqual([limited.chosen.concurrency, limited.confidence], [4, 'sure'])
  assert.deepEqual([open.chosen.way, open.chosen.concurrency, open.confidence], ['coroutines', 64, 'likely'])
  // What 64 at a time took, and what 4 at a time would take if more gained nothing.
  assert.ok(open.chosen.ms.low < 420 && open.chosen.ms.high > 4_500, JSON.stringify(open.chosen.ms))
  const words = cautionsFor(open, { ...waits, mayGainMore: true }, true).join()
  assert.match(words, /No more than 4 at a time could be tried, for want of inputs or time; 64 were not/)
  const allowed = choice({ ...waits, mayGainMore: true }, 1_000, { maxConcurrency: 8 })
  assert.equal(allowed.chosen.concurrency, 8)
})

test('timers and JavaScript are not called native, though V8 compiles on threads of its own', () => {
  // As seen of 5 ms of waiting and 3 ms of JavaScript, where five cold items were run one by one.
  const probe = [
    { ...point(4, 6.7, 26.6, 3), processCpuMs: 3.5 },
    { ...point(16, 5, 75.7, 3.3), processCpuMs: 3.4 },
  ]
  const mixed = profile(9.2, { cpuMs: 2, processCpuMs: 4.4, returnsPromise: true, probe })
  for (const nativeCpuMs of [undefined, 0.01]) {
    assert.equal(isNativeWork({ ...mixed, nativeCpuMs }), false)
    const decided = choice({ ...mixed, nativeCpuMs }, 1_000)
    const words = reasonsFor(decided, decided.predictions, { ...mixed, nativeCpuMs }, 2)
    assert.doesNotMatch([...words, ...cautionsFor(decided, mixed, true)].join(' '), /native|libuv|UV_/)
  }
  assert.equal(isNativeWork({ ...mixed, probe: [], nativeCpuMs: 4 }), true)
})

test('no reason says that threads add nothing where threads are the verdict', () => {
  const native = profile(4.6, { cpuMs: 0.1, processCpuMs: 4.4, nativeCpuMs: 4.3, returnsPromise: true })
  const predictions = predict(native, { items: 900, workers: 2, cores: 2, calibration, vetoes: {} })
  for (const chosen of predictions) {
    const decided = { chosen, confidence: 'sure', percent: 100, finalists: [] } as const
    const words = [
      ...reasonsFor(decided, predictions, native, 2),
      ...cautionsFor(decided, native, true),
    ].join()
    assert.equal(/native/.test(words), chosen.way === 'plain loop' || chosen.way === 'coroutines', words)
  }
})

test('three short items are not worth a worker’s start', () => {
  assert.equal(choice(profile(8), 3).chosen.way, 'plain loop')
})

test('what can’t be copied is never sent away, and the reason is told', () => {
  const crossing = { ...nothingCrosses, refused: 'args[0] is a function' }
  const decided = choice(profile(50, { crossing }), 1_000)
  assert.equal(decided.chosen.way, 'plain loop')
  for (const { way, vetoed, ms } of decided.predictions)
    if (way !== 'plain loop') assert.ok(vetoed?.includes('args[0]') && ms.median === Number.POSITIVE_INFINITY)
  assert.match(reasonsFor(decided, decided.predictions, profile(50), 2).join(' '), /args\[0\] is a function/)
})

test('others’ work makes a verdict weaker', () => {
  assert.equal(choice(profile(20), 1_000).confidence, 'sure')
  const { confidence, percent } = choice(profile(20, { foreignCores: 1 }), 1_000)
  assert.deepEqual([confidence, percent], ['likely', 94])
})

test('a machine that others keep busy is a reason to stay here, and told as one', () => {
  const busy = profile(20, { foreignCores: 2 })
  const decided = choice(busy, 1_000)
  assert.equal(decided.chosen.way, 'plain loop')
  const words = (one: Profile) => reasonsFor(decided, decided.predictions, one, 2).join(' ')
  assert.match(words(busy), /Others keep 2\.00 of 2 cores busy/)
  assert.doesNotMatch(words(profile(20)), /Others keep/)
})

test('a verdict near the edge is not called sure', () => {
  const confidences = [110, 130, 150, 165, 180, 195, 210, 240].map(
    items => choice(profile(2.1), items).confidence,
  )
  assert.ok(
    confidences.some(confidence => confidence !== 'sure'),
    confidences.join(),
  )
})

test('a server leaves its loop free though it gains nothing', () => {
  const one = profile(20)
  const predictions = predict(one, { items: 5, workers: 1, cores: 1, calibration, vetoes: {}, warm: true })
  assert.equal(decideAmong(predictions, one).chosen.way, 'plain loop')
  assert.equal(decideAmong(predictions, one, { keepLoopFree: true }).chosen.way, 'threads')
})

test('the same figures give the same choice, its interval holds its median, and words say it', () => {
  const [a, b] = [choice(profile(2.1), 600), choice(profile(2.1), 600)]
  assert.deepEqual(a, b)
  for (const { ms, vetoed } of a.predictions)
    if (vetoed === undefined) assert.ok(ms.low <= ms.median && ms.median <= ms.high)
  assert.match(
    sentenceOf(a, a.predictions),
    /^Use threads × 2: .* where a plain loop takes .* times as fast; sure/,
  )
})

test('auto() keeps calls that only wait on this loop, however late a busy machine ends them', () => {
  // As seen of calls that wait 5 ms, three at a time, while five programs computed on two cores.
  const late = profile(6.1, {
    cpuMs: 0.3,
    processCpuMs: 0.3,
    returnsPromise: true,
    probe: [point(2, 5.5, 9, 0.2)],
  })
  const all = { workers: 3, warm: true }
  assert.equal(choice(late, 20, all).chosen.way, 'threads')
  assert.equal(choice(late, 20, { ...all, vetoes: vetoesOfAuto(late) }).chosen.way, 'coroutines')
})

test('auto() never takes a plain loop for what waits, be it one last call: it runs side by side', () => {
  const waits = profile(198, {
    cpuMs: 0.3,
    processCpuMs: 0.3,
    returnsPromise: true,
    probe: [point(41, 24.9, 990, 0.2)],
  })
  const vetoes = vetoesOfAuto(waits)
  for (const items of [1, 2, 400]) assert.equal(choice(waits, items, { vetoes }).chosen.way, 'coroutines')
  assert.equal(vetoesOfAuto(profile(1))['plain loop'], undefined)
})

test('auto() gives threads what waits and keeps this thread busy, or holds it up', () => {
  for (const probe of [[], [point(8, 2, 16, 1.2)], [point(8, 40, 80, 4)]])
    assert.equal(vetoesOfAuto({ probe, returnsPromise: true }).threads, undefined)
})
