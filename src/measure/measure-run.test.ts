import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { spin as spinHere } from './fixtures/tasks.ts'
import { measureRun } from './measure-run.ts'
import { treeCpuMs } from './process-tree.ts'

const linuxOnly = process.platform === 'linux' ? {} : { skip: 'needs /proc' }
const spin = 'const until = process.cpuUsage().user + 200_000; while (process.cpuUsage().user < until);'

test('a run gives its answer, and as much CPU as it used', async () => {
  const { answer, measure } = await measureRun(() => {
    spinHere(100)
    return 42
  })
  assert.equal(answer, 42)
  // Where Node does not tell a thread's CPU time, other threads' counts, and wall time may be a
  // part of it.
  assert.ok((measure.cpuMs ?? 0) >= 95 && measure.wallMs >= 30, JSON.stringify(measure))
})

test('the CPU of threads counts', async () => {
  const { measure } = await measureRun(async () => {
    await once(new Worker(spin, { eval: true }), 'exit')
  })
  assert.ok((measure.cpuMs ?? 0) >= 190, JSON.stringify(measure))
})

test(
  'the CPU of a worker process counts while it lives, and is not lost when it ends',
  linuxOnly,
  async () => {
    const child: ChildProcess = spawn(process.execPath, [
      '-e',
      `${spin} process.stdout.write('done'); process.stdin.resume()`,
    ])
    const pids = () => [child.pid as number]
    const before = treeCpuMs([])
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    const alive = treeCpuMs(pids())
    child.stdin?.end()
    await once(child, 'exit')
    const after = treeCpuMs(pids())
    assert.ok((alive ?? 0) - (before ?? 0) >= 180, `alive: ${alive} after ${before}`)
    assert.ok((after ?? 0) >= (alive ?? 0) - 20, `ended: ${after} after ${alive}`)
  },
)

test(
  'the CPU of a companion is told apart: it is neither the run’s nor a stranger’s',
  linuxOnly,
  async () => {
    const child: ChildProcess = spawn(process.execPath, [
      '-e',
      `${spin} process.stdout.write('done'); process.stdin.resume()`,
    ])
    const { measure } = await measureRun(
      () => once(child.stdout as NodeJS.ReadableStream, 'data'),
      () => [],
      () => [child.pid as number],
    )
    const { cpuMs = 0, companionsMs = 0, wallMs } = measure
    assert.ok(companionsMs >= 180, JSON.stringify(measure))
    assert.ok(cpuMs < wallMs / 2, JSON.stringify(measure))
    child.stdin?.end()
    await once(child, 'exit')
  },
)

test('peak memory counts what was given back before the end', linuxOnly, async () => {
  const bytes = 64 * 2 ** 20
  const { measure: small } = await measureRun(() => {})
  const { measure: large } = await measureRun(() => {
    Buffer.alloc(bytes, 1)
  })
  assert.ok(
    (large.peakBytes ?? 0) - (small.peakBytes ?? 0) > bytes / 2,
    `${large.peakBytes} after ${small.peakBytes}`,
  )
})

test('what the run throws is thrown', async () => {
  await assert.rejects(
    measureRun(() => {
      throw new RangeError('no')
    }),
    RangeError,
  )
})
