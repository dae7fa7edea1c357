/** workerpool; its two types of workers differ by an option. */
import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'
import type { Rival } from '../rival.ts'

const script = fileURLToPath(new URL('./workerpool-worker.js', import.meta.url))

export function openWorkerpool(workerType: 'thread' | 'process'): Rival {
  return {
    start(workers) {
      // Typed arrays do not survive the way to its processes in the default serialization, JSON.
      const pool = workerpool.pool(script, {
        workerType,
        minWorkers: workers,
        maxWorkers: workers,
        ...(workerType === 'process' ? { forkOpts: { serialization: 'advanced' } } : {}),
      })
      const run = (name: string, argument: unknown): Promise<any> =>
        pool.exec(name, [argument]) as unknown as Promise<any>
      return {
        run,
        copy: array => run('bump', array),
        move: array =>
          pool.exec('bumpMoved', [array], { transfer: [array.buffer] }) as unknown as Promise<
            Float64Array<ArrayBuffer>
          >,
        share: array => run('bumpShared', array),
      }
    },
  }
}
