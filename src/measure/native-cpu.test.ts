import assert from 'node:assert/strict'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { nativeCpuMs, sumOf } from './native-cpu.ts'

test('threads that compile, collect garbage or run JavaScript are none of native code’s', () => {
  const threads = [
    { name: 'MainThread', cpuMs: 900 },
    { name: 'V8Worker', cpuMs: 80 },
    { name: 'DelayedTaskSche', cpuMs: 3 },
    { name: 'WorkerThread', cpuMs: 70 },
    undefined,
    { name: 'libuv-worker', cpuMs: 5 },
    { name: 'vips', cpuMs: 2 },
  ]
  assert.equal(sumOf(threads), 7)
})

test('where threads have no names, nothing is known', () => {
  assert.equal(sumOf([{ name: 'node', cpuMs: 5 }]), undefined)
})

test('what libuv’s threads compress is seen, what this thread computes is not', async t => {
  const before = nativeCpuMs()
  if (before === undefined) return t.skip('this system, or Node, does not tell')
  for (let turn = 0, n = 1; turn < 3e6; turn += 1) n = (n * 31 + 7) % 1_000_003
  const computed = nativeCpuMs() as number
  await promisify(gzip)(Buffer.alloc(8e6, 'abcdefgh'))
  const compressed = nativeCpuMs() as number
  assert.ok(compressed - computed > computed - before, `${before}, ${computed}, ${compressed}`)
})
