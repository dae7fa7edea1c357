/** The far side of the hand-written pools: one message, one call, one answer. */
import { parentPort } from 'node:worker_threads'
import { type WorkName, work } from '../work.ts'

const port = parentPort
if (port === null) throw new Error('raw-worker.ts runs as a worker thread.')
port.on('message', ([id, name, argument, back]: [number, WorkName, unknown, boolean?]) => {
  const answer = work[name](argument as never)
  port.postMessage([id, answer], back ? [(answer as Float64Array<ArrayBuffer>).buffer] : undefined)
})
