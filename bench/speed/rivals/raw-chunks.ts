/** Hand-written, for many inputs of one function: 32 slices for each worker, one in flight each. */
import { Worker } from 'node:worker_threads'
import type { Rival } from '../rival.ts'
import type { WorkName } from '../work.ts'

const rival: Rival = {
  start(size) {
    const workers = Array.from(
      { length: size },
      () => new Worker(new URL('./raw-batch-worker.js', import.meta.url)),
    )
    const callAll = (worker: Worker, calls: [WorkName, unknown][]): Promise<unknown[]> =>
      new Promise(resolve => {
        worker.once('message', resolve)
        worker.postMessage(calls)
      })
    return {
      run: async (name, argument) => (await callAll(workers[0] as Worker, [[name, argument]]))[0],
      async map(name, inputs) {
        const length = Math.max(1, Math.ceil(inputs.length / (size * 32)))
        const results: unknown[][] = new Array(Math.ceil(inputs.length / length))
        let next = 0
        await Promise.all(
          workers.map(async worker => {
            while (next < results.length) {
              const at = next++
              const slice = inputs.slice(at * length, (at + 1) * length)
              results[at] = await callAll(
                worker,
                slice.map(input => [name, input]),
              )
            }
          }),
        )
        return results.flat()
      },
    }
  },
}
export default rival
