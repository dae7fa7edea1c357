/**
 * Hand-written: a queue, and one call in flight for each worker. What one writes for work of uneven
 * cost.
 */
import { Worker } from 'node:worker_threads'
import type { Rival } from '../rival.ts'

interface Call {
  readonly message: readonly [number, string, unknown]
  readonly resolve: (answer: unknown) => void
}

const rival: Rival = {
  start(size) {
    const queue: Call[] = []
    let head = 0
    const idle: Worker[] = []
    const running = new Map<Worker, Call>()

    const give = (worker: Worker): void => {
      const call = queue[head]
      if (call === undefined) {
        idle.push(worker)
        return
      }
      head += 1
      if (head === queue.length) {
        queue.length = 0
        head = 0
      }
      running.set(worker, call)
      worker.postMessage(call.message)
    }

    for (let made = 0; made < size; made += 1) {
      const worker = new Worker(new URL('./raw-worker.js', import.meta.url))
      worker.on('message', ([, answer]: [number, unknown]) => {
        const call = running.get(worker)
        give(worker)
        call?.resolve(answer)
      })
      idle.push(worker)
    }

    return {
      run: (name, argument) =>
        new Promise(resolve => {
          queue.push({ message: [0, name, argument], resolve })
          const worker = idle.shift()
          if (worker) give(worker)
        }),
    }
  },
}
export default rival
