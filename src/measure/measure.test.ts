import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AtonceError, OptionError } from '../errors.ts'
import { processes } from '../processes/processes.ts'
import { withRuntime } from '../runtime/runtime.ts'
import { VirtualRuntime } from '../runtime/virtual.ts'
import { add, spin } from './fixtures/tasks.ts'
import { compare, measure } from './measure.ts'
import { measurementOf, spentOn } from './measurement.ts'
import { awaitQuiet } from './quiet.ts'
import { timeit } from './timeit.ts'

const few = { runs: 3, waitMs: 0 }

test('work that computes has about as much CPU time as it asked for, and keeps a core busy for it', async () => {
  const { cpuMs = 0, runs, wallMs, wallSamplesMs, loop } = await measure(() => spin(40), few)
  assert.equal(runs, 3)
  assert.equal(wallSamplesMs.length, 3)
  assert.ok(cpuMs >= 39, `${cpuMs}`)
  // CPU time counts the threads that compile and collect garbage too, which run beside it.
  assert.ok(wallMs.least >= 10 && wallMs.median <= wallMs.most, `${wallMs.least} to ${wallMs.most}`)
  assert.ok(loop.longestDelayMs > 10, 'the loop stood still, and a timer saw it')
})

test('the CPU time of worker processes counts for a task on their executor', async () => {
  await using pool = processes({ workers: 1 })
  const { name, cpuMs = 0 } = await measure({ task: spin, inputs: [120], on: pool }, few)
  assert.equal(name, 'spin')
  assert.ok(process.platform !== 'linux' || cpuMs >= 100, `${cpuMs}`)
})

test('sides of a comparison run in turns, and the first is the base', async () => {
  const order: string[] = []
  const note = (side: string, ms: number) => () => {
    order.push(side)
    spin(ms)
  }
  const { long, short } = await compare({ long: note('a', 40), short: note('b', 1) }, { runs: 6, waitMs: 0 })
  assert.equal(order.join(''), 'ababbaabbaabba')
  assert.deepEqual([long.verdict, short.verdict], ['the base', 'faster'])
  assert.ok(short.speedUp.low > 1)
})

test('two runs decide nothing', async () => {
  const { b } = await compare({ a: () => spin(20), b: () => spin(1) }, { runs: 2, waitMs: 0 })
  assert.equal(b.verdict, 'undecided')
})

test('what the work throws rejects, and a wrong option throws', async () => {
  const boom = new RangeError('boom')
  await assert.rejects(
    measure(() => {
      throw boom
    }, few),
    boom,
  )
  await assert.rejects(measure(undefined as never), OptionError)
  await assert.rejects(
    measure(() => 1, { run: 3 } as never),
    /runs/,
  )
  await assert.rejects(compare({}), OptionError)
})

test('the guard waits while others are busy, gives up when its time is over, and says which', async () => {
  const virtual = new VirtualRuntime()
  await withRuntime(virtual, async () => {
    const loads = [1.2, 0.9, 0.05]
    const look = async () => {
      await virtual.advance(250)
      return loads.shift() ?? 2
    }
    assert.deepEqual(await awaitQuiet(1_000, look), { foreignCores: 0.05, waitedMs: 750, quiet: true })
    assert.deepEqual(await awaitQuiet(500, look), { foreignCores: 2, waitedMs: 500, quiet: false })
  })
})

test('an outlier is counted, and stays among the samples', () => {
  const runs = [10, 10.1, 9.9, 10, 10.2, 50].map(wallMs => ({
    wallMs,
    cpuMs: wallMs,
    userMs: wallMs,
    systemMs: 0,
    foreignMs: 0,
    companionsMs: 0,
    peakBytes: 1,
  }))
  const quiet = { foreignCores: 0, waitedMs: 0, quiet: true }
  const loop = { gcMs: 0, longestDelayMs: 0, delayP99Ms: 0 }
  const measured = measurementOf({ name: 'x', firstMs: 1, runs, before: quiet, loop, cores: 2 })
  assert.deepEqual(measured.outliers, { mild: 0, severe: 1 })
  assert.equal(measured.wallMs.most, 50)
  assert.equal(measured.wallMs.p99, undefined)
})

test('words tell waiting from computing', () => {
  assert.match(spentOn({ coresBusy: 0.02 }), /mostly waiting.* 50 times/)
  assert.equal(spentOn({ coresBusy: 0.99 }), 'one core busy')
  assert.equal(spentOn({ coresBusy: 1.93 }), '1.9 cores busy')
})

test('one call is timed in blocks, however short it is', async () => {
  let calls = 0
  const { callMs, callsPerBlock, blocks } = await timeit(() => add(++calls, 1), { budgetMs: 30, waitMs: 0 })
  assert.ok(callsPerBlock > 100, `${callsPerBlock}`)
  assert.ok(calls >= callsPerBlock * blocks)
  assert.ok(callMs.low > 0 && callMs.median < 0.01)
})

test('a call that waits is awaited, and its first one told apart', async () => {
  let calls = 0
  const { callMs, firstMs } = await timeit(
    async () => {
      calls += 1
      await new Promise(resolve => setTimeout(resolve, calls === 1 ? 60 : 1))
    },
    { budgetMs: 30, waitMs: 0 },
  )
  assert.ok(firstMs >= 55 && callMs.least < firstMs)
})

test('a noisy machine is refused only if asked, with an error that has a code', async () => {
  const { NoisyMachineError } = await import('../errors.ts')
  const error = new NoisyMachineError(1.25, 0.15, 1_000)
  assert.ok(error instanceof AtonceError)
  assert.equal(error.code, 'ATONCE_NOISY_MACHINE')
  assert.match(error.message, /1\.25 cores/)
})
