import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { machine } from '../pool/machine.ts'
import { spin } from './fixtures/tasks.ts'
import { threadDelayMs } from './thread-delay.ts'

const told = (() => {
  try {
    return readFileSync('/proc/thread-self/schedstat', 'utf8').length > 0
  } catch {
    return false
  }
})()

test('a thread that sleeps is not held up', async () => {
  const before = threadDelayMs()
  const begun = performance.now()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  assert.ok(threadDelayMs() - before < (performance.now() - begun) / 2)
})

test('a thread that shares its core with others is held up for a part of the time', {
  skip: !told,
}, async () => {
  const others = Array.from(
    { length: machine().cores * 2 },
    () => new Worker('require("node:worker_threads").parentPort.postMessage(1); for (;;);', { eval: true }),
  )
  try {
    await Promise.all(others.map(other => new Promise(resolve => other.once('message', resolve))))
    // With three threads to each core, it must wait sooner or later; how long it takes is the
    // scheduler's affair.
    const before = threadDelayMs()
    while (threadDelayMs() - before < 1) spin(20)
  } finally {
    await Promise.all(others.map(other => other.terminate()))
  }
})
