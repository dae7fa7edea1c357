/** What a trial makes of items whose times are known: the clock moves by what they take. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sum } from '../measure/statistics.ts'
import { withRuntime } from '../runtime/runtime.ts'
import { VirtualRuntime } from '../runtime/virtual.ts'
import type { Block } from './block.ts'
import type { Profile } from './profile.ts'
import { runTrial } from './trial.ts'

/** Runs a trial of items that compute for so long, by their number. */
function profileOf(count: number, msOf: (at: number) => number): Promise<Profile | undefined> {
  const virtual = new VirtualRuntime()
  let at = 0
  const run = async (most: number): Promise<Block | undefined> => {
    const tookMs = Array.from({ length: Math.min(most, count - at) }, (_, nth) => msOf(at + nth))
    if (tookMs.length === 0) return undefined
    at += tookMs.length
    const wallMs = sum(tookMs)
    await virtual.advance(wallMs)
    const alone = wallMs / tookMs.length >= 0.05
    const computing = { wallMs, cpuMs: wallMs, processCpuMs: wallMs, returnsPromise: false }
    return { ...computing, values: tookMs, failures: undefined, itemsMs: alone ? tookMs : [], samples: [] }
  }
  const items = {
    total: count,
    get left() {
      return count - at
    },
    run,
  }
  return withRuntime(virtual, () => runTrial(items, { crosses: false }))
}

/** Of items that wait 20 ms, of which `limit` may wait at a time. */
function waitingProfileOf(
  count: number,
  limit: number,
  maxConcurrency?: number,
): Promise<Profile | undefined> {
  const virtual = new VirtualRuntime()
  let left = count
  const items = {
    total: 1_000,
    get left() {
      return left
    },
    run: async (most: number, together: boolean): Promise<Block | undefined> => {
      const length = Math.min(most, left)
      if (length === 0) return undefined
      left -= length
      const wallMs = 20 * Math.ceil(length / (together ? limit : 1))
      await virtual.advance(wallMs)
      const cpu = { cpuMs: 0.1 * length, processCpuMs: 0.1 * length, returnsPromise: true }
      const itemsMs = new Array<number>(length).fill(20)
      return { ...cpu, wallMs, itemsMs, values: itemsMs, failures: undefined, samples: [] }
    },
  }
  return withRuntime(virtual, () => runTrial(items, { crosses: false, maxConcurrency }))
}

const cold = (at: number) => (at < 20 ? 1 + 10 / (at + 1) : 1)

test('items that take long count, though they came while the code was cold', async () => {
  const msOf = (at: number) => (at % 25 === 3 ? 3 : 0.004 * cold(at))
  const profile = (await profileOf(400, msOf)) as Profile
  const trueMs = (3 + 24 * 0.004) / 25
  assert.ok(profile.wallMs > trueMs / 2 && profile.wallMs < trueMs * 2, `${profile.wallMs}, not ${trueMs}`)
  assert.ok(profile.longestOverMean > 10)
})

test('a first call that loads something does not stand for the others, however long it takes', async () => {
  const profile = (await profileOf(200, at => (at === 0 ? 400 : 0.1 * cold(at)))) as Profile
  assert.ok(profile.wallMs < 0.15, `${profile.wallMs}`)
  assert.ok(profile.trialMs < 400 + 20, `${profile.trialMs}`)
  assert.equal(profile.firstMs, 400)
})

test('cold calls of what is alike do not count', async () => {
  const profile = (await profileOf(1_000_000, at => 0.001 * cold(at / 20))) as Profile
  assert.ok(profile.wallMs < 0.00102, `${profile.wallMs}`)
})

test('one long pause while the code was cold is the machine’s, not an item’s', async () => {
  const profile = (await profileOf(1_000_000, at => (at === 45 ? 25 : 0.001 * cold(at / 20)))) as Profile
  assert.ok(profile.wallMs < 0.002, `${profile.wallMs}`)
})

test('a trial ends within 0.3 s, or 3 % of the run', async () => {
  for (const [count, ms] of [
    [2, 250],
    [10, 120],
    [30, 90],
    [1_000, 40],
  ] as const) {
    const { trialMs, items } = (await profileOf(count, () => ms)) as Profile
    assert.ok(trialMs <= Math.max(300, 0.03 * count * ms), `${count} × ${ms} ms: ${trialMs}`)
    assert.ok(items >= 1)
  }
})

test('a probe that ends for want of inputs says that more may gain more; one that met a limit does not', async () => {
  const mayGain = async (count: number, limit: number, most?: number) =>
    ((await waitingProfileOf(count, limit, most)) as Profile).mayGainMore
  assert.equal(await mayGain(8, 1_000), true)
  assert.equal(await mayGain(400, 1_000), false)
  assert.equal(await mayGain(60, 2), false)
  assert.equal(await mayGain(8, 1_000, 4), false)
})

test('what is drawn from blocks of many sizes has the mean of their items', async () => {
  const {
    samplesMs,
    itemsInSample = [],
    wallMs,
  } = (await profileOf(20_000, at => (at % 100 === 0 ? 0.5 : 0.002))) as Profile
  const items = sum([...itemsInSample])
  const mean = sum(samplesMs.map((ms, at) => ms * (itemsInSample[at] as number))) / items
  assert.equal(itemsInSample.length, samplesMs.length)
  assert.ok(Math.abs(mean / wallMs - 1) < 1e-6, `${mean}, ${wallMs}`)
})
