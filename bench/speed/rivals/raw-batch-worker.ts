/** The far side of hand-written batching: many calls in a message, all their answers in one. */
import { parentPort } from 'node:worker_threads'
import { type WorkName, work } from '../work.ts'

const port = parentPort
if (port === null) throw new Error('raw-batch-worker.ts runs as a worker thread.')
port.on('message', (calls: readonly [WorkName, unknown][]) => {
  port.postMessage(calls.map(([name, argument]) => work[name](argument as never)))
})
