/** Hand-written: one message for each call, at once, to the workers in turn. */
import { Worker } from 'node:worker_threads'
import type { Rival } from '../rival.ts'
import type { WorkName } from '../work.ts'

const rival: Rival = {
  start(size) {
    const waiting = new Map<number, (answer: unknown) => void>()
    const workers = Array.from({ length: size }, () => {
      const worker = new Worker(new URL('./raw-worker.js', import.meta.url))
      worker.on('message', ([id, answer]: [number, unknown]) => {
        waiting.get(id)?.(answer)
        waiting.delete(id)
      })
      return worker
    })
    let calls = 0
    const run = (name: WorkName, argument: unknown, moved?: ArrayBuffer): Promise<unknown> =>
      new Promise(resolve => {
        const id = calls++
        waiting.set(id, resolve)
        const worker = workers[id % size] as Worker
        if (moved) worker.postMessage([id, name, argument, true], [moved])
        else worker.postMessage([id, name, argument])
      })
    return {
      run: (name, argument) => run(name, argument),
      copy: array => run('bump', array) as Promise<Float64Array<ArrayBuffer>>,
      move: array => run('bump', array, array.buffer) as Promise<Float64Array<ArrayBuffer>>,
      share: array => run('bumpShared', array) as Promise<number>,
    }
  },
}
export default rival
