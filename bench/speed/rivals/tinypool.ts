/** tinypool; its two runtimes differ by an option. */
import Tinypool from 'tinypool'
import type { Rival } from '../rival.ts'

const filename = new URL('../work.js', import.meta.url).href
const moving = new URL('./tinypool-moves.js', import.meta.url).href

export function tinypool(runtime: 'worker_threads' | 'child_process'): Rival {
  return {
    start(workers) {
      const pool = new Tinypool({
        runtime,
        filename,
        minThreads: workers,
        maxThreads: workers,
        serialization: 'advanced', // Of its processes: typed arrays do not survive the default, JSON.
      })
      return {
        run: (name, argument) => pool.run(argument, { name }),
        copy: array => pool.run(array, { name: 'bump' }),
        move: array => pool.run(array, { filename: moving, name: 'bumpMoved', transferList: [array.buffer] }),
        share: array => pool.run(array, { name: 'bumpShared' }),
      }
    },
  }
}
