/** Hand-written: all calls of one turn of the loop travel together, one message for each worker. */
import { Worker } from 'node:worker_threads'
import type { Rival } from '../rival.ts'
import type { WorkName } from '../work.ts'

type Resolver = (answer: unknown) => void

const rival: Rival = {
  start(size) {
    const lanes = Array.from({ length: size }, startLane)
    let calls = 0
    return {
      run: (name, argument) => new Promise(resolve => lanes[calls++ % size]?.(name, argument, resolve)),
    }
  },
}
export default rival

/** One worker with what is to be sent to it at the end of this turn. */
function startLane(): (name: WorkName, argument: unknown, resolve: Resolver) => void {
  const worker = new Worker(new URL('./raw-batch-worker.js', import.meta.url))
  const sent: Resolver[][] = [] // Messages are answered in their order.
  let calls: [WorkName, unknown][] = []
  let resolvers: Resolver[] = []
  worker.on('message', (answers: unknown[]) => {
    const asked = sent.shift() ?? []
    for (let at = 0; at < answers.length; at += 1) asked[at]?.(answers[at])
  })
  const send = (): void => {
    sent.push(resolvers)
    worker.postMessage(calls)
    calls = []
    resolvers = []
  }
  return (name, argument, resolve) => {
    if (calls.length === 0) queueMicrotask(send)
    calls.push([name, argument])
    resolvers.push(resolve)
  }
}
