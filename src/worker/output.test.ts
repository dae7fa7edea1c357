/** What a thread prints, where its streams are plain values of `process`. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'

test('a thread’s output goes by the connection, though process.stdout is a plain value, as in Bun', async () => {
  const module = new URL('./output.ts', import.meta.url).href
  const worker = new Worker(
    `
    const { parentPort } = require('node:worker_threads')
    for (const name of ['stdout', 'stderr'])
      Object.defineProperty(process, name, { value: process[name], writable: true, configurable: true })
    import(${JSON.stringify(module)}).then(({ ThreadOutput }) => {
      new ThreadOutput(new Int32Array(2), ({ to, parts }) => parentPort.postMessage([to, parts.join('')]))
      process.stdout.write('printed')
    })`,
    { eval: true },
  )
  const [printed] = await once(worker, 'message')
  assert.deepEqual(printed, ['stdout', 'printed'])
  await once(worker, 'exit')
})
